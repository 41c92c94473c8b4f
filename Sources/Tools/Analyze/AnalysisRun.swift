import CaptureFile
import Glibc
import TLSEngine
import Telemetry
import Wire

/// One run of `analyze`: reads the files, prints what was asked for, and knows how it came out.
final class AnalysisRun {
    private let options: AnalyzeOptions
    private let redaction: LogRedaction
    private let page: ReportPage
    private var summary = AnalysisSummary()
    private var shown = 0
    private var har: HARWriter?

    init(_ options: AnalyzeOptions) {
        self.options = options
        var random = SecureRandom()
        redaction = LogRedaction(key: (random.next(), random.next()))
        page = ReportPage(hasColour: Terminal.hasColour && !options.isJSON, width: Terminal.width)
    }

    func run() throws(CommandFault) -> ExitCode {
        // Before the work, so that nobody waits for a report that can't be written.
        var page: OutputFile?
        do throws(OutputFile.Fault) {
            var outputs = try OutputFile.together(
                [options.har, options.html].compactMap { $0 }, force: options.force, inputs: options.files)
            page = options.html == nil ? nil : outputs.popLast()
            har = outputs.first.map { HARWriter($0, version: Version.text, redaction) }
        } catch {
            throw CommandFault(sentence: error.sentence)
        }
        let analyzer = CaptureAnalyzer(
            wants: { [options] number, name in
                options.har != nil || (options.showsMessages && options.session?.means(number, name) ?? true)
            },
            take: { self.finished($0, $1) })
        let startedAt = ProgressBar.now()
        var files: [AnalysisReport.File] = []
        var couldNotRead = false
        for path in options.files {
            do throws(CommandFault) {
                if let text = try TextFile.open(path) {
                    let (kind, bytes) = read(text, analyzer)
                    files.append(AnalysisReport.File(path: path, kind: kind, bytes: bytes))
                    continue
                }
            } catch {
                couldNotRead = true
                files.append(AnalysisReport.File(path: path, fault: error.sentence))
                Terminal.note("gatehouse analyze: \(self.page.visible(error.sentence, redaction))")
                continue
            }
            do throws(CaptureFault) {
                let stream = try CaptureStream(path: path)
                let bar = ProgressBar(name: path, total: stream.length, isWanted: true)
                let ending = analyzer.read(stream) { bar.read($0) }
                bar.clear()
                if ending.packets == 0, let fault = ending.fault { throw fault }
                files.append(AnalysisReport.File(path: path, ending: ending))
            } catch {
                couldNotRead = true
                files.append(AnalysisReport.File(path: path, fault: error.description))
                Terminal.note(
                    "gatehouse analyze: \(self.page.visible(path, redaction)): \(self.page.visible(error.description, redaction))")
            }
        }
        analyzer.finish()
        let report = AnalysisReport(
            files: files, summary: summary, counts: analyzer.counts, packets: analyzer.packetCounts,
            transport: analyzer.transportCounts, seconds: Double(ProgressBar.now() - startedAt) / 1e9)
        har?.finish()
        var fault = har?.fault
        if let page {
            do throws(OutputFile.Fault) {
                try page.write(AnalysisPage(report: report, redaction: redaction).html)
            } catch {
                fault = fault ?? error
            }
            page.close()
        }
        if let fault { throw CommandFault(sentence: fault.sentence) }
        return tell(report, couldNotRead: couldNotRead)
    }

    /// Reads a file of JSON; what it was, and how long.
    private func read(_ text: TextFile, _ analyzer: CaptureAnalyzer) -> (kind: String, bytes: UInt64) {
        switch text {
        case .har(let file, let omissions):
            HARAnalysis.analyze(
                file, omissions, number: { analyzer.number() }, wants: { analyzer.wantsMessages(number: $0, session: nil) },
                budget: analyzer.budget, take: { finished($0, $1) })
            return ("HAR, \(file.sessions.count) WebSocket entries", UInt64(file.length))
        case .ledger(let file):
            var ledger = LedgerAnalysis()
            while let line = TextFile.line(of: file) {
                guard let value = LedgerValue(line), let told = ledger.take(value, number: analyzer.number) else { continue }
                summary.add(told.row, title: told.title, confidence: told.confidence, line: line)
            }
            let length = ftell(file)
            fclose(file)
            return ("ledger, \(ledger.lines) lines of sessions", UInt64(max(length, 0)))
        }
    }

    private func tell(_ report: AnalysisReport, couldNotRead: Bool) -> ExitCode {
        if options.isJSON {
            Terminal.write(String(decoding: report.json(redaction), as: UTF8.self))
        } else if options.session == nil, report.files.contains(where: { $0.fault == nil }) {
            Terminal.write(report.text(page, redaction, listsAll: options.listsAll))
        }
        if options.session != nil, shown == 0, !couldNotRead {
            let isLedger = report.files.contains { $0.kind?.hasPrefix("ledger") ?? false }
            let hint = isLedger ? "; one of a ledger is told by gatehouse bundle --session NAME --ledger FILE --write FILE" : ""
            Terminal.note(
                "gatehouse analyze: no such session among \(summary.count) handshake\(summary.count == 1 ? "" : "s")\(hint)")
            return .usage
        }
        if couldNotRead { return .unreachable }
        return summary.problems > 0 ? .problemFound : .success
    }

    /// A handshake or session is over.
    private func finished(_ told: AnalyzedSession, _ messages: MessageLog?) {
        let session = summary.compared(told)
        let json = session.json(redaction)
        let isWanted = options.session.map { $0.means(session.number, session.session) } ?? true
        summary.add(session, json: json)
        guard isWanted else { return }
        har?.add(session, messages)
        if options.isJSON {
            Terminal.write(String(decoding: json, as: UTF8.self))
        } else if options.session != nil || options.showsMessages {
            Terminal.write(SessionText.text(json, page))
        }
        if options.session != nil { shown += 1 }
        if options.showsMessages, let messages {
            Terminal.write(
                options.isJSON
                    ? String(decoding: messages.json(session.number, redaction), as: UTF8.self) : messages.text(page, redaction))
        }
    }
}
