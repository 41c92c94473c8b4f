import TLSEngine

/// The TLS session of one replayed session: plaintext on this side, ciphertext on the loop's.
final class ReplaySecurity {
    private var session: TLSSession
    private(set) var isOpen = false

    /// What received bytes came to.
    enum Step {
        /// The handshake is done; what follows is plaintext.
        case opened
        case plaintext([UInt8])
        /// The server has finished sending.
        case finished
        case failed(String)
    }

    init(_ context: TLSContext, serverName: String) throws(TLSFailure) {
        session = try TLSSession(client: context, serverName: serverName)
    }

    /// The first flight.
    func begin() -> [UInt8] {
        var nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        _ = session.handshake(&nothing)
        return pending()
    }

    /// Takes bytes of the connection: what they come to, in order, and then what is to be sent.
    func received(_ bytes: UnsafeRawBufferPointer) -> (steps: [Step], answer: [UInt8]) {
        var steps: [Step] = []
        var rest = bytes
        if !isOpen {
            switch session.handshake(&rest) {
            case .inProgress: return ([], pending())
            case .failed(let failure): return ([.failed(failure.sentence)], pending())
            case .complete:
                isOpen = true
                steps.append(.opened)
            }
        }
        var room = [UInt8](repeating: 0, count: TLSSession.largestRecord)
        while true {
            let result = room.withUnsafeMutableBytes { session.decrypt(&rest, into: $0) }
            switch result {
            case .plaintext(let count):
                steps.append(.plaintext(Array(room[..<count])))
                continue
            case .needMore: break
            case .closeNotify: steps.append(.finished)
            case .failed(let failure): steps.append(.failed(failure.sentence))
            }
            return (steps, pending())
        }
    }

    /// The records of a message.
    func encrypt(_ bytes: [UInt8]) -> [UInt8] {
        guard isOpen else { return [] }
        var result: [UInt8] = []
        var offset = 0
        var room = [UInt8](repeating: 0, count: TLSSession.room(for: min(bytes.count, 64 << 10)) + session.pendingCiphertext)
        while offset < bytes.count {
            let step = bytes.withUnsafeBytes { source in
                room.withUnsafeMutableBytes { session.encrypt(UnsafeRawBufferPointer(rebasing: source[offset...]), into: $0) }
            }
            guard case .ciphertext(let produced, let taken) = step, produced > 0 else { return result }
            result += room[..<produced]
            offset += taken
        }
        return result
    }

    /// The last word, so that the server knows that nothing was cut.
    func close() -> [UInt8] {
        session.closeNotify()
        return pending()
    }

    private func pending() -> [UInt8] {
        let count = session.pendingCiphertext
        guard count > 0 else { return [] }
        var room = [UInt8](repeating: 0, count: count)
        let drained = room.withUnsafeMutableBytes { session.drain(into: $0) }
        return Array(room[..<drained])
    }
}
