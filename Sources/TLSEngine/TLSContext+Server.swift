import COpenSSL
import COpenSSLShim
import Wire

extension TLSContext {
    /// What a listener serves with.
    public struct ServerOptions: Sendable {
        /// At least one; the first serves whoever asks for no name, or for a name that none of them has.
        public var certificates: [CertificateFiles]
        /// Whether clients are asked for a certificate of their own.
        public var clientCertificate: ClientCertificate
        /// PEM: the issuers of client certificates. Needed if they are asked for.
        public var clientCA: String?
        public var oldestVersion: OldestVersion
        /// Nil means the newest that there is.
        public var newestVersion: OldestVersion?
        /// Serve with a certificate that is out of date instead of refusing to.
        public var allowsInvalidDates: Bool
        public var keyLog: KeyLog?

        public init(
            certificates: [CertificateFiles],
            clientCertificate: ClientCertificate = .ignored,
            clientCA: String? = nil,
            oldestVersion: OldestVersion = .tls12,
            newestVersion: OldestVersion? = nil,
            allowsInvalidDates: Bool = false,
            keyLog: KeyLog? = nil
        ) {
            self.certificates = certificates
            self.clientCertificate = clientCertificate
            self.clientCA = clientCA
            self.oldestVersion = oldestVersion
            self.newestVersion = newestVersion
            self.allowsInvalidDates = allowsInvalidDates
            self.keyLog = keyLog
        }
    }

    /// What a server wants to know of its clients.
    public enum ClientCertificate: String, Sendable, Hashable {
        /// Not asked for.
        case ignored
        /// Asked for, and checked if one is sent.
        case optional
        /// Without a good one the handshake fails.
        case required
    }

    /// A context that terminates TLS, or what is wrong with its files.
    public static func server(_ options: ServerOptions) throws(TLSContextError) -> TLSContext {
        guard !options.certificates.isEmpty else {
            throw TLSContextError(.noCertificate, "a listener with TLS needs a certificate and its key; none is named")
        }
        let issuers = try clientIssuers(options)
        let names = ServerNameTable()
        var contexts: [OpaquePointer] = []
        do throws(TLSContextError) {
            for files in options.certificates {
                let identity = try TLSIdentity(files, allowsInvalidDates: options.allowsInvalidDates)
                let context = try makeBare(
                    role: .server, oldest: options.oldestVersion, newest: options.newestVersion, keyLog: options.keyLog)
                contexts.append(context)
                try identity.install(in: context)
                try configure(context, options: options, issuers: issuers)
                let own = files.names.isEmpty ? identity.certificate.facts.names : files.names
                names.add(own, serving: context)
            }
        } catch {
            for context in contexts { SSL_CTX_free(context) }
            throw error
        }
        names.install(in: contexts[0])
        return TLSContext(
            role: .server,
            contexts: contexts,
            base: contexts[0],
            names: names,
            keyLog: options.keyLog,
            verifies: options.clientCertificate != .ignored,
            trustStore: options.clientCA.map { "the file \($0)" } ?? "nothing")
    }

    private static func clientIssuers(_ options: ServerOptions) throws(TLSContextError) -> [Certificate] {
        guard options.clientCertificate != .ignored else { return [] }
        guard let path = options.clientCA else {
            throw TLSContextError(
                .noCertificate,
                "client certificates are \(options.clientCertificate.rawValue), but no client_ca says who issues them")
        }
        return try PEMFile(path: path).certificates()
    }

    private static func configure(_ context: OpaquePointer, options: ServerOptions, issuers: [Certificate])
        throws(TLSContextError)
    {
        // Forward secrecy and authenticated encryption only; what lacks both has been out of use for a decade.
        guard SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 else {
            throw refused("the cipher suites could not be set")
        }
        SSL_CTX_set_options(
            context, copensslshim_op_cipher_server_preference() | copensslshim_op_prioritize_chacha())
        ApplicationProtocol.installServer(in: context)
        let mark: [UInt8] = Array("gatehouse".utf8)
        _ = SSL_CTX_set_session_id_context(context, mark, UInt32(mark.count))
        // Tickets carry the sessions; the cache is for the rare client that knows none.
        _ = copensslshim_set_session_cache_mode(context, Int(SSL_SESS_CACHE_SERVER))
        _ = copensslshim_sess_set_cache_size(context, 1_024)
        SSL_CTX_set_num_tickets(context, 1)
        SSL_CTX_set_timeout(context, 3_600)
        guard options.clientCertificate != .ignored else { return }
        try trust(issuers, in: context)
        for issuer in issuers where SSL_CTX_add_client_CA(context, issuer.x509) != 1 {
            throw refused("an issuer of client certificates could not be named")
        }
        let must = options.clientCertificate == .required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | must, nil)
    }
}
