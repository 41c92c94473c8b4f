import ProxyCore
import Wire

/// The definitions of `limits` and `timeouts`.
enum SchemaLimits {
    private static let standardTimeouts = Timeouts()
    private static let standardLimits = Limits()

    static let timeouts: [KeyDefinition] = [
        timeout("head", standardTimeouts.head, "For the whole head of a request, from its first byte."),
        timeout(
            "connect", standardTimeouts.connect, "For a connection to an endpoint, its name's resolution included."),
        timeout("response", standardTimeouts.response, "From the end of a request to the end of the response's head."),
        timeout(
            "idle", standardTimeouts.idle,
            "Without a byte in either direction of an upgraded session or a streamed response."),
        timeout("keep_alive", standardTimeouts.keepAlive, "For the next request on a connection that is kept."),
        timeout("body", standardTimeouts.body, "Between two pieces of a request's body."),
        timeout("write", standardTimeouts.write, "For a side to accept anything of what waits for it."),
        timeout("tls", standardTimeouts.tls, "For a TLS handshake, on either side."),
        timeout("closing", standardTimeouts.closing, "For the peer's part of a closing handshake."),
    ]

    /// Those that hold after a route is chosen, and so can differ by route.
    static let timeoutsOfRoutes: Set<String> = ["connect", "response", "idle", "body", "write", "closing"]

    static let limits: [KeyDefinition] = [
        KeyDefinition(
            "head", .size(1 << 10...1 << 20), default: SizeText.text(UInt64(standardLimits.head)),
            "The head of a request or response; a larger one gets 431."),
        KeyDefinition(
            "fields", .integer(1...10_000), default: "\(standardLimits.fields)", "Field lines of a head; more get 431."),
        KeyDefinition(
            "target", .size(64...1 << 20), default: SizeText.text(UInt64(standardLimits.target)),
            "The target of a request; a longer one gets 414."),
        KeyDefinition(
            "body", .size(0...1 << 50), default: SizeText.text(standardLimits.body),
            "The body of a request; a larger one gets 413. 0 for no limit: bodies are streamed and cost no memory."),
        KeyDefinition(
            "memory", .size(8 << 20...1 << 50),
            "Memory that the process may take, if less than its control group or the machine allows. Of that limit, receive buffers get a part; at 95 % accepting stops, at 98 % sessions end, those first that hold the most unsent bytes. A reload moves the watch alone: the buffers need a restart.",
            example: "256MiB"),
        KeyDefinition(
            "connections", .integer(1...10_000_000), default: "\(standardLimits.connections)",
            "Downstream connections of the process; more are closed at once."),
        KeyDefinition(
            "upgrades_in_flight", .integer(1...10_000_000), default: "\(standardLimits.upgradesInFlight)",
            "Opening handshakes that wait for their response; more get 503."),
        KeyDefinition(
            "sessions", .integer(1...10_000_000), default: "\(standardLimits.sessions)",
            "Upgraded sessions of the process; more get 503."),
        KeyDefinition(
            "sessions_per_address", .integer(0...10_000_000), default: "\(standardLimits.sessionsPerAddress)",
            "Upgraded sessions of one client address, or of one /64 network of IPv6; more get 429. 0 for no limit. A trusted proxy's own address is not counted."
        ),
        KeyDefinition(
            "upgrades_per_second", .integer(0...1_000_000), default: "\(standardLimits.upgradesPerSecond)",
            "Upgrades that the process lets in within a second, with a burst of as many; more get 503. 0 for no limit."),
        KeyDefinition(
            "messages_per_second", .integer(0...1_000_000), default: "\(standardLimits.messagesPerSecond)",
            "Messages, pings and pongs that the client of one session may send in a second, with a burst of as many. 0 for no limit."
        ),
        onLimit(
            default: standardLimits.onLimit.rawValue,
            "What becomes of who is above a limit here: `refuse` with 429 or 503 and `Retry-After`; `queue` has upgrades wait for room, and reads a session with too many messages more slowly; `close` completes the upgrade and closes it with 1008 or 1013. A session with too many messages is closed with 1008 by `refuse` and `close`."
        ),
        KeyDefinition(
            "queue_length", .integer(0...1_000_000), default: "\(standardLimits.queueLength)",
            "Upgrades of the process that wait for room at one time; more are refused."),
        KeyDefinition(
            "queue_wait", .duration(), default: DurationText.text(standardLimits.queueWait), "How long one of them waits, at most."),
    ]

    private static func onLimit(default text: String?, _ about: String) -> KeyDefinition {
        KeyDefinition("on_limit", .word(OnLimit.allCases.map(\.rawValue)), default: text, about, example: "queue")
    }

    /// Limits that a route has for itself.
    static let limitsOfRoutes: [KeyDefinition] = [
        KeyDefinition("sessions", .integer(1...10_000_000), "Upgraded sessions of the route; more get 503.", example: "500"),
        KeyDefinition(
            "sessions_per_user", .integer(1...1_000_000),
            "Upgraded sessions of one user, as `auth` names them; more get 429.", example: "5"),
        KeyDefinition(
            "upgrades_per_second", .integer(1...1_000_000),
            "Upgrades that the route lets in within a second, with a burst of as many; more get 503.", example: "50"),
        KeyDefinition(
            "messages_per_second", .integer(1...1_000_000),
            "Messages, pings and pongs that the client of one session may send in a second, with a burst of as many.", example: "20"
        ),
        KeyDefinition(
            "message_size", .size(1...1 << 40),
            "The largest message in bytes, inflated; a larger one ends the session with 1009. Sessions of the route are then held to RFC 6455 as with `websocket.enforce`.",
            example: "1MiB"),
        onLimit(default: nil, "What becomes of who is above one of these limits; without it, as `limits.on_limit` at the top."),
    ]

    private static func timeout(_ name: String, _ standard: TimeSpan, _ about: String) -> KeyDefinition {
        KeyDefinition(name, .duration(), default: DurationText.text(standard), about)
    }
}
