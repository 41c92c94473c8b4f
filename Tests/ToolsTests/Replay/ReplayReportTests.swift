import Diagnosis
import HTTPWire
import Telemetry
import Testing
import Wire

@testable import Tools

/// What a replay came to, for people, programs and test runners.
@Suite struct ReplayReportTests {
    private let page = ReportPage(hasColour: false)

    private func recorded(_ target: String = "/ws", isRedacted: Bool = false) -> RecordedSession {
        var session = RecordedSession(
            number: 1, request: RequestHead(copy: Array("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)), startedAt: .zero,
            status: 101)
        session.hasRedactedHead = isRedacted
        return session
    }

    private func report(_ session: RecordedSession) -> ReplayReport {
        var report = ReplayReport(target: "ws://127.0.0.1:1")
        report.figures.sessions = 1
        report.add(session, PlayedSession(status: 101), [], 0)
        return report
    }

    /// The page in one line: where it is wrapped doesn't matter.
    private func text(_ report: ReplayReport) -> String {
        report.text(page, LogRedaction(key: (1, 2))).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    @Test func `a session that can't be played is no success, and an error for test runners`() {
        var report = report(recorded())
        #expect(report.exitCode == .success)
        #expect(text(report).contains("no difference"))
        report.skipped = [(2, "bytes of it are missing in the recording")]
        #expect(report.exitCode == .problemFound)
        let told = text(report)
        #expect(told.contains("1 could not be played") && told.contains("session 2: bytes of it are missing"), "\(told)")
        let xml = report.junit(page, LogRedaction(key: (1, 2)))
        #expect(xml.contains("tests=\"2\" failures=\"0\" errors=\"1\""), "\(xml)")
        #expect(xml.contains("<error type=\"not-played\" message=\"bytes of it are missing in the recording\"/>"), "\(xml)")
    }

    @Test func `counts for test runners are those of the sessions that are listed, and others are told of`() {
        let difference = SessionComparison.Difference(kind: .close, sentence: "it closed")
        var report = report(recorded())
        report.add(recorded(), PlayedSession(status: 101), [difference], 0)
        #expect(!report.junit(page, LogRedaction(key: (1, 2))).contains("not listed"))
        report.agreed += 5
        report.differing += 3
        let xml = report.junit(page, LogRedaction(key: (1, 2)))
        #expect(xml.contains("tests=\"2\" failures=\"1\" errors=\"0\""), "\(xml)")
        #expect(xml.contains("<system-out>8 more sessions are not listed, 3 of them with differences</system-out>"), "\(xml)")
    }

    @Test func `a session with differences is listed where one without is only counted`() throws {
        var report = report(recorded())
        let one = try #require(report.sessions.first)
        report.sessions = Array(repeating: one, count: ReplayReport.most)
        report.add(recorded(), PlayedSession(status: 101), [], 0)
        #expect(report.sessions.count == ReplayReport.most)
        report.add(recorded(), PlayedSession(status: 101), [SessionComparison.Difference(kind: .close, sentence: "it closed")], 0)
        #expect(report.sessions.count == ReplayReport.most + 1)
    }

    @Test func `a test case keeps its name from run to run, whatever secret the target has`() {
        let target = "/rooms/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U?token=abc"
        let keys: [(UInt64, UInt64)] = [(1, 2), (3, 4)]
        let names = keys.map { key in
            report(recorded(target)).junit(page, LogRedaction(key: key)).split(separator: "\n").first { $0.contains("<testcase") }
        }
        #expect(names[0] == names[1])
        #expect(names[0]?.contains("session 1 /rooms/") == true && names[0]?.contains("token") == false, "\(names)")
    }

    @Test func `a run that came to nothing is a suite with one error`() {
        let xml = ReplayReport.junit(failed: "a<b has no address")
        #expect(xml.contains("tests=\"1\" failures=\"0\" errors=\"1\""))
        #expect(xml.contains("message=\"a&lt;b has no address\"/>") && xml.hasSuffix("</testsuite>\n"), "\(xml)")
    }

    @Test func `heads without their secrets are told of, with what gives others`() {
        let redacted = text(report(recorded(isRedacted: true)))
        #expect(redacted.contains("--rewrite header:NAME=VALUE"), "\(redacted)")
        #expect(!text(report(recorded())).contains("--rewrite"))
        let json = String(decoding: report(recorded(isRedacted: true)).json(LogRedaction(key: (1, 2))), as: UTF8.self)
        #expect(json.contains("\"redacted_heads\":1"))
    }
}
