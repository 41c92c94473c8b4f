import Diagnosis
import Glibc
import Testing
import Wire

@testable import Telemetry
@testable import Tools

@Suite struct ReportPageTests {
    @Test(arguments: [60, 80, 100, 120])
    func `a report keeps to the width of its page, the time line too`(columns: Int) throws {
        let page = ReportPage(hasColour: true, width: TextWidth(columns))
        var summary = AnalysisSummary()
        for second in 0..<60 as Range<UInt64> {
            summary.add(
                AnalysisSummary.Row(
                    number: second, name: "#\(second)", outcome: .closed,
                    time: Timestamp(nanoseconds: 1_000_000_000 * (second + 1)),
                    ends: SessionEnds(client: nil, server: nil), request: "/", end: ""), title: nil, confidence: nil, line: [])
        }
        let analyzer = CaptureAnalyzer { _, _ in }
        let report = AnalysisReport(
            files: [.init(path: "a.har", kind: "HAR", bytes: 1)], summary: summary, counts: analyzer.counts,
            packets: analyzer.packetCounts, transport: analyzer.transportCounts, seconds: 0)
        let text = report.text(page, LogRedaction(key: (1, 2)), listsAll: false, showsSessions: false)
        // Escape sequences take no room.
        let plain = text.replacing(/\u{1B}\[[0-9]*m/, with: "")
        for line in plain.split(separator: "\n") { #expect(line.count <= columns, "\(line)") }
        #expect(plain.contains("ended    █"), "the time line is there")
        #expect(plain.split(separator: "\n").filter { $0.contains("█") }.count == 1, "and stands in one line")
    }

    @Test func `where nobody looks on, the width is that of every script`() {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        #expect(TerminalWidth.of(ends[1]).columns == 100)
    }
}
