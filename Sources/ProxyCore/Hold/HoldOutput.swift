import Wire

/// What a held session's relay asks of the shell, gathered over one input. Reused: `clear` keeps the buffers.
public struct HoldOutput: Sendable {
    public var toClient: [UInt8] = []
    public var toBackend: [UInt8] = []
    /// The backend went away: how, and the ordinals that are unconfirmed for ever.
    public var lost: (loss: HoldLoss, unconfirmed: [ClosedRange<UInt64>])?
    /// Begin an attempt.
    public var connects = false
    /// Close the session with the end's code.
    public var gaveUp: HoldEnd?
    /// The client closed while there was no backend: answer with this code (1005: none), and the session is over.
    public var answersClose: UInt16?
    public var pausesClient = false
    public var resumesClient = false

    public init() {}

    public mutating func clear() {
        toClient.removeAll(keepingCapacity: true)
        toBackend.removeAll(keepingCapacity: true)
        lost = nil
        connects = false
        gaveUp = nil
        answersClose = nil
        pausesClient = false
        resumesClient = false
    }
}
