import ProxyCore
import Wire

/// A decoded tree to a snapshot, with the checks that need more than one key.
///
/// Every setting begins as its type's default and is replaced by what was written. Parts that were faulty are reported
/// already; what depends on them is not reported again.
struct SnapshotBuilder {
    let root: DecodedMap
    let file: String?
    let environment: [String: String]
    /// The backend that `gatehouse run` starts: where routes go that name nothing else.
    let backend: Endpoint?
    /// Whether parts of the file could not be read: what seems to be missing may stand there.
    var isPartial = false
    /// Whether places that are written to are looked at.
    var checksOutputs = false
    var problems: [ConfigurationProblem] = []
    var warnings: [ConfigurationProblem] = []
    /// The clusters so far; `upstream` adds to them.
    var clusters: [Cluster] = []
    /// The checks of credentials so far; routes point into it.
    var credentials: [CredentialSettings] = []
    /// The keys of affinity cookies so far, by cluster.
    var affinityKeys: [String: [Secret]] = [:]
    /// Where client certificates are asked for, to be held against the listeners.
    var certificatePlaces: [Decoded] = []

    init(_ root: DecodedMap, file: String?, environment: [String: String], backend: Endpoint? = nil) {
        self.backend = backend
        self.root = root
        self.file = file
        self.environment = environment
    }

    /// The snapshot; nil, or not to be used, if there are problems.
    mutating func build() -> Snapshot? {
        let timeouts = timeouts(root.map("timeouts"), over: Timeouts())
        buildClusters()
        let routes = buildRoutes(timeouts)
        var snapshot = Snapshot(clusters: clusters, routes: RouteTable(routes))
        snapshot.credentials = credentials
        snapshot.affinityKeys = affinityKeys
        snapshot.timeouts = timeouts
        snapshot.limits = limits()
        snapshot.listeners = listeners()
        snapshot.trustedProxies = trustedProxies()
        if let family: ForwardedFamily = root.word("trusted_fields") { snapshot.forwardedFamily = family }
        snapshot.websocket = websocket()
        snapshot.diagnosis = diagnosis()
        snapshot.log = log()
        snapshot.admin = admin()
        snapshot.healthPath = root.map("health")?.text("path")
        snapshot.drain = drain()
        snapshot.restart = restart()
        snapshot.capture = capture()
        if let io: IOBackend = root.word("io") { snapshot.io = io }
        snapshot.workers = root.integer("workers")
        checkAddresses(snapshot)
        checkCertificates(snapshot)
        return routes.isEmpty ? nil : snapshot
    }

    // MARK: Subsystems

    func timeouts(_ map: DecodedMap?, over base: Timeouts) -> Timeouts {
        guard let map else { return base }
        var timeouts = base
        if let span = map.duration("head") { timeouts.head = span }
        if let span = map.duration("connect") { timeouts.connect = span }
        if let span = map.duration("response") { timeouts.response = span }
        if let span = map.duration("idle") { timeouts.idle = span }
        if let span = map.duration("keep_alive") { timeouts.keepAlive = span }
        if let span = map.duration("body") { timeouts.body = span }
        if let span = map.duration("write") { timeouts.write = span }
        if let span = map.duration("tls") { timeouts.tls = span }
        if let span = map.duration("closing") { timeouts.closing = span }
        return timeouts
    }

    private func limits() -> Limits {
        var limits = Limits()
        guard let map = root.map("limits") else { return limits }
        if let size = map.size("head") { limits.head = Int(clamping: size) }
        if let count = map.integer("fields") { limits.fields = count }
        if let size = map.size("target") { limits.target = Int(clamping: size) }
        if let size = map.size("body") { limits.body = size }
        if let size = map.size("memory") { limits.memory = size }
        if let count = map.integer("connections") { limits.connections = count }
        if let count = map.integer("upgrades_in_flight") { limits.upgradesInFlight = count }
        if let count = map.integer("sessions") { limits.sessions = count }
        if let count = map.integer("sessions_per_address") { limits.sessionsPerAddress = count }
        if let count = map.integer("upgrades_per_second") { limits.upgradesPerSecond = count }
        if let count = map.integer("messages_per_second") { limits.messagesPerSecond = count }
        if let word: OnLimit = map.word("on_limit") { limits.onLimit = word }
        if let count = map.integer("queue_length") { limits.queueLength = count }
        if let span = map.duration("queue_wait") { limits.queueWait = span }
        return limits
    }

    private func websocket() -> WebSocketSettings {
        var settings = WebSocketSettings()
        guard let map = root.map("websocket") else { return settings }
        if let enforce = map.boolean("enforce") { settings.enforce = enforce }
        if let word: Invalid101 = map.word("invalid_101") { settings.invalid101 = word }
        if let size = map.size("message_limit") { settings.messageLimit = size }
        return settings
    }

    private func diagnosis() -> DiagnosisSettings {
        var settings = DiagnosisSettings()
        guard let map = root.map("diagnosis") else { return settings }
        if let word: ProbePolicy = map.word("probes") { settings.probes = word }
        if let count = map.integer("probe_limit") { settings.probeLimit = count }
        if let count = map.integer("probes_per_minute") { settings.probesPerMinute = count }
        settings.explainInClose = texts(map.list("explain_in_close"))
        return settings
    }

    private mutating func log() -> LogSettings {
        var settings = LogSettings()
        guard let map = root.map("log") else { return settings }
        if let word: LogFormat = map.word("format") { settings.format = word }
        switch map.text("output") {
        case "stdout"?, nil: settings.output = .standardOutput
        case "stderr"?: settings.output = .standardError
        case let path?: settings.output = .file(path)
        }
        if case .file(let path) = settings.output, let written = map.any("output") { check(.file, path, at: written) }
        if let frames = map.boolean("frames") { settings.frames = frames }
        if let count = map.integer("frame_bytes") { settings.frameBytes = count }
        settings.redactedFields = texts(map.map("redact")?.list("fields"))
        settings.redactedParameters = texts(map.map("redact")?.list("parameters"))
        if settings.frameBytes > 0, !settings.frames, let written = map.any("frame_bytes") {
            warn(
                written, "a number of bytes to show while log.frames is false", "log.frames: true with it",
                "set log.frames to true")
        }
        return settings
    }

    private mutating func drain() -> DrainSettings {
        var settings = DrainSettings()
        guard let map = root.map("drain") else { return settings }
        if let span = map.duration("window") { settings.window = span }
        if let span = map.duration("timeout") { settings.timeout = span }
        if let code = map.text("code").flatMap({ UInt16($0) }) { settings.notice.code = code }
        if let reason = map.text("reason") {
            settings.notice.reason = reason
            if reason.utf8.count > DrainNotice.longestReason, let written = map.any("reason") {
                report(
                    written, "a reason of \(reason.utf8.count) bytes", "at most \(DrainNotice.longestReason) bytes",
                    "a close frame has no room for more")
            }
        }
        if settings.window > settings.timeout, let written = map.any("window") ?? map.any("timeout") {
            let (window, timeout) = (DurationText.text(settings.window), DurationText.text(settings.timeout))
            report(
                written, "a window of \(window) and a timeout of \(timeout)", "a window that ends before the timeout",
                "sessions whose turn comes after the timeout would be cut off; lower drain.window or raise drain.timeout"
            )
        }
        return settings
    }

    private mutating func admin() -> AdminSettings {
        var settings = AdminSettings()
        guard let written = root.any("admin") else { return settings }
        if case .text = written.value { settings.listener = nil }
        guard case .map(let map) = written.value else { return settings }
        if let listen = map.any("listen") {
            if case .address(let address) = listen.value {
                settings.listener = address
            } else {
                settings.listener = nil
            }
        }
        settings.token = map.text("token").map(Secret.init)
        settings.publicPath = map.text("path")
        guard map.any("token") == nil else { return settings }
        let remedy = "set admin.token, best by GATEHOUSE_ADMIN_TOKEN (openssl rand -hex 24 makes one)"
        if let address = settings.listener, !address.isLoopback, let listen = map.any("listen") {
            report(
                listen, "\(address), which others can reach, without a token", "a loopback address, or a token",
                "\(remedy), or listen on 127.0.0.1:\(address.port)")
        }
        if settings.publicPath != nil, let path = map.any("path") {
            report(path, "a path on the public port without a token", "a path together with a token", remedy)
        }
        return settings
    }

    // MARK: Messages

    func texts(_ list: [Decoded]?) -> [String] {
        (list ?? []).compactMap { if case .text(let text) = $0.value { text } else { nil } }
    }

    mutating func report(_ place: Decoded, _ observed: String, _ expected: String, _ remedy: String? = nil) {
        problems.append(
            ConfigurationProblem(
                source: place.source, key: place.key, observed: observed, expected: expected, remedy: remedy))
    }

    mutating func warn(_ place: Decoded, _ observed: String, _ expected: String, _ remedy: String? = nil) {
        warnings.append(
            ConfigurationProblem(
                source: place.source, key: place.key, observed: observed, expected: expected, remedy: remedy))
    }
}
