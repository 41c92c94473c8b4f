public import Wire

/// Turns the workers' cells into Prometheus' text format (version 0.0.4): HELP, TYPE, samples.
public struct MetricsRegistry: Sendable {
    /// What is known about the process rather than about a worker.
    public struct Process: Sendable {
        public var version: String
        /// `uring` or `epoll`.
        public var io: String
        public var started: Timestamp
        /// Log lines lost (`LogWriter.lostLines`).
        public var logLinesLost: UInt64
        /// Whether the last reload of the configuration was taken up; true until there was one.
        public var lastReloadOK: Bool
        public var reloads: UInt64
        /// Whether the process drains.
        public var isDraining: Bool
        /// Hot restarts since a process began by itself.
        public var generation: Int
        /// Successors that came to nothing.
        public var restartsFailed: Int
        /// Memory that there is and that is taken, in bytes; and whether it is enough for new connections.
        public var memory: (limit: UInt64, used: UInt64, accepts: Bool) = (0, 0, true)
        /// Packets and bytes in the captures' files, and packets that were to be there.
        public var capture: (packets: UInt64, bytes: UInt64, dropped: UInt64) = (0, 0, 0)

        public init(
            version: String, io: String, started: Timestamp, logLinesLost: UInt64 = 0, lastReloadOK: Bool = true,
            reloads: UInt64 = 0, isDraining: Bool = false, generation: Int = 0, restartsFailed: Int = 0
        ) {
            self.version = version
            self.io = io
            self.started = started
            self.logLinesLost = logLinesLost
            self.lastReloadOK = lastReloadOK
            self.reloads = reloads
            self.isDraining = isDraining
            self.generation = generation
            self.restartsFailed = restartsFailed
        }
    }

    /// The content type of what `render` gives.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The metrics of all workers, summed, and those of the process.
    ///
    /// Safe on any thread: cells are atomics. The sums are not one instant's, as everywhere. Endpoints that no worker uses any more are told
    /// a last time, and then forgotten: else each reload that renames one would leave its cells behind, and a gauge that nobody sets.
    public static func render(_ workers: [WorkerMetrics], process: Process) -> [UInt8] {
        var text = MetricsText()
        for family in workers.first?.families ?? [] {
            text.head(family)
            text.samples(family, of: workers.map(\.slab), extra: [])
        }
        renderEndpoints(workers, into: &text)
        forgetEndpoints(workers)
        text.single(
            "log_lines_lost_total", "Log lines dropped because they could not be written.", "counter",
            process.logLinesLost)
        text.single(
            "config_last_reload_ok", "1 if the last reload of the configuration was taken up.", "gauge",
            process.lastReloadOK ? 1 : 0)
        text.single("config_reloads_total", "Reloads of the configuration.", "counter", process.reloads)
        text.single("draining", "1 while the process drains.", "gauge", process.isDraining ? 1 : 0)
        text.single(
            "restart_generation", "Hot restarts since a process began by itself.", "gauge", UInt64(clamping: process.generation))
        text.single(
            "restarts_failed_total", "Successors of this process that came to nothing.", "counter",
            UInt64(clamping: process.restartsFailed))
        text.single("capture_packets_total", "Packets written to captures.", "counter", process.capture.packets)
        text.single("capture_bytes_total", "Bytes written to captures.", "counter", process.capture.bytes)
        text.single(
            "capture_packets_dropped_total", "Packets that are missing in captures because the disk was slow or full.", "counter",
            process.capture.dropped)
        text.single(
            "memory_limit_bytes", "Memory that the process may take: the control group's, the machine's or the configured limit.",
            "gauge", process.memory.limit)
        text.single(
            "memory_used_bytes", "What is taken of it, without page cache that can be dropped.", "gauge", process.memory.used)
        text.single(
            "accepting", "0 while no connections are accepted because memory is short.", "gauge", process.memory.accepts ? 1 : 0)
        text.single("workers", "Event loops.", "gauge", UInt64(workers.count))
        text.single(
            "start_time_seconds", "When the process started, in seconds since the epoch.", "gauge",
            process.started.nanoseconds / 1_000_000_000)
        text.head(name: "build_info", help: "Version and I/O backend.", kind: "gauge")
        text.sample("build_info", "", [("version", process.version), ("io", process.io)], "1")
        return text.bytes
    }

    private static func renderEndpoints(_ workers: [WorkerMetrics], into text: inout MetricsText) {
        // An endpoint may be known to some workers only while a new configuration is taken up.
        var order: [[String]] = []
        var groups: [[String]: [EndpointMetrics]] = [:]
        for endpoint in workers.flatMap(\.namedEndpoints) {
            let key = [endpoint.cluster, endpoint.endpoint]
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(endpoint)
        }
        guard let first = order.first, let families = groups[first]?.first?.families else { return }
        for family in families {
            text.head(family)
            for key in order {
                text.samples(
                    family, of: (groups[key] ?? []).map(\.slab), extra: [("cluster", key[0]), ("endpoint", key[1])])
            }
        }
    }

    /// Forgets the endpoints that no worker uses. What one of them still does is left with all: a sum of fewer workers would be smaller, and
    /// read as a counter that began anew.
    private static func forgetEndpoints(_ workers: [WorkerMetrics]) {
        let named = workers.map { worker in Set(worker.namedEndpoints.map { [$0.cluster, $0.endpoint] }) }
        let used = zip(workers, named).reduce(into: Set<[String]>()) { used, pair in
            used.formUnion(pair.1.subtracting(pair.0.unusedEndpoints()))
        }
        for (worker, named) in zip(workers, named) {
            let unused = named.subtracting(used)
            if !unused.isEmpty { worker.forget(unused) }
        }
    }
}

/// The text under construction.
private struct MetricsText {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(32768) }

    mutating func head(_ family: MetricFamily) { head(name: family.name, help: family.help, kind: family.kind.name) }

    mutating func head(name: String, help: String, kind: String) {
        append("# HELP gatehouse_\(name) \(help)\n# TYPE gatehouse_\(name) \(kind)\n")
    }

    mutating func single(_ name: String, _ help: String, _ kind: String, _ value: UInt64) {
        head(name: name, help: help, kind: kind)
        sample(name, "", [], String(value))
    }

    /// One family over the slabs of all workers.
    mutating func samples(_ family: MetricFamily, of slabs: [MetricSlab], extra: [(String, String)]) {
        let combinations = family.labels.reduce(1) { $0 * $1.values.count }
        for combination in 0..<combinations {
            var labels: [(String, String)] = []
            var rest = combination
            for label in family.labels.reversed() {
                labels.insert((label.name, label.values[rest % label.values.count]), at: 0)
                rest /= label.values.count
            }
            labels = extra + labels
            let offset = family.offset + combination * family.kind.cells
            func sum(_ index: Int) -> UInt64 {
                slabs.reduce(0) { $0 &+ $1.value(at: offset + index) }
            }
            switch family.kind {
            case .counter:
                let value = sum(0)
                if value > 0 || !family.sparse { sample(family.name, "", labels, String(value)) }
            case .gauge:
                sample(family.name, "", labels, String(Int64(bitPattern: sum(0))))
            case .histogram(let bounds):
                histogram(family.name, labels, bounds, sum)
            }
        }
    }

    private mutating func histogram(
        _ name: String, _ labels: [(String, String)], _ bounds: MetricBounds, _ sum: (Int) -> UInt64
    ) {
        var total: UInt64 = 0
        for index in 0..<bounds.count {
            total &+= sum(index)
            sample(name, "_bucket", labels + [("le", seconds(bounds.nanoseconds[index]))], String(total))
        }
        total &+= sum(bounds.count)
        sample(name, "_bucket", labels + [("le", "+Inf")], String(total))
        sample(name, "_sum", labels, seconds(sum(bounds.count + 1)))
        sample(name, "_count", labels, String(total))
    }

    mutating func sample(_ name: String, _ suffix: String, _ labels: [(String, String)], _ value: String) {
        append("gatehouse_\(name)\(suffix)")
        for (index, label) in labels.enumerated() {
            append(index == 0 ? "{" : ",")
            append("\(label.0)=\"")
            appendEscaped(label.1)
            append("\"")
        }
        append(labels.isEmpty ? " \(value)\n" : "} \(value)\n")
    }

    /// Nanoseconds as seconds, without trailing zeros: `0.0025`, `60`.
    private func seconds(_ nanoseconds: UInt64) -> String {
        let whole = String(nanoseconds / 1_000_000_000)
        var fraction = String(1_000_000_000 + nanoseconds % 1_000_000_000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty ? whole : "\(whole).\(fraction)"
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// The format escapes backslash, quote and line feed in a label's value.
    private mutating func appendEscaped(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case 0x5C: append("\\\\")
            case 0x22: append("\\\"")
            case 0x0A: append("\\n")
            default: bytes.append(byte)
            }
        }
    }
}
