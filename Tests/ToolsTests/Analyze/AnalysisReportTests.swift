import Diagnosis
import Testing
import Wire

@testable import Telemetry
@testable import Tools

@Suite struct AnalysisReportTests {
    private let redaction = LogRedaction(key: (1, 2))

    /// Sessions as a ledger tells them: of each its cause and title, if something is wrong with it.
    private func report(_ verdicts: [(cause: Cause, title: String)?]) -> AnalysisReport {
        var summary = AnalysisSummary()
        for (index, verdict) in verdicts.enumerated() {
            let number = UInt64(index + 1)
            summary.add(
                AnalysisSummary.Row(
                    number: number, name: "576142w0000\(number < 10 ? "0" : "")\(number)",
                    outcome: verdict == nil ? .closed : .broken,
                    time: Timestamp(nanoseconds: number * 1_000_000_000), ends: SessionEnds(client: nil, server: nil), request: "/",
                    end: "", cause: verdict?.cause),
                title: verdict?.title, confidence: verdict == nil ? nil : .likely, line: [])
        }
        let analyzer = CaptureAnalyzer { _, _ in }
        return AnalysisReport(
            files: [.init(path: "ledger.jsonl", kind: "ledger", bytes: 1)], summary: summary, counts: analyzer.counts,
            packets: analyzer.packetCounts, transport: analyzer.transportCounts, seconds: 0)
    }

    private func text(_ report: AnalysisReport, listsAll: Bool = false) -> String {
        report.text(ReportPage(hasColour: false), redaction, listsAll: listsAll)
    }

    private func reason(_ word: String) -> (cause: Cause, title: String) {
        (.policyClose, "The server closed with 1008: \"\(word)\"")
    }

    // MARK: Causes

    @Test func `a cause whose sessions share a title is headed by it`() throws {
        let report = report([reason("too old"), reason("too old")])
        #expect(text(report).contains("2 × The server closed with 1008: \"too old\"\n"))
        let row = try #require(LedgerValue(Array(report.json(redaction).dropLast()))?["causes"]?.elements.first)
        #expect(row["title"]?.text == "The server closed with 1008: \"too old\"" && row["titles"] == nil)
    }

    @Test func `where reasons differ, no session's own is the heading, and each is told with its count`() throws {
        let report = report([reason("too old"), reason("no room"), reason("too old")])
        let title = CauseCatalogue.entry(.policyClose).title
        let text = text(report)
        #expect(text.contains("cause     3 × \(title)\n"))
        #expect(text.contains("2 × The server closed with 1008: \"too old\"\n"))
        #expect(text.contains("1 × The server closed with 1008: \"no room\"\n"))
        let row = try #require(LedgerValue(Array(report.json(redaction).dropLast()))?["causes"]?.elements.first)
        #expect(row["title"]?.text == title)
        #expect(row["titles"]?.elements.compactMap { $0["count"]?.text } == ["2", "1"])
    }

    @Test func `of many reasons the first few are told, and the rest is counted`() {
        let text = text(report((1...20).map { reason("seat \($0)") }))
        #expect(text.contains("seat 5\"") && !text.contains("seat 6\""))
        #expect(text.contains("15 × something else of the kind"))
    }

    // MARK: The list

    @Test func `a short list has every session, by the number that --session takes and its name`() {
        let text = text(report([nil, reason("too old")]))
        #expect(text.contains("    #1    576142w000001  ") && text.contains("    #2    576142w000002  "))
        #expect(!text.contains("--all"))
    }

    @Test func `a long list has what went wrong, and says how many --all lists besides`() {
        let report = report((0..<41).map { $0 == 6 ? reason("too old") : nil })
        let short = text(report)
        #expect(short.contains("#7 ") && !short.contains("#8 "))
        #expect(short.contains("not listed: 40, with which nothing is wrong; --all lists them"))
        let long = text(report, listsAll: true)
        for number in 1...41 { #expect(long.contains("    #\(number) "), "\(number)") }
        #expect(!long.contains("--all"))
    }

    @Test func `even of what went wrong a long list has the first only`() {
        let text = text(report((0..<50).map { $0 < 45 ? reason("too old") : nil }))
        #expect(text.contains("    #40 ") && !text.contains("    #41 "))
        #expect(text.contains("not listed: 5 that went wrong, 5 that didn't; --all lists them"))
    }
}
