import COpenSSL

/// One thing that was wrong with a certificate chain.
public struct VerificationProblem: Sendable, Hashable, CustomStringConvertible {
    /// OpenSSL's X509_V_ERR_… number (10 expired, 18 self-signed, 20 issuer not found, 62 other name …).
    public let code: Int32
    /// Where in the chain: 0 is the peer's own certificate.
    public let depth: Int32
    /// The subject of the certificate that it is about.
    public let subject: String

    /// The problem in words, without the certificate.
    public var words: String {
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED: "the certificate has expired"
        case X509_V_ERR_CERT_NOT_YET_VALID: "the certificate is not valid yet"
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed and not in the trust store"
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: "the chain ends in a root that is not in the trust store"
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
            "the issuer's certificate was neither sent nor found in the trust store"
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: "only the certificate itself was sent and nothing proves it"
        case X509_V_ERR_HOSTNAME_MISMATCH: "the certificate is for other names"
        case X509_V_ERR_IP_ADDRESS_MISMATCH: "the certificate is not for this IP address"
        default: X509_verify_cert_error_string(Int(code)).map { String(cString: $0) } ?? "verification error \(code)"
        }
    }

    /// `the certificate has expired (10, CN=app.example.com)`.
    public var description: String {
        subject.isEmpty ? "\(words) (\(code))" : "\(words) (\(code), \(subject))"
    }

    /// Certain whatever the store holds comes first: dates, then names, then trust, then the rest.
    var rank: Int {
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED: 0
        case X509_V_ERR_CERT_NOT_YET_VALID: 1
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: 2
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: 3
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT: 3
        // Follows from the one above when checking goes on; says more only if it stands alone.
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: 4
        default: 5
        }
    }
}
