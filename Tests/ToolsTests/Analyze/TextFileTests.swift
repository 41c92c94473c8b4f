import CaptureFile
import Diagnosis
import TestSupport
import Testing
import Wire

@testable import Telemetry
@testable import Tools

@Suite struct TextFileTests {
    @Test func `a HAR that was written from a capture gives the same sessions again`() throws {
        let dialogue = Dialogue.all[2]
        let capture = try Dialogue.analyze(dialogue.wire(), wantsMessages: true)
        let original = try #require(capture.sessions.first)
        let written = try Dialogue.withTemporaryFile([]) { path in
            let writer = HARWriter(try OutputFile(path, force: true), version: "test", LogRedaction(key: (1, 2)))
            writer.add(original, capture.logs.first)
            writer.finish()
            guard case .har(let file, _)? = try TextFile.open(path) else { return nil as HARFile? }
            return file
        }
        var again: [AnalyzedSession] = []
        HARAnalysis.analyze(try #require(written), number: { 1 }, wants: { _ in false }) { session, _ in again.append(session) }
        let record = try #require(again.first?.record)
        #expect(record.downstream.messages == original.record?.downstream.messages)
        #expect(record.upstream.closeCode == 1011)
        #expect(record.upstream.closeReason == "internal error")
        #expect(record.verdict?.cause == original.verdict?.cause)
        #expect(again.first?.unseen.isEmpty == false)
    }

    @Test func `a ledger's lines give rows with the verdicts that stand in them`() throws {
        let lines = [
            #"{"time":"2026-01-31T12:00:00.000000Z","event":"session.opened","session":"0000000000001","client":{"address":"10.0.0.1:5"},"request":{"line":"GET /ws HTTP/1.1"}}"#,
            #"{"time":"2026-01-31T12:00:09.000000Z","event":"session.closed","session":"0000000000001","duration_ms":9000.0,"order":["upstream.close_frame 1011"],"downstream":{"messages":{"text":3,"binary":1}},"upstream":{"messages":{"text":2}},"verdict":{"cause":"handler-crashed","title":"It crashed","confidence":"likely"}}"#,
            #"{"event":"session.closed","session":"0000000000002","duration_ms":1e999,"verdict":{"cause":"nonsense"}}"#,
            #"{"event":"process.started"}"#,
        ]
        var ledger = LedgerAnalysis()
        var rows: [AnalysisSummary.Row] = []
        for line in lines {
            if let value = LedgerValue(Array(line.utf8)), let told = ledger.take(value, number: { 7 }) { rows.append(told.row) }
        }
        #expect(rows.map(\.cause) == [.handlerCrashed, nil])
        #expect(rows[0].request == "/ws")
        #expect(rows[0].ends == SessionEnds(client: "10.0.0.1:5", server: nil), "no line names a backend")
        #expect(rows[0].duration == .seconds(9))
        #expect(rows[0].messages?.client == 4)
        #expect(rows[0].time == CalendarTime.parse("2026-01-31T12:00:09Z"))
    }

    private func page(_ session: AnalyzedSession) -> String {
        let redaction = LogRedaction(key: (1, 2))
        let page = ReportPage(hasColour: false)
        return SessionText.text(session.json(redaction), page)
            + AnalysisReport.line(AnalysisSummary.Row(session), page, redaction, at: session.observation.openedAt)
    }

    @Test func `of a HAR's peers only what its URL says is shown, and never an address that nobody had`() throws {
        let har = #"""
            {"log":{"entries":[{"startedDateTime":"2026-01-31T12:00:00Z","_resourceType":"websocket",
             "request":{"method":"GET","url":"wss://u:geheim@app.example.com:8443/ws","headers":[]},"response":{"status":403,"headers":[]}}]}}
            """#
        let file = try #require(HARFile(Array(har.utf8)))
        #expect(file.length == har.utf8.count)
        var sessions: [AnalyzedSession] = []
        HARAnalysis.analyze(file, number: { 1 }, wants: { _ in false }) { session, _ in sessions.append(session) }
        let session = try #require(sessions.first)
        #expect(session.ends == SessionEnds(client: nil, server: "app.example.com:8443"))
        let text = page(session)
        #expect(text.contains("  → app.example.com:8443"))
        #expect(!text.contains("0.0.0.0") && !text.contains("geheim"))
    }

    @Test func `a report on a HAR says how long it was, and nothing of packets and connections`() throws {
        let capture = try Dialogue.analyze(Dialogue.all[0].wire())
        func report(_ file: AnalysisReport.File, _ analyzer: CaptureAnalyzer) -> (String, LedgerValue?) {
            let report = AnalysisReport(
                files: [file], summary: AnalysisSummary(), counts: analyzer.counts, packets: analyzer.packetCounts,
                transport: analyzer.transportCounts, seconds: 0)
            let redaction = LogRedaction(key: (1, 2))
            return (
                report.text(ReportPage(hasColour: false), redaction, listsAll: false),
                LedgerValue(Array(report.json(redaction).dropLast()))
            )
        }
        let har = report(.init(path: "a.har", kind: "HAR, 1 WebSocket entries", bytes: 5300), CaptureAnalyzer { _, _ in })
        #expect(har.0.contains("1 file, 5.3 kB\n"))
        #expect(!har.0.contains("packets") && !har.0.contains("connections"))
        #expect(har.1?["files"]?.elements.first?["bytes"]?.text == "5300")
        #expect(har.1?["connections"] == nil && har.1?["transport"] == nil)
        let packets = report(.init(path: "a.pcap", ending: capture.endings.first), capture.analyzer)
        #expect(packets.0.contains(" packets") && packets.0.contains(" in all"))
        #expect(packets.1?["connections"]?["all"]?.text == "\(capture.analyzer.transportCounts.connections)")
    }

    @Test func `what a ledger or a HAR calls its peers can't write on the terminal`() {
        let row = AnalysisSummary.Row(
            number: 1, name: "1", outcome: .closed, time: .zero, ends: SessionEnds(client: "\u{1B}[2J", server: "b\u{7}"),
            request: "/",
            end: "")
        let line = AnalysisReport.line(row, ReportPage(hasColour: false), LogRedaction(key: (1, 2)), at: .zero)
        #expect(!line.contains("\u{1B}") && !line.contains("\u{7}"))
        #expect(!line.contains("00:00:00"), "a time that isn't known is left out")
    }

    @Test func `JSON that is neither says so, and a capture is none`() throws {
        #expect(throws: CommandFault.self) {
            try Dialogue.withTemporaryFile(bytes("{\"a\": 1}")) { _ = try TextFile.open($0) }
        }
        let isNone = try Dialogue.withTemporaryFile(Dialogue.all[0].wire()) { try TextFile.open($0) == nil }
        #expect(isNone)
    }
}
