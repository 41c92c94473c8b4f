import COpenSSL
import COpenSSLShim
import Wire

/// A certificate with its chain and its private key, checked against each other before anybody serves with it.
struct TLSIdentity {
    let certificate: Certificate
    /// The certificates that lead from `certificate` towards a root, in that order.
    let chain: [Certificate]
    let key: PrivateKey
    /// Where it was read from, for errors.
    let path: String

    /// Reads and checks the two files (which may be one and the same).
    ///
    /// - Parameter allowsInvalidDates: serve with a certificate that is out of date, as a test or a demonstration
    ///   of that very fault wants it.
    init(_ files: CertificateFiles, allowsInvalidDates: Bool = false) throws(TLSContextError) {
        let certificates = try PEMFile(path: files.certificate).certificates()
        key = try PEMFile(path: files.key).privateKey()
        path = files.certificate
        // PEMFile never hands out an empty list.
        guard let own = certificates.first else {
            throw TLSContextError(.noCertificate, path: path, "the file holds no certificate")
        }
        certificate = own
        chain = Array(certificates.dropFirst())
        try checkKey(keyPath: files.key)
        if !allowsInvalidDates { try checkDates() }
    }

    /// Gives the identity to an OpenSSL context.
    func install(in context: OpaquePointer) throws(TLSContextError) {
        OpenSSLError.clear()
        var accepted =
            SSL_CTX_use_certificate(context, certificate.x509) == 1 && SSL_CTX_use_PrivateKey(context, key.key) == 1
        for link in chain where accepted {
            accepted = copensslshim_add1_chain_cert(context, link.x509) == 1
        }
        guard !accepted else { return }
        let reasons = OpenSSLError.drain().map(\.text).joined(separator: ", ")
        throw TLSContextError(
            .refused, path: path,
            "OpenSSL refuses the certificate or its key (\(reasons)); have it issued anew with ECDSA P-256 or RSA of "
                + "at least 2048 bits, and SHA-256")
    }

    private func checkKey(keyPath: String) throws(TLSContextError) {
        if key.belongs(to: certificate) { return }
        let subject = Certificate.subject(of: certificate.x509)
        if let index = chain.firstIndex(where: { key.belongs(to: $0) }) {
            throw TLSContextError(
                .chainOrder, path: path,
                "the first certificate of the file is \(subject), but the key belongs to certificate \(index + 2); "
                    + "put the server's own certificate first and its issuers after it")
        }
        throw TLSContextError(
            .keyMismatch, path: keyPath,
            "the key does not belong to the certificate \(subject) in \(path); name the key that the certificate was "
                + "issued for")
    }

    private func checkDates() throws(TLSContextError) {
        let facts = certificate.facts
        // X509_cmp_current_time: negative if the point lies in the past.
        if X509_cmp_current_time(X509_get0_notAfter(certificate.x509)) < 0 {
            throw TLSContextError(
                .expired, path: path,
                "the certificate \(facts.subject) expired on \(facts.notAfter.calendarText); renew it, and check the "
                    + "job that renews it")
        }
        if X509_cmp_current_time(X509_get0_notBefore(certificate.x509)) > 0 {
            throw TLSContextError(
                .notYetValid, path: path,
                "the certificate \(facts.subject) is valid only from \(facts.notBefore.calendarText) on; wait, or "
                    + "check this machine's clock")
        }
    }
}

/// Where a certificate and its private key lie.
public struct CertificateFiles: Sendable, Hashable {
    /// PEM: the own certificate first, then its issuers.
    public var certificate: String
    /// PEM: the private key, without a passphrase. May be the same file.
    public var key: String
    /// The host names to serve it for; empty means those that the certificate itself names.
    public var names: [String]

    public init(certificate: String, key: String, names: [String] = []) {
        self.certificate = certificate
        self.key = key
        self.names = names
    }
}
