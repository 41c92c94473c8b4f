import CLinux
import CaptureFile
import Diagnosis
import Glibc
import TLSEngine
import Telemetry
import Wire

// One run of `capture`.
//
// The order of the opening is the point: the interface and the key log with the rights that the process came with; then the rights go; then
// the file comes into being, as the file of whoever looks at it later. From there on it is one loop on one thread: wait for packets, the new
// keys before them, each packet into the file and to the analyser, and what was encoded to the disk when no packet waits.

/// One run of `capture`: takes packets, tells what becomes of the sessions in them, and knows how it came out.
final class CaptureRun {
    private let options: CaptureOptions
    private let redaction: LogRedaction
    private let page: ReportPage
    private var summary = AnalysisSummary()
    private var taken: UInt64 = 0

    /// Packets that are taken before signals are looked at.
    private static let batch: Int32 = 4096
    /// How long packets are waited for before signals are looked at, in milliseconds.
    private static let pause: Int32 = 100

    init(_ options: CaptureOptions) {
        self.options = options
        var random = SecureRandom()
        redaction = LogRedaction(key: (random.next(), random.next()))
        page = ReportPage(hasColour: Terminal.hasColour && !options.isJSON, width: Terminal.width)
    }

    func run() throws(CommandFault) -> ExitCode {
        clinux_ignore_sigpipe()
        let source: PacketSource
        do throws(PacketSource.Fault) {
            source = try PacketSource(interface: options.interface, filter: options.filter)
        } catch {
            let sentence = error.sentence(interface: options.interface, filter: options.filter)
            if case .badFilter = error { throw CommandFault(sentence: sentence) }
            Terminal.note("gatehouse capture: \(sentence)")
            return .unreachable
        }
        let keyLog = try options.keyLog.map { (path) throws(CommandFault) in try KeyLogFollower(path: path) }
        let outcome = try Privileges.drop(to: options.user, environment: Terminal.environment)
        let file = try file(source)
        // From here on Ctrl-C ends the capture in good order.
        clinux_block_signals()
        told(source, outcome)

        let analyzer = CaptureAnalyzer(take: { session, _ in self.finished(session) })
        analyzer.opened = { [unowned self] in self.opened($0) }
        let startedAt = clinux_monotonic()
        let fault = loop(source, analyzer, file, keyLog, until: options.span.map { startedAt &+ $0.nanoseconds } ?? .max)
        analyzer.finish()
        let statistics = source.statistics
        file?.finish(statistics, at: Timestamp(nanoseconds: clinux_realtime()))
        report(analyzer, statistics, file, keyLog, seconds: Double(clinux_monotonic() - startedAt) / 1e9)
        if let fault {
            Terminal.note("gatehouse capture: \(options.interface) can't be captured any more: \(fault)")
            return .unreachable
        }
        if let fault = file?.fault { throw CommandFault(sentence: fault.sentence) }
        return summary.problems > 0 ? .problemFound : .success
    }

    private func file(_ source: PacketSource) throws(CommandFault) -> WireCapture? {
        guard let path = options.write else { return nil }
        do throws(OutputFile.Fault) {
            return WireCapture(
                try OutputFile(path, force: options.force), interface: options.interface, link: source.link, filter: options.filter,
                at: Timestamp(nanoseconds: clinux_realtime()))
        } catch {
            throw CommandFault(sentence: error.sentence)
        }
    }

    /// Takes packets until a signal, the time, the count or a fault ends it; the fault.
    private func loop(
        _ source: PacketSource, _ analyzer: CaptureAnalyzer, _ file: WireCapture?, _ keyLog: KeyLogFollower?, until deadline: UInt64
    ) -> String? {
        while true {
            let left = options.packets.map { $0 - taken } ?? .max
            let count = source.read(Int32(min(left, UInt64(CaptureRun.batch)))) { packet, bytes in
                taken += 1
                // A key is written before the first byte that it protects is sent, so it is there when the packet is.
                if let keyLog { file?.add(keys: keyLog.next()) }
                file?.add(packet, bytes)
                analyzer.take(packet, bytes)
            }
            file?.flush()
            guard let count else { return source.fault }
            if taken >= options.packets ?? .max || file?.fault != nil { return nil }
            let now = clinux_monotonic()
            if now >= deadline || [SIGINT, SIGTERM, SIGHUP].contains(clinux_wait_signal(0)) { return nil }
            if count < CaptureRun.batch {
                source.wait(Int32(min(UInt64(CaptureRun.pause), (deadline - now) / 1_000_000 + 1)))
            }
        }
    }

    // MARK: What is told

    private func told(_ source: PacketSource, _ outcome: Privileges.Outcome) {
        var words =
            "listening on \(options.interface) (\(CaptureRun.name(source.link))), \(page.visible(options.filter, redaction)); "
        words += options.write.map { "writing to \(page.visible($0, redaction)); " } ?? "writing no file; "
        switch outcome {
        case .became(let user, let group): words += "now user \(user), group \(group); "
        case .kept: words += "still root (--user NAME gives its rights up); "
        case .emptied: break
        }
        words += options.span.map { "for \(AnalysisReport.shown($0))" } ?? "until Ctrl-C"
        Terminal.note("gatehouse capture: \(words)")
    }

    private static func name(_ link: UInt16) -> String {
        switch LinkType(link) {
        case .ethernet: "Ethernet"
        case .linuxCooked: "Linux cooked"
        case .linuxCooked2: "Linux cooked 2"
        case .null, .loop: "loopback"
        case .rawIP: "raw IP"
        case .other(let number): "link type \(number), which isn't analysed"
        }
    }

    private func opened(_ session: OpenedSession) {
        if options.isJSON { return Terminal.write(String(decoding: session.json(redaction), as: UTF8.self)) }
        let request = session.observation.request.map { Redaction.target($0) } ?? "(request not captured)"
        Terminal.line(
            "\(AnalysisReport.clock(session.openedAt))  #\(session.number)  \(session.observation.client.address) → \(session.server)  \(page.visible(request, redaction))  \(page.ink("opened", .good))"
        )
    }

    private func finished(_ told: AnalyzedSession) {
        let session = summary.compared(told)
        let json = session.json(redaction)
        summary.add(session, json: json)
        if options.isJSON { return Terminal.write(String(decoding: json, as: UTF8.self)) }
        let row = AnalysisSummary.Row(session)
        Terminal.write(
            AnalysisReport.line(row, page, redaction, at: session.record == nil ? session.observation.openedAt : session.endedAt))
        if let verdict = session.verdict { Terminal.write(page.row("", page.visible(verdict.headline, redaction), .bad)) }
    }

    private func report(
        _ analyzer: CaptureAnalyzer, _ statistics: PacketSource.Statistics, _ file: WireCapture?, _ keyLog: KeyLogFollower?,
        seconds: Double
    ) {
        var report = AnalysisReport(
            files: [AnalysisReport.File(path: options.interface, kind: AnalysisReport.live)], summary: summary,
            counts: analyzer.counts,
            packets: analyzer.packetCounts, transport: analyzer.transportCounts, seconds: seconds)
        if statistics.dropped + statistics.droppedByInterface > 0 {
            report.furtherLimits.append(
                "\(statistics.dropped) packets were dropped by the kernel, whose buffer was full, and \(statistics.droppedByInterface) by the interface; a narrower --filter takes less"
            )
        }
        if let keyLog, keyLog.foreign > 0 {
            report.furtherLimits.append(
                "\(keyLog.foreign) lines of the key log are no keys and were left out; \(keyLog.keys) were taken")
        }
        if options.isJSON {
            Terminal.write(json(statistics, file, keyLog) + String(decoding: report.json(redaction), as: UTF8.self))
            return
        }
        var captured = "\(taken) packets; \(statistics.received) received, \(statistics.dropped) dropped by the kernel"
        if statistics.droppedByInterface > 0 { captured += ", \(statistics.droppedByInterface) by the interface" }
        if let file, let path = options.write {
            captured += "; \(AnalysisReport.size(file.bytes)) in \(page.visible(path, redaction))"
            if let keyLog { captured += ", with \(keyLog.keys) keys" }
        }
        Terminal.write("\n" + page.row("captured", captured) + report.text(page, redaction, listsAll: false, showsSessions: false))
    }

    private func json(_ statistics: PacketSource.Statistics, _ file: WireCapture?, _ keyLog: KeyLogFollower?) -> String {
        var line = LineBuffer(capacity: 1024)
        line.beginObject()
        line.field("event", constant: "capture")
        line.field("interface", options.interface)
        line.field("filter", options.filter)
        line.field("packets", taken)
        line.field("received", statistics.received)
        line.field("dropped", statistics.dropped)
        line.field("dropped_by_interface", statistics.droppedByInterface)
        if let file, let path = options.write {
            line.field("file", path)
            line.field("bytes", file.bytes)
        }
        if let keyLog { line.field("keys", keyLog.keys) }
        line.finish()
        return String(decoding: line.bytes(), as: UTF8.self)
    }
}
