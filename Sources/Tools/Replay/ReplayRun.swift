import EventLoop
import Probing
import TLSEngine
import Telemetry
import Wire

/// One run of `replay`: reads the recording, plays it, prints what was asked for.
final class ReplayRun {
    private let options: ReplayOptions
    private let redaction: LogRedaction
    private let page: ReportPage

    init(_ options: ReplayOptions) {
        self.options = options
        var random = SecureRandom()
        redaction = LogRedaction(key: (random.next(), random.next()))
        page = ReportPage(hasColour: Terminal.hasColour && !options.isJSON, width: Terminal.width)
    }

    func run() throws(CommandFault) -> ExitCode {
        let reader = RecordingReader(wanted: options.sessions)
        try reader.read(options.files)
        var report = ReplayReport(
            target: "\(options.place.isSecure ? "wss" : "ws")://\(options.place.authority)", skipped: reader.skipped)
        guard !reader.sessions.isEmpty else {
            throw CommandFault(
                sentence: reader.skipped.first.map { "nothing can be replayed: session \($0.number): \($0.why)" }
                    ?? "the recording has no such session; gatehouse analyze --all lists what it has")
        }
        let context = try context()
        let address = try address()
        // Before the work, so that nobody waits for a report that can't be written; and without an address nothing is recorded.
        let (junit, record) = try outputs(records: address != nil)
        guard let address else {
            if let junit { try write(ReplayReport.junit(failed: "\(options.place.host) has no address"), to: junit) }
            return .unreachable
        }
        let capture = record.map { ReplayCapture($0, server: address) }
        let comparison = SessionComparison(
            rules: options.rules, expectedStatus: options.expectedStatus, comparesCompression: !options.isPlain)
        do throws(LoopFailure) {
            let driver = try ReplayDriver(reader.sessions, options, to: address, context, capture: capture) {
                recorded, played, learnt, turn in
                report.add(recorded, played, comparison.differences(recorded, played, learnt), turn)
            }
            driver.run()
            report.figures = driver.figures
        } catch {
            throw CommandFault(sentence: "\(error)")
        }
        report.sessions.sort { ($0.repetition, $0.number) < ($1.repetition, $1.number) }
        capture?.finish()
        var fault = capture?.fault?.sentence
        if let junit {
            do throws(CommandFault) {
                try write(report.junit(page, redaction), to: junit)
            } catch {
                fault = fault ?? error.sentence
            }
        }
        if options.isJSON {
            Terminal.write(String(decoding: report.json(redaction), as: UTF8.self))
        } else {
            Terminal.write(report.text(page, redaction))
        }
        if let fault { throw CommandFault(sentence: fault) }
        return report.exitCode
    }

    private func outputs(records: Bool) throws(CommandFault) -> (junit: OutputFile?, record: OutputFile?) {
        let recordPath = records ? options.record : nil
        do throws(OutputFile.Fault) {
            var files = try OutputFile.together(
                [options.junit, recordPath].compactMap { $0 }, force: options.force, inputs: options.files)
            let record = recordPath == nil ? nil : files.popLast()
            return (files.first, record)
        } catch {
            throw CommandFault(sentence: error.sentence)
        }
    }

    private func write(_ text: String, to file: OutputFile) throws(CommandFault) {
        defer { file.close() }
        do throws(OutputFile.Fault) { try file.write(text) } catch { throw CommandFault(sentence: error.sentence) }
    }

    /// How the target is spoken to; nil for plain.
    private func context() throws(CommandFault) -> TLSContext? {
        guard options.place.isSecure else { return nil }
        do throws(TLSContextError) {
            return try TLSContext.client(TLSContext.ClientOptions(ca: options.ca, verifies: !options.isInsecure))
        } catch {
            throw CommandFault(sentence: "\(error)")
        }
    }

    /// The target's address; nil where its name has none.
    private func address() throws(CommandFault) -> SocketAddress? {
        let place = options.place
        if let host = SocketAddress(host: place.host[...]) {
            return SocketAddress(high: host.high, low: host.low, port: place.port)
        }
        switch NameLookup.addresses(of: place.host, port: place.port, until: .after(options.patience)) {
        case .addresses(let found) where !found.isEmpty:
            // The first that accepts; a replay is no diagnosis of the addresses.
            for address in found {
                if case .open = HandshakeConnection.open(address, until: .after(.seconds(2))) { return address }
            }
            return found.first
        case .failed(let words): Terminal.note("gatehouse replay: \(place.host) has no address: \(words)")
        case .addresses, .timedOut: Terminal.note("gatehouse replay: \(place.host) has no address")
        }
        return nil
    }
}
