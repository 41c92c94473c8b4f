import ProxyCore
import Wire

/// The definition of `heartbeat`.
enum SchemaHeartbeat {
    private static let standard = HeartbeatPolicy()

    static let heartbeat = KeyDefinition(
        "heartbeat", .shapes([.word(["off"]), .map(keys)]), default: "off",
        "WebSocket pings of Gatehouse's own, which keep timers on the way from cutting a silent session and find out who is gone. `{}` takes the defaults.",
        example: "{interval: 25s, timeout: 10s, sides: [client, upstream]}")

    private static let keys: [KeyDefinition] = [
        KeyDefinition(
            "interval", .duration(word: "auto"), default: DurationText.text(HeartbeatPolicy.automaticStart),
            "The longest silence of a side before it is asked. `auto` begins at 25s and gets shorter where sessions of the route die of less silence.",
            example: "auto"),
        KeyDefinition(
            "timeout", .duration(), default: DurationText.text(standard.timeout),
            "How long after that a side has for any sign of life before the session is ended."),
        KeyDefinition(
            "sides", .list(.word(["client", "upstream"])), default: "[client, upstream]", "The sides that are asked.",
            example: "[client]"),
    ]
}
