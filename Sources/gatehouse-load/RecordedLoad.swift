import Tools

/// Load as it was recorded (`--from FILE`): replay's sessions in the place of one message over and over, with the same figures.
enum RecordedLoad {
    static func run(_ options: RunOptions, from file: String) throws(ReplayTraffic.Fault) -> LoadReport {
        let traffic = try ReplayTraffic(
            file, to: options.url, connections: options.connections, fields: options.fields.map { ($0.name, $0.values[0]) })
        var report = LoadReport()
        report.mode = "recorded"
        report.connections = options.connections
        report.idlePSS = ProcessFigures(of: options.processes).pss
        report.before = ProcessFigures(of: options.processes)
        let outcome = try traffic.run(seconds: options.seconds)
        report.after = ProcessFigures(of: options.processes)
        report.up = outcome.sessions
        report.errors = outcome.failures
        report.firstError = outcome.firstFailure
        report.units = Int(outcome.messagesSent + outcome.messagesReceived)
        report.seconds = outcome.seconds
        report.latencies = outcome.latencies
        return report
    }
}
