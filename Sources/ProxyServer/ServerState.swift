public import Configuration
import Credentials
import HTTPWire
import ProxyCore
import TLSEngine

/// A configuration with everything built that it names: what the workers share until the next reload. Immutable.
public final class ServerState: Sendable {
    public let snapshot: Snapshot
    /// By listener; nil for plain HTTP.
    let listenerTLS: [TLSContext?]
    /// By cluster; nil where no endpoint is spoken to over TLS.
    let clusterTLS: [TLSContext?]
    /// What the services that the gate asks are spoken to with, by how they are checked.
    let serviceTLS: [UpstreamTLS: TLSContext]
    /// By the snapshot's `credentials`.
    let checkers: [CredentialChecker]
    /// What signs affinity cookies, by the cluster's name, where the configuration has keys.
    let affinitySigners: [String: AffinitySigner]
    /// Key sets that are fetched.
    let keySources: [KeySource]
    /// What was left out of key sets, to be said at start.
    private let keyNotices: [String]
    /// Counts reloads, so that workers know their clusters are of another age.
    let generation: Int

    /// Loads the certificates that `snapshot` names. All or nothing: on failure what ran before goes on.
    public init(_ snapshot: Snapshot, generation: Int) throws(ServerStateError) {
        self.snapshot = snapshot
        self.generation = generation
        var checkers: [CredentialChecker] = []
        var notices: [String] = []
        var sources: [KeySource] = []
        var services = ServiceContexts()
        for settings in snapshot.credentials {
            checkers.append(try ServerState.checker(settings, &services, &notices, &sources))
        }
        for rule in snapshot.routes.routes.compactMap({ $0.gate?.authentication?.forward }) {
            _ = try services.context(for: rule.url, rule.tls)
        }
        serviceTLS = services.all
        keySources = sources
        affinitySigners = snapshot.affinityKeys.mapValues { keys in
            AffinitySigner(keys: keys.map { Array($0.revealed.utf8) })
        }
        self.checkers = checkers
        keyNotices = notices
        do throws(TLSContextError) {
            (listenerTLS, clusterTLS) = try ServerState.contexts(snapshot)
        } catch {
            throw ServerStateError(description: "\(error)")
        }
    }

    private static func contexts(_ snapshot: Snapshot) throws(TLSContextError) -> ([TLSContext?], [TLSContext?]) {
        var listeners: [TLSContext?] = []
        for listener in snapshot.listeners {
            listeners.append(try listener.tls.map(ServerState.context))
        }
        var clusters: [TLSContext?] = []
        for cluster in snapshot.clusters {
            clusters.append(
                cluster.endpoints.contains(where: \.isSecure) ? try ServerState.context(cluster.tls) : nil)
        }
        return (listeners, clusters)
    }

    /// Warnings that are to be said loudly at start.
    public var notices: [String] {
        // What is not verified has lines of its own, which name it.
        let clusters = zip(snapshot.clusters, clusterTLS).compactMap { $0.tls.verify ? $1 : nil }
        let services = serviceTLS.compactMap { $0.key.verify ? $0.value : nil }
        var all: [String] = []
        // Several contexts may say the same of the same store.
        for notice in (listenerTLS.compactMap(\.self) + clusters + services).flatMap(\.notices) + keyNotices
        where !all.contains(notice) {
            all.append(notice)
        }
        return all
    }
}

extension ServerState {
    private static func context(_ tls: Configuration.ListenerTLS) throws(TLSContextError) -> TLSContext {
        try TLSContext.server(
            TLSContext.ServerOptions(
                certificates: tls.certificates.map { TLSEngine.CertificateFiles(certificate: $0.certificate, key: $0.key) },
                clientCertificate: tls.clientAuthorityFile == nil ? .ignored : .required,
                clientCA: tls.clientAuthorityFile, keyLog: try keyLog(tls.keyLogFile)))
    }

    private static func keyLog(_ path: String?) throws(TLSContextError) -> KeyLog? {
        try path.map { (path) throws(TLSContextError) in try KeyLogFile(path).log }
    }

    static func context(_ tls: UpstreamTLS) throws(TLSContextError) -> TLSContext {
        var identity: TLSEngine.CertificateFiles?
        if let certificate = tls.certificateFile, let key = tls.keyFile {
            identity = TLSEngine.CertificateFiles(certificate: certificate, key: key)
        }
        return try TLSContext.client(
            TLSContext.ClientOptions(
                ca: tls.authorityFile, serverName: tls.serverName, verifies: tls.verify, certificate: identity,
                keyLog: try keyLog(tls.keyLogFile)))
    }
}

extension ServerState {
    /// How much of a head is read before it is refused.
    var headLimits: HeadLimits {
        HeadLimits(
            head: snapshot.limits.head, target: snapshot.limits.target, fieldLine: snapshot.limits.head,
            fieldCount: snapshot.limits.fields)
    }

    /// Which spellings of a path are let through. With one route for everything nothing is decided by the path, so what many
    /// applications send (`//`, `;x`) passes; with several, every spelling that could mean another route is refused.
    var pathAllowance: CanonicalPath.Allowance {
        // Spelt in bits: array literals of an option set are built at run time, for every request.
        CanonicalPath.Allowance(rawValue: snapshot.routes.routes.count > 1 ? 0 : ServerState.oneRouteAllowance.rawValue)
    }

    private static let oneRouteAllowance: CanonicalPath.Allowance = [.emptySegments, .parameters]

    /// The index of the route that serves a request, by its host and canonical path; nil if none does.
    func match(_ head: RequestHead, _ path: [UInt8]) -> Int? {
        var host = head.effectiveHost ?? 0..<0
        if let authority = Authority(head.bytes, host) { host = authority.host }
        return snapshot.routes.match(host: head.bytes.span.bytes.extracting(host), path: path.span.bytes)
    }
}
