import TLSEngine
import TestSupport
import Wire

/// One end of a connection in a test, with what it received and how it stands.
final class TLSPeer {
    var session: TLSSession
    var facts: TLSFacts?
    var failure: TLSFailure?
    var plaintext: [UInt8] = []
    var hasClosed = false
    /// The size of the buffer into which it decrypts.
    var room = 32 * 1024

    init(_ session: consuming TLSSession) {
        self.session = session
    }

    /// Feeds ciphertext and does all that follows from it.
    func receive(_ ciphertext: [UInt8]) {
        ciphertext.withUnsafeBytes { bytes in
            var rest = bytes
            step(&rest)
        }
    }

    private func step(_ rest: inout UnsafeRawBufferPointer) {
        if facts == nil {
            switch session.handshake(&rest) {
            case .inProgress: return
            case .complete(let facts): self.facts = facts
            case .failed(let failure):
                self.failure = failure
                return
            }
        }
        var buffer = [UInt8](repeating: 0, count: room)
        while failure == nil, !hasClosed {
            let result = buffer.withUnsafeMutableBytes { session.decrypt(&rest, into: $0) }
            switch result {
            case .plaintext(let count): plaintext += buffer[..<count]
            case .needMore: return
            case .closeNotify: hasClosed = true
            case .failed(let failure): self.failure = failure
            }
        }
    }

    func closeNotify() { session.closeNotify() }

    func transportEnded() -> TLSFailure? { session.transportEnded() }

    /// What `session` says, copied out because the macros of Testing can't look into a noncopyable value.
    var resumption: TLSResumption? { session.resumption }
    var pendingCiphertext: Int { session.pendingCiphertext }

    /// Takes what waits to be sent.
    func send() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: session.pendingCiphertext)
        let count = buffer.withUnsafeMutableBytes { session.drain(into: $0) }
        return Array(buffer[..<count])
    }

    /// Encrypts everything, through a buffer of `room` bytes, and gives what is to be sent.
    func encrypt(_ bytes: [UInt8], room: Int = 20_000) -> [UInt8] {
        var ciphertext: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: room)
        bytes.withUnsafeBytes { whole in
            var rest = whole
            repeat {
                switch buffer.withUnsafeMutableBytes({ session.encrypt(rest, into: $0) }) {
                case .ciphertext(let produced, let taken):
                    ciphertext += buffer[..<produced]
                    rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
                    if produced == 0, taken == 0 { return }
                case .failed(let failure):
                    self.failure = failure
                    return
                }
            } while !rest.isEmpty
        }
        return ciphertext
    }
}

/// A client and a server, connected through memory.
final class TLSPair {
    let client: TLSPeer
    let server: TLSPeer

    init(client: consuming TLSSession, server: consuming TLSSession) {
        self.client = TLSPeer(client)
        self.server = TLSPeer(server)
    }

    convenience init(
        _ client: TLSContext, _ server: TLSContext, name: String = "app.test", resuming: TLSResumption? = nil
    ) throws {
        try self.init(
            client: TLSSession(client: client, serverName: name, resuming: resuming), server: TLSSession(server: server)
        )
    }

    /// Carries bytes both ways, cut by `chunking`, until neither end has anything to say.
    func settle(_ chunking: Chunking = .whole) {
        client.receive([])
        while true {
            let toServer = client.send()
            for piece in chunking.pieces(of: toServer) { server.receive(Array(piece)) }
            let toClient = server.send()
            for piece in chunking.pieces(of: toClient) { client.receive(Array(piece)) }
            if toServer.isEmpty, toClient.isEmpty, client.session.pendingCiphertext == 0 { return }
        }
    }
}
