import COpenSSL
import COpenSSLShim
import Glibc

extension TLSContext {
    /// How an upstream is spoken to.
    public struct ClientOptions: Sendable {
        /// PEM: trust these issuers, and only these. Nil means the system's store.
        public var ca: String?
        /// The name to ask for and to check, if it isn't the one in the URL.
        public var serverName: String?
        /// Whether the certificate must be good. Switching it off earns a notice.
        public var verifies: Bool
        /// How we show ourselves if the upstream asks.
        public var certificate: CertificateFiles?
        public var oldestVersion: OldestVersion
        /// Nil means the newest that there is.
        public var newestVersion: OldestVersion?
        public var keyLog: KeyLog?

        public init(
            ca: String? = nil,
            serverName: String? = nil,
            verifies: Bool = true,
            certificate: CertificateFiles? = nil,
            oldestVersion: OldestVersion = .tls12,
            newestVersion: OldestVersion? = nil,
            keyLog: KeyLog? = nil
        ) {
            self.ca = ca
            self.serverName = serverName
            self.verifies = verifies
            self.certificate = certificate
            self.oldestVersion = oldestVersion
            self.newestVersion = newestVersion
            self.keyLog = keyLog
        }
    }

    /// A context that connects with TLS, or what is wrong with its files.
    public static func client(_ options: ClientOptions = ClientOptions()) throws(TLSContextError) -> TLSContext {
        let issuers = if let ca = options.ca { try PEMFile(path: ca).certificates() } else { [Certificate]() }
        let identity = if let files = options.certificate { try TLSIdentity(files) } else { TLSIdentity?.none }
        let context = try makeBare(
            role: .client, oldest: options.oldestVersion, newest: options.newestVersion, keyLog: options.keyLog)
        var notices: [String] = []
        do throws(TLSContextError) {
            try identity?.install(in: context)
            guard ApplicationProtocol.installClient(in: context) else { throw refused("ALPN could not be set") }
            if issuers.isEmpty {
                guard SSL_CTX_set_default_verify_paths(context) == 1 else {
                    throw refused("the system's store could not be named")
                }
            } else {
                try trust(issuers, in: context)
            }
        } catch {
            SSL_CTX_free(context)
            throw error
        }
        if options.verifies {
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
            if issuers.isEmpty, let empty = emptySystemStore() { notices.append(empty) }
        } else {
            SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
            notices.append(
                "the upstream's certificate is not verified (verify: false): whoever can intercept the connection "
                    + "can read and change it; name the issuer's certificate as ca instead")
        }
        // Tells apart "no certificate asked for" from "asked for, and we had none" when the server gives up later.
        SSL_CTX_set_cert_cb(
            context,
            { ssl, _ in
                CiphertextPort.of(ssl: ssl)?.pointee.evidence.certificateRequested = true
                return 1
            }, nil)
        return TLSContext(
            role: .client,
            contexts: [context],
            base: context,
            keyLog: options.keyLog,
            serverName: options.serverName,
            verifies: options.verifies,
            trustStore: options.ca.map { "the file \($0)" } ?? "the system's store",
            ownSubject: identity.map { Certificate.subject(of: $0.certificate.x509) },
            notices: notices)
    }

    /// What to say if the system trusts nobody, as small container images do.
    private static func emptySystemStore() -> String? {
        func path(_ variable: UnsafePointer<CChar>?, _ fallback: UnsafePointer<CChar>?) -> String {
            if let variable, let value = getenv(variable) { return String(cString: value) }
            return fallback.map { String(cString: $0) } ?? ""
        }
        let file = path(X509_get_default_cert_file_env(), X509_get_default_cert_file())
        let directory = path(X509_get_default_cert_dir_env(), X509_get_default_cert_dir())
        if access(file, R_OK) == 0 { return nil }
        if let handle = opendir(directory) {
            defer { closedir(handle) }
            while let entry = readdir(handle) {
                if entry.pointee.d_name.0 != 0x2E { return nil }
            }
        }
        return
            "the system's certificate store is empty (\(file), \(directory)), so no upstream can be verified; "
            + "install ca-certificates, or name the issuer's certificate as ca"
    }
}
