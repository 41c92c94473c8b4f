import ProxyCore

/// Every key that a configuration may have: one definition for the decoder, the documentation, the flags and the environment.
///
/// Defaults are not stated here but taken from the values that they are defaults of (`Timeouts()`, `Limits()`, …), so that
/// the documentation can't differ from what happens.
enum Schema {
    /// The keys at the top of the file.
    static let root: [KeyDefinition] =
        [listen, trustedProxies, trustedFields, upstream, cluster, clusters, match] + routeActions
        + [
            KeyDefinition(
                "routes", .list(.map(route)),
                "The routes. The most specific match wins, not the first: an exact host before `*.` and before none, then the longer path.",
                example: "[{match: {path: /ws}, cluster: live}, {match: {path: /}, cluster: app}]")
        ] + subsystems

    /// The keys of one entry of `routes`.
    static let route: [KeyDefinition] =
        [
            KeyDefinition(
                "name", .name, "The route's name in log lines and metrics; without it, its match.", example: "chat"),
            match, cluster, upstream,
        ] + routeActions + [
            KeyDefinition(
                "timeouts", .map(SchemaLimits.timeouts.filter { SchemaLimits.timeoutsOfRoutes.contains($0.name) }),
                "Timeouts of this route, in place of the ones at the top.", example: "{response: 5m, idle: 2h}"),
            KeyDefinition(
                "limits", .map(SchemaLimits.limitsOfRoutes), "Limits of this route, besides the ones at the top.",
                example: "{sessions_per_user: 5}"),
            SchemaCapture.ofRoute,
        ]

    // MARK: Where connections come from

    static let listen = KeyDefinition(
        "listen", .shapes([.listenAddress(), .map(listener), .list(.shapes([.listenAddress(), .map(listener)]))]),
        default: "0.0.0.0:8080",
        "Where connections are accepted: an address, or a list of addresses or of maps. Without the key, the port is taken from `PORT` if that is set.",
        example: "0.0.0.0:10000", flag: "listen", environment: "GATEHOUSE_LISTEN")

    private static let certificate: [KeyDefinition] = [
        KeyDefinition(
            "certificate", .file(mustExist: true), "A PEM file with the certificate and its chain.",
            example: "tls/app.pem"),
        KeyDefinition("key", .file(mustExist: true), "The PEM file of its private key.", example: "tls/app.key"),
    ]

    /// Never from the environment: SSLKEYLOGFILE may stand in one that nobody looked at.
    private static let keyLog = KeyDefinition(
        "key_log", .file(mustExist: false),
        "Appends the secrets of every TLS session to this file, for Wireshark and `gatehouse capture --keylog`. Whoever has the file can decrypt the sessions: for a search only, and said loudly at start.",
        example: "keys.log")

    private static let listener: [KeyDefinition] = [
        KeyDefinition("address", .listenAddress(), "The address and port to listen on.", example: "0.0.0.0:443"),
        KeyDefinition(
            "tls",
            .map(
                certificate + [
                    KeyDefinition(
                        "certificates", .list(.map(certificate)),
                        "Several certificates; the client's SNI chooses by the names that they carry, and the first is for everyone else.",
                        example: "[{certificate: tls/app.pem, key: tls/app.key}]"),
                    KeyDefinition(
                        "client_ca", .file(mustExist: true),
                        "A PEM file of authorities; with it, clients must show a certificate that one of them signed.",
                        example: "tls/clients-ca.pem"),
                    keyLog,
                ]),
            "Terminates TLS here. The files are read again at each reload.",
            example: "{certificate: tls/app.pem, key: tls/app.key}"),
    ]

    static let trustedProxies = KeyDefinition(
        "trusted_proxies", .list(.addressBlock), default: "[]",
        "Addresses of the proxies in front whose `X-Forwarded-*` and `Forwarded` are believed; from everybody else these fields are replaced, and `X-Real-IP`, `True-Client-IP`, `CF-Connecting-IP` and the like removed.",
        example: "[10.0.0.0/8]", flag: "trusted-proxies", environment: "GATEHOUSE_TRUSTED_PROXIES")

    static let trustedFields = KeyDefinition(
        "trusted_fields", .word(ForwardedFamily.allCases.map(\.rawValue)), default: ForwardedFamily.extended.rawValue,
        "Which fields the proxies in front keep up to date, where a request has both: a proxy passes on what the client wrote in the other ones, so those are made anew.",
        example: "forwarded")

    // MARK: Where they go

    /// How an endpoint, or a service that the gate asks, is spoken to over TLS.
    static func tls(_ summary: String) -> KeyDefinition {
        KeyDefinition(
            "tls",
            .map([
                KeyDefinition(
                    "server_name", .hostName,
                    "The name for SNI and for the certificate's check, in place of the endpoint's host.",
                    example: "app.example"),
                KeyDefinition(
                    "ca", .file(mustExist: true), "A PEM file of authorities to trust, in place of the system's store.",
                    example: "ca.pem"),
                KeyDefinition(
                    "verify", .boolean, default: "true",
                    "Whether the endpoint's certificate is checked. `false` is said loudly in the log.", example: "true"),
                KeyDefinition(
                    "certificate", .file(mustExist: true),
                    "A PEM file with the certificate that Gatehouse shows to the endpoint.", example: "tls/gatehouse.pem"),
                KeyDefinition(
                    "key", .file(mustExist: true), "The PEM file of its private key.", example: "tls/gatehouse.key"),
                keyLog,
            ]), summary, example: "{server_name: app.example, ca: ca.pem}")
    }

    private static let upstreamTLS = tls("How `https` endpoints are checked, and what Gatehouse shows to them.")

    static let upstream = KeyDefinition(
        "upstream",
        .shapes([
            .endpoint,
            .map(
                [
                    KeyDefinition("url", .endpoint, "The endpoint.", example: "https://127.0.0.1:8443"),
                    upstreamTLS,
                ] + SchemaRouting.ofUpstreams),
        ]),
        "The only endpoint of a route: the short form of a cluster. `ws` and `wss` mean `http` and `https`.",
        example: "http://127.0.0.1:8000", flag: "upstream", environment: "GATEHOUSE_UPSTREAM")

    static let cluster = KeyDefinition(
        "cluster", .name, "The name of the cluster that serves the route.", example: "app")

    static let clusters = KeyDefinition(
        "clusters",
        .named(
            [
                KeyDefinition(
                    "endpoints", .list(.endpoint), "The endpoints; at least one.",
                    example: "[http://127.0.0.1:8001, http://127.0.0.1:8002]"),
                upstreamTLS,
            ] + SchemaRouting.ofClusters),
        "Named sets of endpoints.", example: "{app: {endpoints: [http://127.0.0.1:8001, http://127.0.0.1:8002]}}")

    // MARK: What happens in between

    static let match = KeyDefinition(
        "match",
        .map([
            KeyDefinition(
                "host", .hostPattern, default: "\"*\"",
                "The host: exact, or `*.` and a domain for everything below it.", example: "app.example.com"),
            KeyDefinition(
                "path", .path, default: "/",
                "The path, with everything below it: `/ws` is `/ws` and `/ws/a`, not `/wsx`.", example: "/ws"),
            KeyDefinition(
                "exact", .boolean, default: "false", "Whether the path must be this one wholly.", example: "true"),
        ]),
        "The requests that the route serves; without it, all.", example: "{host: app.example.com, path: /ws}")

    static let routeActions: [KeyDefinition] =
        [
            KeyDefinition(
                "host", .word(["preserve", "rewrite"]), default: "preserve",
                "What `Host` says upstream: `preserve` what the client sent, or `rewrite` it to the endpoint's own.",
                example: "rewrite"),
            KeyDefinition(
                "rewrite",
                .map([
                    KeyDefinition("strip_prefix", .path, "A prefix that is taken off the path.", example: "/api"),
                    KeyDefinition("replace_prefix", .path, "A prefix that is replaced by `with`.", example: "/api"),
                    KeyDefinition("with", .path, "What stands in the place of `replace_prefix`.", example: "/v2"),
                    KeyDefinition("host", .authority, "What `Host` says upstream, word for word.", example: "app.internal"),
                ]),
                "Changes to the request on its way upstream.", example: "{strip_prefix: /api}"),
            KeyDefinition(
                "upgrade", .word(UpgradePolicy.allCases.map(\.rawValue)), default: UpgradePolicy.webSocketOnly.rawValue,
                "Which upgrades pass: only `websocket` (a request for another goes on as an ordinary one), or `any` protocol but h2c.",
                example: "any"),
            SchemaHeartbeat.heartbeat,
            SchemaHold.hold,
        ] + SchemaGate.keys
}

extension Schema {
    /// The keys under which a key of this name stands, for somebody who wrote it in the wrong place. Empty text: the top.
    static func homes(of name: String) -> [String] {
        var found: [String] = []
        func search(_ kind: ValueKind, _ path: String) {
            switch kind {
            case .map(let keys), .named(let keys):
                for key in keys {
                    if key.name == name { found.append(path) }
                    search(key.kind, "\(path).\(key.name)")
                }
            case .list(let kind): search(kind, path)
            case .shapes(let kinds): kinds.forEach { search($0, path) }
            default: break
            }
        }
        for key in root {
            if key.name == name { found.insert("the top of the file", at: 0) }
            search(key.kind, key.name)
        }
        return found
    }

    /// The key beside which `name` was written and under which it belongs, if there is one.
    static func nearHome(of name: String, among definitions: [KeyDefinition]) -> String? {
        func holds(_ kind: ValueKind) -> Bool {
            switch kind {
            case .map(let keys): keys.contains { $0.name == name }
            case .shapes(let kinds): kinds.contains(where: holds)
            default: false
            }
        }
        return definitions.first { holds($0.kind) }?.name
    }

    /// The places for `name` in all of the file, the two that lie least deep: a route's keys may stand at the top as well, and count once.
    static func likelyHomes(of name: String) -> String? {
        var found: [String] = []
        for home in homes(of: name) {
            let last = home.split(separator: ".").last
            if !found.contains(where: { $0.split(separator: ".").last == last }) { found.append(home) }
        }
        func depth(_ home: String) -> Int { home.split(separator: ".").count }
        found.sort { depth($0) < depth($1) }
        guard let first = found.first else { return nil }
        return first == "the top of the file" || found.count == 1 ? first : found.prefix(2).joined(separator: " or ")
    }
}
