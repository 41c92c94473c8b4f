import COpenSSL
import COpenSSLShim

/// Everything that the sessions of one listener, or of one upstream cluster, have in common: certificates, trust,
/// versions.
///
/// Theory of operation. A context is built whole from files or not at all; a reload builds another one and new
/// sessions take that, while the sessions that live keep the one they were made with (they hold a reference). A
/// server has one OpenSSL context for each certificate, all configured alike, and the first of them starts every
/// handshake; SNI may exchange it for another. Session tickets are sealed with keys that live and die with the
/// context, so nothing is resumed across a reload.
///
/// @unchecked Sendable: nothing of a context changes after `init`, and OpenSSL counts references to SSL_CTX, and
/// guards its session cache, with atomics and locks of its own. So all loops share one.
public final class TLSContext: @unchecked Sendable {
    /// Which end of a handshake the context's sessions play.
    public enum Role: Sendable, Hashable {
        case server
        case client
    }

    public let role: Role
    /// What the operator should know though it is no error (verification switched off, an empty trust store). One log
    /// line each.
    public let notices: [String]
    /// The name to ask for and to check, in place of the one that each session names. Clients only.
    public let serverName: String?
    /// Whether the peer's certificate must be found good. For a server: whether client certificates are asked for.
    public let verifies: Bool
    /// Where trust comes from, in words for a failure's sentence.
    let trustStore: String
    /// The context with which every session begins.
    let base: OpaquePointer
    /// Our own certificate's subject, if a client context has one.
    let ownSubject: String?

    private let others: [OpaquePointer]
    let names: ServerNameTable?
    private let keyLog: KeyLog?

    init(
        role: Role,
        contexts: [OpaquePointer],
        base: OpaquePointer,
        names: ServerNameTable? = nil,
        keyLog: KeyLog?,
        serverName: String? = nil,
        verifies: Bool,
        trustStore: String,
        ownSubject: String? = nil,
        notices: [String] = []
    ) {
        self.role = role
        self.base = base
        self.others = contexts.filter { $0 != base }
        self.names = names
        self.keyLog = keyLog
        self.serverName = serverName
        self.verifies = verifies
        self.trustStore = trustStore
        self.ownSubject = ownSubject
        self.notices = notices
    }

    deinit {
        SSL_CTX_free(base)
        for context in others { SSL_CTX_free(context) }
    }

    /// The oldest version of TLS to accept.
    public enum OldestVersion: Sendable, Hashable {
        case tls12
        case tls13

        var number: Int32 { self == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION }
    }

    /// An OpenSSL context with what both roles share. The caller owns it.
    static func makeBare(role: Role, oldest: OldestVersion, newest: OldestVersion?, keyLog: KeyLog?)
        throws(TLSContextError)
        -> OpaquePointer
    {
        OpenSSLError.clear()
        guard let context = SSL_CTX_new(role == .server ? TLS_server_method() : TLS_client_method()) else {
            throw refused("a context could not be made")
        }
        let versions =
            copensslshim_set_min_proto_version(context, oldest.number) == 1
            && copensslshim_set_max_proto_version(context, newest?.number ?? TLS1_3_VERSION) == 1
        // AES-128 first: as safe as anything on the wire, and a quarter cheaper than AES-256 for every byte relayed.
        let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
        guard versions, SSL_CTX_set_ciphersuites(context, suites) == 1 else {
            SSL_CTX_free(context)
            throw refused("TLS 1.2 and 1.3 could not be set")
        }
        SSL_CTX_set_options(context, copensslshim_op_no_renegotiation() | copensslshim_op_no_compression())
        let modes = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
        _ = copensslshim_set_mode(context, Int(modes))
        SSL_CTX_set_max_early_data(context, 0)
        SSL_CTX_set_cert_verify_callback(context, ChainCheck.callback, nil)
        SSL_CTX_set_info_callback(context) { ssl, place, value in
            guard place & SSL_CB_ALERT != 0 else { return }
            let alert = UInt8(truncatingIfNeeded: value)
            guard alert != SSL_AD_CLOSE_NOTIFY, let port = CiphertextPort.of(ssl: ssl) else { return }
            if place & SSL_CB_READ != 0 {
                port.pointee.evidence.alertReceived = alert
            } else {
                port.pointee.evidence.alertSent = alert
            }
        }
        keyLog?.install(in: context)
        return context
    }

    /// The failure of a step that has nothing to do with the operator's files.
    static func refused(_ what: String) -> TLSContextError {
        let reasons = OpenSSLError.drain().map(\.description).joined(separator: "; ")
        return TLSContextError(
            .refused,
            "OpenSSL: \(what) (\(reasons.isEmpty ? "no reason given" : reasons)); check the OpenSSL configuration")
    }

    /// Adds the certificates of `path` to what `context` trusts.
    static func trust(_ certificates: [Certificate], in context: OpaquePointer) throws(TLSContextError) {
        guard let store = SSL_CTX_get_cert_store(context) else { throw refused("the context has no trust store") }
        for certificate in certificates where X509_STORE_add_cert(store, certificate.x509) != 1 {
            throw refused("a certificate could not be added to the trust store")
        }
        // What the operator names is trusted, also where it is an intermediate and the root is not at hand.
        guard let parameters = SSL_CTX_get0_param(context) else { throw refused("the context has no parameters") }
        X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    }
}
