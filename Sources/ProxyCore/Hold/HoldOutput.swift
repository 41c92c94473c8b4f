import Wire

/// What a held session's relay asks of the shell, gathered over one input. Reused: `clear` keeps the buffers.
package struct HoldOutput: Sendable {
    package var toClient: [UInt8] = []
    package var toBackend: [UInt8] = []
    /// The backend went away: how, and the ordinals that are unconfirmed for ever.
    package var lost: (loss: HoldLoss, unconfirmed: [ClosedRange<UInt64>])?
    /// Begin an attempt.
    package var connects = false
    /// Close the session with the end's code.
    package var gaveUp: HoldEnd?
    /// The client closed while there was no backend: answer with this code (1005: none), and the session is over.
    package var answersClose: UInt16?
    package var pausesClient = false
    package var resumesClient = false

    package init() {}

    package mutating func clear() {
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
