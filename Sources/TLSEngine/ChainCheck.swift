import COpenSSL

/// Checks the peer's certificate chain and collects *every* problem instead of stopping at the first.
///
/// OpenSSL's own check ends at the first error that its callback doesn't forgive. Here the callback notes the error
/// and lets the check go on; afterwards the chain counts as verified only if nothing at all was noted. So a
/// certificate that is both expired and for another name says both, and nothing that OpenSSL would refuse is let
/// through.
enum ChainCheck {
    /// For SSL_CTX_set_cert_verify_callback: 1 if the chain is good, else 0 with the weightiest error set.
    static let callback: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { store, _ in
        guard let store, let port = ChainCheck.port(of: store) else { return 0 }
        port.pointee.evidence.problems = []
        X509_STORE_CTX_set_verify_cb(store) { verified, store in
            if verified == 0, let store { ChainCheck.note(store) }
            return 1
        }
        let result = X509_verify_cert(store)
        if result != 1, port.pointee.evidence.problems.isEmpty { ChainCheck.note(store) }
        guard let weightiest = ChainCheck.sort(port) else { return 1 }
        if let own = X509_STORE_CTX_get0_cert(store) {
            port.pointee.evidence.certificate = Certificate.facts(of: own)
            port.pointee.evidence.certificateNamesIssuerAddress = Certificate.namesIssuerAddress(own)
        }
        X509_STORE_CTX_set_error(store, weightiest)
        return 0
    }

    private static func port(of store: OpaquePointer) -> UnsafeMutablePointer<CiphertextPort>? {
        let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx())
        return CiphertextPort.of(ssl: ssl.map { OpaquePointer($0) })
    }

    private static func note(_ store: OpaquePointer) {
        guard let port = port(of: store) else { return }
        let code = X509_STORE_CTX_get_error(store)
        let problem = VerificationProblem(
            code: code == X509_V_OK ? X509_V_ERR_UNSPECIFIED : code,
            depth: X509_STORE_CTX_get_error_depth(store),
            subject: X509_STORE_CTX_get_current_cert(store).map { Certificate.subject(of: $0) } ?? "")
        if !port.pointee.evidence.problems.contains(problem) { port.pointee.evidence.problems.append(problem) }
    }

    /// Puts the weightiest problem first and gives its code; nil if there is none.
    private static func sort(_ port: UnsafeMutablePointer<CiphertextPort>) -> Int32? {
        let sorted = port.pointee.evidence.problems.enumerated().sorted {
            ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset)
        }
        port.pointee.evidence.problems = sorted.map(\.element)
        return sorted.first?.element.code
    }
}
