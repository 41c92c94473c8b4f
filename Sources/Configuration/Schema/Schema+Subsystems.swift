import ProxyCore

extension Schema {
    /// The keys of the subsystems, which stand at the top of the file only.
    static let subsystems: [KeyDefinition] = [
        KeyDefinition("websocket", .map(websocket), "What is done about WebSocket beyond relaying it."),
        KeyDefinition("diagnosis", .map(diagnosis), "What the diagnosis does on its own account."),
        KeyDefinition("log", .map(log), "The ledger and the log."),
        KeyDefinition(
            "admin", .shapes([.word(["off"]), .map(admin)]),
            "The admin endpoints: health, metrics, sessions. `off` for none."),
        KeyDefinition("health", .map(health), "Health on the public port."),
        KeyDefinition("limits", .map(SchemaLimits.limits), "How much is taken in before Gatehouse refuses."),
        KeyDefinition(
            "timeouts", .map(SchemaLimits.timeouts),
            "How long Gatehouse waits for what. Each has its own name in the log when it fires."),
        KeyDefinition("drain", .map(drain), "How a process that is told to stop goes away."),
        KeyDefinition("restart", .map(SchemaRestart.restart), "How a process gives its listeners to the next (`serve` only)."),
        KeyDefinition(
            "io", .word(IOBackend.allCases.map(\.rawValue)), default: IOBackend.auto.rawValue,
            "The kernel's interface: `auto` tries io_uring and takes epoll where it is forbidden.",
            flag: "io", environment: "GATEHOUSE_IO"),
        KeyDefinition(
            "workers", .integer(1...1024, word: "auto"), default: "auto", "Event loops; `auto` is one for each core.",
            flag: "workers", environment: "GATEHOUSE_WORKERS"),
        SchemaCapture.capture,
    ]

    private static let websocket: [KeyDefinition] = [
        KeyDefinition(
            "enforce", .boolean, default: "false",
            "Whether protocol faults end the session (1002, 1007, 1009); without it they are findings in the ledger.",
            environment: "GATEHOUSE_WEBSOCKET_ENFORCE"),
        KeyDefinition(
            "invalid_101", .word(Invalid101.allCases.map(\.rawValue)), default: Invalid101.refuse.rawValue,
            "What happens to a 101 that isn't a valid answer to its upgrade: `refuse` with 502, or `relay`."),
        KeyDefinition(
            "message_limit", .size(0...1 << 50), default: SizeText.text(WebSocketSettings().messageLimit),
            "The largest message that `enforce` lets pass (1009); 0 for no limit.", example: "1MiB"),
    ]

    private static let diagnosis: [KeyDefinition] = [
        KeyDefinition(
            "probes", .word(ProbePolicy.allCases.map(\.rawValue)), default: ProbePolicy.off.rawValue,
            "Whether a refusal is followed by handshakes of Gatehouse's own that prove its cause."),
        KeyDefinition(
            "probe_limit", .integer(3...100), default: "\(DiagnosisSettings().probeLimit)",
            "The most handshakes for one refusal, controls included; within 10 s."),
        KeyDefinition(
            "probes_per_minute", .integer(1...60), default: "\(DiagnosisSettings().probesPerMinute)",
            "How many refusals of one cause on one route are probed in a minute; 12 in all."),
        KeyDefinition(
            "explain_in_close", .list(.origin), default: "[]",
            "Origins whose browsers are told a refusal's cause: the session is opened and closed at once with 4000 + status.",
            example: "[https://app.example.com]"),
    ]

    private static let log: [KeyDefinition] = [
        KeyDefinition(
            "format", .word(LogFormat.allCases.map(\.rawValue)), default: LogFormat.auto.rawValue,
            "How a line is written; `auto` is pretty on a terminal, else JSON.",
            flag: "log-format", environment: "GATEHOUSE_LOG_FORMAT"),
        KeyDefinition(
            "output", .logOutput, default: "stdout", "Where lines go: stdout, stderr or a file.",
            example: "/var/log/gatehouse.log", environment: "GATEHOUSE_LOG_OUTPUT"),
        KeyDefinition(
            "frames", .boolean, default: "false", "Whether each message gets a line.",
            environment: "GATEHOUSE_LOG_FRAMES"),
        KeyDefinition(
            "frame_bytes", .integer(0...4096), default: "\(LogSettings().frameBytes)",
            "How many bytes of a message its line shows. They may hold what your users send each other."),
        KeyDefinition(
            "redact",
            .map([
                KeyDefinition(
                    "fields", .list(.fieldName), default: "[]",
                    "Fields whose values are redacted, besides Authorization, cookies and the other credentials.",
                    example: "[X-Api-Key]"),
                KeyDefinition(
                    "parameters", .list(.text), default: "[]",
                    "Query parameters whose values are redacted, besides the usual names of tokens.", example: "[key]"),
            ]),
            "What the log must not show."),
    ]

    private static let admin: [KeyDefinition] = [
        KeyDefinition(
            "listen", .listenAddress(word: "off"), default: "127.0.0.1:9900",
            "Where the admin endpoints are served, or `off`. Anything but loopback needs a token.",
            flag: "admin-listen", environment: "GATEHOUSE_ADMIN_LISTEN"),
        KeyDefinition(
            "path", .path, "A prefix under which the public port serves them too; needs a token.",
            example: "/gatehouse",
            environment: "GATEHOUSE_ADMIN_PATH"),
        KeyDefinition(
            "token", .secret,
            "What requests must carry as `Authorization: Bearer …`. Better given by the environment than by the file.",
            environment: "GATEHOUSE_ADMIN_TOKEN"),
    ]

    private static let health: [KeyDefinition] = [
        KeyDefinition(
            "path", .path, "The path on the public port that serves the live state of WebSocket service.",
            example: "/api/websocket/health", environment: "GATEHOUSE_HEALTH_PATH")
    ]

    private static let drain: [KeyDefinition] = [
        KeyDefinition(
            "window", .duration(zero: true), default: DurationText.text(DrainSettings().window),
            "Over how long the closes of open sessions are spread; 0s closes all at once. Whoever stops the process must wait for longer than `drain.timeout`: Docker kills after 10 s unless it is told otherwise (`--stop-timeout 30`, `stop_grace_period: 30s`), Kubernetes and Render after 30 s."
        ),
        KeyDefinition(
            "timeout", .duration(), default: DurationText.text(DrainSettings().timeout),
            "When everything that is left is ended."),
        KeyDefinition(
            "code", .word(["1001", "1012"]), default: "\(DrainSettings().notice.code)",
            "The close code for clients: 1001 (going away) or 1012 (service restart)."),
        KeyDefinition(
            "reason", .text, default: DrainSettings().notice.reason,
            "The close reason for clients, at most 123 bytes. `{retry}` in it becomes a number of seconds after which to connect anew, drawn for each session.",
            example: "\"server restarts; retry-after={retry}\""),
    ]
}
