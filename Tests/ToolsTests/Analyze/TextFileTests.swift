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
            guard case .har(let file)? = try TextFile.open(path) else { return nil as HARFile? }
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
        #expect(rows[0].client == "10.0.0.1:5")
        #expect(rows[0].duration == .seconds(9))
        #expect(rows[0].messages?.client == 4)
        #expect(rows[0].time == CalendarTime.parse("2026-01-31T12:00:09Z"))
    }

    @Test func `JSON that is neither says so, and a capture is none`() throws {
        #expect(throws: CommandFault.self) {
            try Dialogue.withTemporaryFile(bytes("{\"a\": 1}")) { _ = try TextFile.open($0) }
        }
        let isNone = try Dialogue.withTemporaryFile(Dialogue.all[0].wire()) { try TextFile.open($0) == nil }
        #expect(isNone)
    }
}
