/// Why a TLS session failed: a stable kind to decide by, the evidence as data, and a sentence to show.
public struct TLSFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What happened, in a form that never changes its meaning.
    public let kind: Kind
    /// Observed, expected, and what to do.
    public let sentence: String
    /// Everything that checking the peer's certificate found wrong; the first one gave the kind.
    public let problems: [VerificationProblem]
    /// The alert that the peer sent (RFC 8446 §6), if it sent one.
    public let alertReceived: UInt8?
    /// The alert that we sent, if we sent one; it waits to be drained.
    public let alertSent: UInt8?
    /// OpenSSL's error queue, oldest entry first.
    public let entries: [OpenSSLError]

    public init(
        kind: Kind,
        sentence: String,
        problems: [VerificationProblem] = [],
        alertReceived: UInt8? = nil,
        alertSent: UInt8? = nil,
        entries: [OpenSSLError] = []
    ) {
        self.kind = kind
        self.sentence = sentence
        self.problems = problems
        self.alertReceived = alertReceived
        self.alertSent = alertSent
        self.entries = entries
    }

    /// OpenSSL's X509_V_ERR_… number if a certificate was at fault.
    public var verifyCode: Int32? { problems.first?.code }

    public var description: String { sentence }

    /// What can go wrong.
    public enum Kind: Sendable, Hashable {
        /// The peer's certificate, or one of its chain, is past its date.
        case certificateExpired
        /// It is not valid yet (or a clock is wrong).
        case certificateNotYetValid
        /// It is for other names: these.
        case certificateWrongName(names: [String])
        /// Nothing in the trust store vouches for it.
        case certificateNotTrusted(Distrust)
        /// The server wants a certificate of the client, and none was sent.
        case clientCertificateRequired
        /// The client sent a certificate, and the server doesn't accept it.
        case clientCertificateRejected
        /// One end speaks plain HTTP where the other speaks TLS.
        case plainHTTPOnTLSPort(PlainHTTP)
        /// The peer speaks something else; its first bytes.
        case notTLS(firstBytes: [UInt8])
        /// No TLS version that both ends accept.
        case protocolVersion
        /// No cipher suite, group or signature algorithm that both ends accept.
        case noSharedCipher
        /// The client speaks none of our application protocols; what it offered (empty if it was we who offered).
        case noSharedApplicationProtocol(offered: [String])
        /// The peer gave up with this alert (RFC 8446 §6).
        case alertReceived(UInt8)
        /// The transport ended without close_notify, or in the middle of the handshake.
        case truncated
        /// Anything else; the entries say what.
        case other

        /// The word for logs and metrics.
        public var name: String {
            switch self {
            case .certificateExpired: "certificate_expired"
            case .certificateNotYetValid: "certificate_not_yet_valid"
            case .certificateWrongName: "certificate_wrong_name"
            case .certificateNotTrusted: "certificate_not_trusted"
            case .clientCertificateRequired: "client_certificate_required"
            case .clientCertificateRejected: "client_certificate_rejected"
            case .plainHTTPOnTLSPort: "plain_http_on_tls_port"
            case .notTLS: "not_tls"
            case .protocolVersion: "protocol_version"
            case .noSharedCipher: "no_shared_cipher"
            case .noSharedApplicationProtocol: "no_shared_application_protocol"
            case .alertReceived: "alert_received"
            case .truncated: "truncated"
            case .other: "other"
            }
        }
    }

    /// Why a chain is not trusted.
    public enum Distrust: String, Sendable, Hashable {
        /// The certificate vouches for itself.
        case selfSigned = "self_signed"
        /// It names where its issuer's certificate lies, but the server did not send that one.
        case missingIntermediate = "missing_intermediate"
        /// Its issuer is not in the trust store.
        case unknownIssuer = "unknown_issuer"
    }

    /// What was seen in place of TLS.
    public enum PlainHTTP: String, Sendable, Hashable {
        /// We are the server: the client sent a request without TLS.
        case request
        /// We are the client: the server answers in plain HTTP.
        case response
    }
}
