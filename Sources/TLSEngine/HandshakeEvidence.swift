import Wire

/// What a handshake showed on its way, kept because OpenSSL's own error says too little afterwards.
///
/// The callbacks of the context write here (they run inside a call of the session), and the classifier reads here
/// when the handshake fails. `forget()` gives the memory back once the handshake is complete.
struct HandshakeEvidence {
    static let firstBytesKept = 16

    /// The first bytes that the peer ever sent, up to `firstBytesKept`: they tell HTTP and SSH from TLS.
    private(set) var firstBytes: [UInt8] = []
    /// The last alert that the peer sent, close_notify excepted.
    var alertReceived: UInt8?
    /// The last alert that we sent, close_notify excepted.
    var alertSent: UInt8?
    /// We are the client, and the server asked for a certificate.
    var certificateRequested = false
    /// We are the server, and the client offered these protocols.
    var protocolsOffered: [String] = []
    /// Everything that checking the peer's certificate found wrong, in the order in which it was found.
    var problems: [VerificationProblem] = []
    /// The peer's own certificate, if it was checked.
    var certificate: CertificateFacts?
    /// Whether that certificate says where its issuer's certificate can be had, as those of public issuers do.
    var certificateNamesIssuerAddress = false
    private var isOver = false

    /// Keeps the beginning of what the peer says; bytes beyond are of no interest.
    mutating func note(firstBytes bytes: UnsafeRawBufferPointer) {
        guard !isOver, firstBytes.count < HandshakeEvidence.firstBytesKept else { return }
        firstBytes.append(contentsOf: bytes.prefix(HandshakeEvidence.firstBytesKept - firstBytes.count))
    }

    /// Lets go of what only a failed handshake needs.
    mutating func forget() {
        isOver = true
        firstBytes = []
        protocolsOffered = []
        problems = []
        certificate = nil
    }
}
