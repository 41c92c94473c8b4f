public import Wire

/// Lines about the process rather than about a session.
extension Ledger {
    public func processStarted(version: String, io: String, workers: Int, pid: Int32, at time: Timestamp) {
        write("process.started", at: time, message: "Gatehouse started") { line in
            line.field("version", version)
            line.field("io", io)
            line.field("workers", workers)
            line.field("pid", Int(pid))
        }
    }

    public func listenerReady(_ address: SocketAddress, at time: Timestamp) {
        write("listener.ready", at: time, message: "a listener accepts connections") {
            $0.field("address", address: address)
        }
    }

    public func adminReady(_ address: SocketAddress, at time: Timestamp) {
        write("admin.ready", at: time, message: "the admin endpoints are served") {
            $0.field("address", address: address)
        }
    }

    public func workerStarted(_ worker: Int, at time: Timestamp) {
        write("worker.started", at: time, message: "an event loop runs") { $0.field("worker", worker) }
    }

    public func configurationReloaded(file: String?, at time: Timestamp) {
        write("config.reloaded", at: time, message: "the new configuration is in force") { line in
            if let file { line.field("file", file) }
        }
    }

    /// Of the configuration that is in force now, some keys take effect only with a restart.
    ///
    /// - Parameter keys: Each with what goes on as it was.
    public func configurationNeedsRestart(_ keys: [(key: String, stays: String)], at time: Timestamp) {
        write(
            "config.needs_restart", level: .warning, at: time,
            message: "a reload can't put these keys in force: restart the process (SIGUSR2, or gatehouse restart) to have them"
        ) { line in
            line.beginArray("keys")
            for key in keys { line.element("\(key.key): \(key.stays)") }
            line.endArray()
        }
    }

    /// - Parameter errors: One sentence each, with file, line and suggestion.
    public func configurationRejected(errors: [String], at time: Timestamp) {
        write(
            "config.rejected", level: .error, at: time,
            message: "the new configuration has errors; the old one stays in force"
        ) { line in
            line.beginArray("errors")
            for error in errors { line.element(redacted: error, redaction) }
            line.endArray()
        }
    }

    public func processDraining(sessions: Int, at time: Timestamp) {
        write("process.draining", at: time, message: "no new sessions; open ones are being closed") {
            $0.field("sessions", sessions)
        }
    }

    public func drainProgress(sessions: Int, at time: Timestamp) {
        write("drain.progress", at: time, message: "sessions are being closed") { $0.field("sessions", sessions) }
    }

    public func processStopped(exit: Int32, at time: Timestamp) {
        write("process.stopped", at: time, message: "Gatehouse ends") { $0.field("exit", Int(exit)) }
    }

    /// Accepting stopped for a moment, because the system refuses more connections.
    public func listenerPaused(errno: Int32, at time: Timestamp) {
        write("listener.paused", level: .warning, at: time, message: "accepting pauses: no descriptors or memory left") {
            $0.field("errno", Int(errno))
        }
    }

    /// One worker begins to drain an endpoint.
    public func endpointDraining(
        _ endpoint: String, sessions: Int, window: TimeSpan, code: UInt16, worker: Int, at time: Timestamp
    ) {
        write(
            "endpoint.draining", at: time, message: "nothing new goes to this endpoint; its sessions are being closed"
        ) { line in
            line.field("endpoint", endpoint)
            line.field("sessions", sessions)
            line.field("window_ms", milliseconds: window)
            line.field("close_code", UInt64(code))
            line.field("worker", worker)
        }
    }

    public func endpointDrainProgress(_ endpoint: String, left: Int, worker: Int, at time: Timestamp) {
        write("endpoint.drain_progress", at: time, message: "an endpoint's sessions are being closed") { line in
            line.field("endpoint", endpoint)
            line.field("left", left)
            line.field("worker", worker)
        }
    }

    /// - Parameter cut: Sessions that had not ended at the timeout.
    public func endpointDrained(
        _ endpoint: String, sessions: Int, cut: Int, after duration: TimeSpan, worker: Int, at time: Timestamp
    ) {
        write("endpoint.drained", at: time, message: "an endpoint has no sessions of this worker's any more") { line in
            line.field("endpoint", endpoint)
            line.field("sessions", sessions)
            line.field("cut", cut)
            line.field("duration_ms", milliseconds: duration)
            line.field("worker", worker)
        }
    }

    public func endpointResumed(_ endpoint: String, worker: Int, at time: Timestamp) {
        write("endpoint.resumed", at: time, message: "an endpoint gets new sessions again") { line in
            line.field("endpoint", endpoint)
            line.field("worker", worker)
        }
    }

    /// `heartbeat.interval: auto` learnt that sessions of a route die of less silence than it allowed.
    public func heartbeatLearnt(
        route: String, interval: TimeSpan, before: TimeSpan, silence: TimeSpan, sessions: Int, worker: Int, at time: Timestamp
    ) {
        write(
            "heartbeat.learnt", at: time, message: "sessions of this route die of silence; pings come more often from now on"
        ) { line in
            line.field("route", route)
            line.field("interval_ms", milliseconds: interval)
            line.field("before_ms", milliseconds: before)
            line.field("silence_ms", milliseconds: silence)
            line.field("sessions", sessions)
            line.field("worker", worker)
        }
    }

    /// The configuration says `verify: false` for an upstream: said loudly at every start and reload.
    public func upstreamUnverified(cluster: String, endpoint: String, at time: Timestamp) {
        write(
            "upstream.unverified", level: .warning, at: time,
            message: "the certificate of this upstream is not verified: anybody on the way can read and change its traffic"
        ) { line in
            line.field("cluster", cluster)
            line.field("endpoint", endpoint)
        }
    }
}

/// Keys that tokens are checked with.
extension Ledger {
    /// The configuration says `verify: false` for a service that decides who gets in: said loudly at every start and reload.
    public func serviceUnverified(_ url: String, at time: Timestamp) {
        write(
            "service.unverified", level: .warning, at: time,
            message: "the certificate of this service is not verified: anybody on the way can answer in its place"
        ) { $0.field("url", url) }
    }

    /// Something is missing in the files that the configuration names, without which it works, but less well.
    public func configurationNotice(_ notice: String, at time: Timestamp) {
        write("config.notice", level: .warning, at: time, message: "a file that the configuration names lacks something") {
            $0.field("notice", redacted: notice, redaction)
        }
    }

    public func keysFetched(_ url: String, count: Int, notices: [String], at time: Timestamp) {
        write("keys.fetched", at: time, message: "a key set was fetched") { line in
            line.field("url", url)
            line.field("keys", count)
            if !notices.isEmpty {
                line.beginArray("notices")
                for notice in notices { line.element(redacted: notice, redaction) }
                line.endArray()
            }
        }
    }

    /// - Parameter keepsOld: whether there is a set from before, which stays in force.
    public func keysNotFetched(_ url: String, observed: String, expected: String, keepsOld: Bool, at time: Timestamp) {
        write(
            "keys.not_fetched", level: .warning, at: time,
            message: keepsOld
                ? "a key set could not be fetched; the old one stays in force"
                : "a key set could not be fetched; tokens are refused with 503"
        ) { line in
            line.field("url", url)
            line.field("observed", observed)
            line.field("expected", expected)
        }
    }
}
