/// What a run has found, as one line of JSON.
struct LoadReport {
    var mode = ""
    var connections = 0
    var size = 0
    var window = 0
    var up = 0
    var errors = 0
    /// The first thing that went wrong, in words.
    var firstError: String?
    var units = 0
    var bytes: UInt64 = 0
    var seconds = 0.0
    /// Nanoseconds, in order.
    var latencies: [UInt64] = []
    /// Close frames by their code, and when the first and the last came.
    var closeCodes: [Int: Int] = [:]
    var firstClose: UInt64 = 0
    var lastClose: UInt64 = 0
    var before = ProcessFigures(of: [])
    var after = ProcessFigures(of: [])
    /// PSS before the first connection.
    var idlePSS = 0

    var json: String {
        let per = Double(max(units, 1))
        let cpu = Double(after.cpu &- before.cpu) / 1000 / per
        let user = Double(after.userTicks &- before.userTicks)
        let system = Double(after.systemTicks &- before.systemTicks)
        let share = user + system > 0 ? user / (user + system) : 0
        var fields: [(String, String)] = [
            ("mode", "\"\(mode)\""), ("conns", "\(connections)"), ("size", "\(size)"), ("window", "\(window)"),
            ("up", "\(up)"), ("errors", "\(errors)"), ("units", "\(units)"),
            ("per_s", fixed(Double(units) / seconds, 0)), ("mb_s", fixed(Double(bytes) / seconds / 1e6, 1)),
            ("p50_us", fixed(quantile(0.5), 0)), ("p99_us", fixed(quantile(0.99), 0)), ("max_us", fixed(quantile(1), 0)),
            ("cpu_us_per_unit", fixed(cpu, 3)), ("user_us", fixed(cpu * share, 3)), ("sys_us", fixed(cpu * (1 - share), 3)),
            ("pss_kb", "\(after.pss)"), ("kb_per_conn", fixed(Double(after.pss - idlePSS) / Double(max(connections, 1)), 2)),
        ]
        if !closeCodes.isEmpty {
            let codes = closeCodes.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
            fields.append(("close_codes", "{\(codes)}"))
            fields.append(("close_span_s", fixed(Double(lastClose - firstClose) / 1e9, 2)))
        }
        if let firstError { fields.append(("first_error", "\"\(firstError.filter { $0 != "\"" && $0 != "\\" })\"")) }
        return "{" + fields.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    /// Microseconds.
    private func quantile(_ share: Double) -> Double {
        guard !latencies.isEmpty else { return 0 }
        return Double(latencies[min(Int(Double(latencies.count) * share), latencies.count - 1)]) / 1000
    }

    private func fixed(_ number: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (abs(number) * scale).rounded()
        let sign = number < 0 && scaled > 0 ? "-" : ""
        guard scaled < 9e18 else { return "0" }
        let whole = UInt64(scaled)
        if digits == 0 { return "\(sign)\(whole)" }
        let fraction = String(whole % UInt64(scale))
        return "\(sign)\(whole / UInt64(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
