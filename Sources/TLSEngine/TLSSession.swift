import COpenSSL
import COpenSSLShim
public import Wire

/// One TLS connection, driven through memory: ciphertext in and out, plaintext in and out, no socket.
///
/// Theory of operation. The owner of the socket hands over what it received as a slice that the session advances
/// (`inout`): what the session didn't take is not copied anywhere and stays the owner's, so back-pressure reaches the
/// socket by itself. First `handshake` until it is complete; then `decrypt` and `encrypt`. What the session wants to
/// send of its own accord (handshake flights, tickets, alerts, answers to key updates, close_notify) waits as pending
/// ciphertext: after *every* call, whatever it answered, look at `pendingCiphertext` and send what `drain` gives.
/// `encrypt` puts pending ciphertext first, so order holds. After `.failed` the session answers nothing but that
/// failure; its alert still waits to be drained.
///
///     received bytes ──► handshake / decrypt ──► plaintext
///     plaintext ──► encrypt ──► bytes to send      drain ──► bytes to send
///
/// Confined to one loop for life. Any cut of the incoming bytes gives the same result.
public struct TLSSession: ~Copyable {
    private let context: TLSContext
    /// Open to the tests, which make it misbehave.
    let ssl: OpaquePointer
    private let port: UnsafeMutablePointer<CiphertextPort>
    /// Clients: the name that the certificate is checked for.
    private let serverName: String?
    private var failure: TLSFailure?

    /// Whether the handshake is complete and the session has not failed.
    public private(set) var isOpen = false

    /// Whether we are the client, the server asked for a certificate, and there was none to send.
    ///
    /// With TLS 1.3 the handshake is complete before the server has said what it thinks of that; some close without a word.
    public var owesCertificate: Bool {
        context.role == .client && port.pointee.evidence.certificateRequested && context.ownSubject == nil
    }

    /// The answer of `handshake`.
    public enum HandshakeResult {
        /// All ciphertext was taken; more is needed.
        case inProgress
        /// Done; what is left of the ciphertext is for `decrypt`.
        case complete(TLSFacts)
        case failed(TLSFailure)
    }

    /// The answer of `decrypt`.
    public enum DecryptResult {
        /// So many bytes of plaintext were written, at least one. Call again: only `.needMore` means that nothing is
        /// left.
        case plaintext(Int)
        /// All ciphertext was taken and nothing more can come of it.
        case needMore
        /// The peer has finished sending, as it should (close_notify). We may still send.
        case closeNotify
        case failed(TLSFailure)
    }

    /// The answer of `encrypt`.
    public enum EncryptResult {
        /// So many bytes of ciphertext were written, for so many bytes of plaintext. Neither, if the room is too
        /// small for anything (see `room(for:)`).
        case ciphertext(produced: Int, taken: Int)
        case failed(TLSFailure)
    }

    /// The server's end of a connection that was accepted.
    public init(server context: TLSContext) throws(TLSFailure) {
        precondition(context.role == .server, "TLSSession: a client's context can't serve")
        let (ssl, port) = try TLSSession.make(context) { ssl in
            SSL_set_accept_state(ssl)
            return true
        }
        self.init(context: context, ssl: ssl, port: port, serverName: nil)
    }

    /// The client's end of a connection to `serverName` (a host name or an IP address, with or without brackets).
    ///
    /// - Parameter resuming: what an earlier session to the same server left, see `resumption`.
    public init(
        client context: TLSContext, serverName: String, resuming earlier: TLSResumption? = nil
    ) throws(TLSFailure) {
        precondition(context.role == .client, "TLSSession: a server's context can't connect")
        let name = context.serverName ?? serverName
        let (ssl, port) = try TLSSession.make(context) { ssl in
            SSL_set_connect_state(ssl)
            earlier?.offer(to: ssl, context: context, serverName: name)
            return ServerNameCheck.install(name, in: ssl)
        }
        self.init(context: context, ssl: ssl, port: port, serverName: name)
    }

    private init(
        context: TLSContext, ssl: OpaquePointer, port: UnsafeMutablePointer<CiphertextPort>, serverName: String?
    ) {
        self.context = context
        self.ssl = ssl
        self.port = port
        self.serverName = serverName
    }

    /// OpenSSL's session and its port, or the failure with both freed.
    private static func make(
        _ context: TLSContext, prepare: (OpaquePointer) -> Bool
    ) throws(TLSFailure) -> (OpaquePointer, UnsafeMutablePointer<CiphertextPort>) {
        OpenSSLError.clear()
        let port = UnsafeMutablePointer<CiphertextPort>.allocate(capacity: 1)
        port.initialize(to: CiphertextPort())
        let ssl = SSL_new(context.base)
        var sentence = "OpenSSL could not make a session; is memory exhausted?"
        if let ssl, let bio = CiphertextPort.makeBIO(port) {
            // The session owns the one reference for both ways.
            SSL_set_bio(ssl, bio, bio)
            if prepare(ssl) { return (ssl, port) }
            sentence =
                "The server's name can be neither asked for nor checked; a host name of at most 253 visible "
                + "characters or an IP address is expected: set server_name"
        }
        SSL_free(ssl)
        port.deinitialize(count: 1)
        port.deallocate()
        throw TLSFailure(kind: .other, sentence: sentence, entries: OpenSSLError.drain())
    }

    deinit {
        SSL_free(ssl)
        port.deinitialize(count: 1)
        port.deallocate()
    }

    /// Goes on with the handshake as far as `ciphertext` allows. A client calls it once with nothing in order to
    /// begin.
    ///
    /// Once complete, it answers `.complete` again without reading.
    public mutating func handshake(_ ciphertext: inout UnsafeRawBufferPointer) -> HandshakeResult {
        if let failure { return .failed(failure) }
        if isOpen { return .complete(facts) }
        OpenSSLError.clear()
        port.pointee.lend(input: ciphertext)
        let result = SSL_do_handshake(ssl)
        take(port.pointee.reclaimInput(), of: &ciphertext)
        if port.pointee.overflowed { return .failed(fail()) }
        if result == 1 {
            isOpen = true
            let facts = facts
            port.pointee.evidence.forget()
            return .complete(facts)
        }
        return SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ ? .inProgress : .failed(fail())
    }

    /// Turns ciphertext into plaintext until `room` is full or nothing is left.
    ///
    /// - Parameters:
    ///   - ciphertext: what was received, advanced by what was taken. Must not overlap `room`.
    ///   - room: where the plaintext goes; at least one byte.
    public mutating func decrypt(
        _ ciphertext: inout UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) -> DecryptResult {
        if let failure { return .failed(failure) }
        precondition(isOpen, "TLSSession: decrypt before the handshake is complete")
        precondition(room.count > 0, "TLSSession: decrypt into no room")
        OpenSSLError.clear()
        port.pointee.lend(input: ciphertext)
        var produced = 0
        var last: Int32 = 1
        while produced < room.count {
            var count = 0
            last = SSL_read_ex(ssl, room.baseAddress.map { $0 + produced }, room.count - produced, &count)
            guard last == 1 else { break }
            produced += count
        }
        take(port.pointee.reclaimInput(), of: &ciphertext)
        if last == 1 { return .plaintext(produced) }
        let result: DecryptResult
        switch SSL_get_error(ssl, last) {
        case SSL_ERROR_WANT_READ where !port.pointee.overflowed: result = .needMore
        case SSL_ERROR_ZERO_RETURN: result = .closeNotify
        default: result = .failed(fail())
        }
        // The plaintext before the end is delivered first; the next call tells the end again.
        return produced > 0 ? .plaintext(produced) : result
    }

    /// Turns plaintext into records until `room` is full or nothing is left. What was pending goes first.
    public mutating func encrypt(
        _ plaintext: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) -> EncryptResult {
        if let failure { return .failed(failure) }
        precondition(isOpen, "TLSSession: encrypt before the handshake is complete")
        OpenSSLError.clear()
        port.pointee.lend(output: room)
        var taken = 0
        var hasFailed = false
        while taken < plaintext.count {
            let fitting = min(
                plaintext.count - taken, TLSSession.largestRecord, port.pointee.outputRoom - TLSSession.overhead)
            guard fitting > 0 else { break }
            var count = 0
            guard SSL_write_ex(ssl, plaintext.baseAddress.map { $0 + taken }, fitting, &count) == 1 else {
                hasFailed = true
                break
            }
            taken += count
        }
        let produced = port.pointee.reclaimOutput()
        guard hasFailed else { return .ciphertext(produced: produced, taken: taken) }
        let failure = fail()
        return produced > 0 ? .ciphertext(produced: produced, taken: taken) : .failed(failure)
    }

    /// How much room `encrypt` needs in order to take `count` bytes at once when nothing is pending.
    public static func room(for count: Int) -> Int {
        count + (count / largestRecord + 1) * overhead
    }

    /// The most plaintext in one record (RFC 8446 §5.1).
    public static let largestRecord = 16_384
    /// More than any cipher suite adds to a record: header 5, nonce 16, padding 16, authentication 48.
    private static let overhead = 96

    /// How many bytes wait to be sent.
    public var pendingCiphertext: Int { port.pointee.pendingCount }

    /// Moves pending ciphertext into `room` and says how much.
    public mutating func drain(into room: UnsafeMutableRawBufferPointer) -> Int {
        port.pointee.drain(into: room)
    }

    /// Finishes sending: the close_notify then waits to be drained, and `encrypt` must not be called any more.
    ///
    /// Before the end of the handshake, and after a failure, there is nothing to say and nothing happens.
    public mutating func closeNotify() {
        guard isOpen, failure == nil, SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN == 0 else { return }
        OpenSSLError.clear()
        // 0 means "sent, the peer's not yet seen", which is what a half-closed session is.
        if SSL_shutdown(ssl) < 0 { OpenSSLError.clear() }
    }

    /// Whether the peer has finished sending with a close_notify.
    public var hasReceivedCloseNotify: Bool { SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 }

    /// The transport ended (FIN or RST). Nil if the peer had said so with close_notify; else the end may be an
    /// attacker's.
    ///
    /// Decrypt what was received before the end first.
    public mutating func transportEnded() -> TLSFailure? {
        if let failure { return failure }
        if isOpen, hasReceivedCloseNotify { return nil }
        return fail(truncated: true)
    }

    /// What a client may keep to resume this session; nil if the server gave nothing to resume. Ask late: TLS 1.3
    /// servers send it after the handshake, before or among the first data.
    public var resumption: TLSResumption? {
        guard isOpen, let session = SSL_get1_session(ssl) else { return nil }
        let kept = TLSResumption(owning: session, context: context, serverName: serverName)
        return SSL_SESSION_is_resumable(session) == 1 ? kept : nil
    }

    /// What the handshake agreed on, as far as it went.
    public var facts: TLSFacts {
        FactsReader(ssl: ssl, context: context, evidence: port.pointee.evidence).facts
    }

    /// The first bytes that the peer sent, as long as the handshake is not complete: evidence for what it speaks.
    public var firstBytes: [UInt8] { port.pointee.evidence.firstBytes }

    private func take(_ count: Int, of ciphertext: inout UnsafeRawBufferPointer) {
        ciphertext = UnsafeRawBufferPointer(rebasing: ciphertext[count...])
    }

    private mutating func fail(truncated: Bool = false) -> TLSFailure {
        let reason = FailureReason(
            role: context.role,
            serverName: serverName,
            trustStore: context.trustStore,
            hasOwnCertificate: context.ownSubject != nil,
            duringHandshake: !isOpen,
            truncated: truncated || SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0,
            overflowed: port.pointee.overflowed,
            evidence: port.pointee.evidence,
            entries: OpenSSLError.drain())
        let failure = reason.failure
        self.failure = failure
        isOpen = false
        return failure
    }
}
