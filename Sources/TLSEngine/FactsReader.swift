import COpenSSL
import Wire

/// Reads what a handshake agreed on out of OpenSSL's session.
struct FactsReader {
    let ssl: OpaquePointer
    let context: TLSContext
    let evidence: HandshakeEvidence

    var facts: TLSFacts {
        let peer = peerCertificate
        let code = SSL_get_verify_result(ssl)
        let isChecked = context.role == .client || context.verifies
        let verified = peer != nil && isChecked && code == X509_V_OK
        return TLSFacts(
            version: String(cString: SSL_get_version(ssl)),
            cipher: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) } ?? "none",
            applicationProtocol: applicationProtocol,
            serverName: VisibleText.of(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)),
            resumed: SSL_session_reused(ssl) == 1,
            peer: peer,
            verification: peer == nil ? "no certificate" : verified ? "verified" : problems(code),
            verified: verified,
            clientCertificateSubject: context.role == .server
                ? peer?.subject : evidence.certificateRequested ? context.ownSubject : nil)
    }

    private func problems(_ code: Int) -> String {
        if !evidence.problems.isEmpty { return evidence.problems.map(\.description).joined(separator: "; ") }
        // A resumed session remembers the code alone.
        return VerificationProblem(code: Int32(clamping: code), depth: 0, subject: "").description
    }

    private var peerCertificate: CertificateFacts? {
        // For us to free: a reference of our own.
        guard let x509 = SSL_get1_peer_certificate(ssl) else { return nil }
        return Certificate(owning: x509).facts
    }

    private var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        guard let name, count > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }
}
