import ProxyCore
import Wire

/// The definitions of what says which endpoint of a cluster gets a request: policy, affinity, health, limits and waiting.
enum SchemaRouting {
    private static let check = HealthRule.Check()
    private static let rule = HealthRule()
    private static let cookie = AffinityCookie.Settings(name: [])

    /// The keys of a cluster besides its endpoints.
    static let ofClusters: [KeyDefinition] =
        [
            KeyDefinition(
                "policy", .word(BalancingPolicy.allCases.map(\.rawValue)), default: BalancingPolicy.roundRobin.rawValue,
                "How the endpoint of a new session is chosen. `hash` gives requests with the same `hash_by` to the same endpoint.",
                example: "least-sessions"),
            KeyDefinition(
                "hash_by", .text,
                "What `policy: hash` tells requests apart by: `address`, `header.NAME`, `cookie.NAME`, `query.NAME`, `path.N` (the Nth segment), `user` or `claims.NAME`. A request without it goes to one of two at random.",
                example: "query.room"),
            affinity,
        ] + ofUpstreams

    /// The keys that a single endpoint may have as well.
    static let ofUpstreams: [KeyDefinition] = [
        health,
        KeyDefinition(
            "max_sessions", .integer(1...10_000_000),
            "Sessions (upgrades, from the choice to their end) that one endpoint may have, over all workers; without it, as many as come.",
            example: "500"),
        KeyDefinition(
            "wait",
            .map([
                KeyDefinition(
                    "time", .duration(), default: DurationText.text(WaitRule().time),
                    "How long a request waits for an endpoint before it gets 503 with `Retry-After`."),
                KeyDefinition(
                    "queue", .integer(1...1_000_000), default: "\(WaitRule().queue)",
                    "How many may wait at once, over all workers; who comes then gets 503 at once."),
            ]),
            "Holds requests while no endpoint is ready, instead of answering 502 or 503: a restart of the backend costs waiting. `{}` takes the defaults.",
            example: "{time: 10s}"),
    ]

    private static let affinity = KeyDefinition(
        "affinity",
        .map([
            KeyDefinition(
                "cookie",
                .shapes([
                    .name,
                    .map([
                        KeyDefinition("name", .name, "The cookie's name.", example: "gatehouse"),
                        KeyDefinition(
                            "keys", .list(.secret),
                            "Secrets that sign it: the first signs, all are accepted, so that they can be changed one by one. Without them a key is drawn at start, and no other process knows it.",
                            example: "[0123456789abcdef0123456789abcdef]"),
                        KeyDefinition("path", .path, default: cookie.path, "Its `Path`.", example: "/ws"),
                        KeyDefinition(
                            "max_age", .duration(), default: DurationText.text(cookie.maximumAge),
                            "How long it binds; its `Max-Age`."),
                        KeyDefinition(
                            "same_site", .word(AffinityCookie.Settings.SameSite.allCases.map(\.rawValue)),
                            default: cookie.sameSite.rawValue,
                            "Its `SameSite`. `none` where pages of other sites open the session.", example: "none"),
                        KeyDefinition(
                            "secure", .boolean, default: "\(cookie.isSecure)",
                            "Its `Secure`: browsers send it back over https alone, and to localhost."),
                        KeyDefinition(
                            "http_only", .boolean, default: "\(cookie.isHTTPOnly)", "Its `HttpOnly`: scripts can't read it."),
                    ]),
                ]),
                "A signed cookie of Gatehouse's own names the endpoint: its name, or a map.", example: "gatehouse"),
            KeyDefinition(
                "application_cookie", .name,
                "A cookie of the application's: its bearer goes to the endpoint that set it, and where that isn't known by the value's hash.",
                example: "sessionid"),
            KeyDefinition("header", .fieldName, "A header, by its hash.", example: "X-Room"),
            KeyDefinition("query", .text, "A query parameter, by its hash.", example: "room"),
            KeyDefinition("address", .boolean, "The client's address, by its hash.", example: "true"),
            KeyDefinition(
                "engine_io", .boolean,
                "The session of Engine.IO (Socket.IO): its polling requests and its upgrade go to the endpoint that opened it, learnt from the answer to the first poll.",
                example: "true"),
            KeyDefinition(
                "entries", .integer(100...10_000_000), default: "\(AffinityRule(.engineIO).entries)",
                "How many bindings are remembered at most (`application_cookie`, `engine_io`)."),
            KeyDefinition(
                "memory", .duration(),
                "After how long without use a binding is forgotten; without it 5m for `engine_io`, 1h for `application_cookie`.",
                example: "30m"),
        ]),
        "What binds requests to one endpoint: exactly one of the first six. Where the endpoint can't be used another one is, and the ledger says why.",
        example: "{cookie: gatehouse}")

    private static let health = KeyDefinition(
        "health",
        .map([
            KeyDefinition("path", .path, "A GET of this path must be answered with 2xx.", example: "/healthz"),
            KeyDefinition(
                "websocket", .path, "A WebSocket handshake with this path must be answered with a valid 101.", example: "/ws"),
            KeyDefinition(
                "host", .authority, "What `Host` says in checks; without it, the endpoint's own.", example: "app.example.com"),
            KeyDefinition(
                "interval", .duration(), default: DurationText.text(check.interval),
                "Between two checks of an endpoint; one that isn't fit is asked each second at least."),
            KeyDefinition("timeout", .duration(), default: DurationText.text(check.timeout), "For all of one check."),
            KeyDefinition(
                "healthy", .integer(1...100), default: "\(check.healthy)", "Good checks in a row that make an endpoint fit again."),
            KeyDefinition(
                "unhealthy", .integer(1...100), default: "\(check.unhealthy)",
                "Bad checks in a row that make it unfit; the very first counts at once."),
            KeyDefinition(
                "failures", .integer(0...1000), default: "\(rule.failures)",
                "Failed connections, 5xx to upgrades (502 to 504 to requests) and missing answers in a row that eject it; 0: never."
            ),
            KeyDefinition(
                "ejection", .duration(), default: DurationText.text(rule.ejection),
                "How long it gets nothing then; twice as long each time that it fails right after."),
            KeyDefinition(
                "longest_ejection", .duration(), default: DurationText.text(rule.longestEjection), "Where that growth ends."),
            KeyDefinition(
                "slow_start", .duration(zero: true), default: "0s",
                "How long the share of an endpoint that comes back takes to grow to its full one."),
            KeyDefinition(
                "panic", .integer(0...100),
                "With a smaller share of fit endpoints (in percent), health is ignored; 0: only when none is fit, which is what holds without the key, unless there is `wait`.",
                example: "50"),
        ]),
        "When an endpoint gets no new sessions. `{}` judges by the traffic alone; `path` and `websocket` add checks.",
        example: "{path: /healthz, websocket: /ws}")
}
