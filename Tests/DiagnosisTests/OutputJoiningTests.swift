import TestSupport
import Testing
import Wire

@testable import Diagnosis

/// Whose lines they are: a verdict that was right must never be replaced by somebody else's traceback or end.
@Suite struct `The backend's words go to nobody else` {
    typealias S = SessionScript
    typealias Book = `The casebook decides what is learnt later`

    static let died = "gatehouse: the backend's process ended with signal 9"

    static func at(_ milliseconds: UInt64) -> Timestamp { Vector.now + .milliseconds(milliseconds) }

    static func traceback(_ last: String, headline: String = "ERROR:    Exception in ASGI application") -> [String] {
        [headline, "Traceback (most recent call last):", "  File \"/app.py\", line 7, in handler", last]
    }

    static func hear(_ lines: [String], _ time: UInt64, _ casework: inout Casework) -> [Casework.Step] {
        lines.flatMap { casework.heard(bytes($0), at: at(time)) }
    }

    /// A casebook that knows one refusal, over 1000 ms after the tests' beginning.
    static func refused(_ status: String) throws -> Casework {
        var casework = Casework(probesPerMinute: 0)
        let (observation, verdict, end) = try Book.refusal(1, status: status)
        _ = casework.refused(observation, verdict, canBeProbed: false, at: end)
        return casework
    }

    // MARK: Refusals

    @Test(arguments: [100, 300] as [UInt64])
    func `a traceback beside another request's access line changes no refusal`(_ after: UInt64) throws {
        var casework = try Self.refused("403 Forbidden")
        let before = casework[SessionID(1)]?.verdict?.cause
        let lines = ["INFO:     127.0.0.1:5 - \"GET /boom HTTP/1.1\" 500 Internal Server Error"]
        var steps = Self.hear(lines + Self.traceback("ValueError: report generation failed"), 1000 + after, &casework)
        steps += casework.tick(Self.at(4000))
        #expect(Book.words(steps).isEmpty)
        #expect(casework[SessionID(1)]?.verdict?.cause == before)
    }

    @Test func `a traceback whose access line follows is that request's as well`() throws {
        var casework = try Self.refused("500 Internal Server Error")
        let lines = Self.traceback("ValueError: x", headline: "Traceback (most recent call last):")
        var steps = Self.hear(lines + ["127.0.0.1 - - [21/Nov/2026] \"GET /boom HTTP/1.1\" 500 -"], 1050, &casework)
        steps += casework.tick(Self.at(4000))
        #expect(Book.words(steps).isEmpty)
    }

    @Test func `a traceback long after the answer is about something else`() throws {
        var casework = try Self.refused("403 Forbidden")
        var steps = Self.hear(Self.traceback("ValueError: report generation failed"), 1300, &casework)
        steps += casework.tick(Self.at(4000))
        #expect(Book.words(steps).isEmpty)
    }

    @Test(arguments: ["403 Forbidden", "500 Internal Server Error"])
    func `a traceback before the answer is a failure before the accept, never one of an open session`(_ status: String) throws {
        var casework = try Self.refused(status)
        _ = Self.hear(Self.traceback("RuntimeError: database gone"), 995, &casework)
        _ = casework.tick(Self.at(1300))
        #expect(casework[SessionID(1)]?.signs.contains(.outputTraceback) == true)
        let verdict = try #require(casework[SessionID(1)]?.verdict)
        #expect(verdict.cause == .handlerCrashedBeforeAccept, "\(verdict)")
        #expect(!verdict.alternatives.contains { $0.cause == .handlerCrashed })
    }

    @Test func `the end of the process changes no answer`() throws {
        var casework = try Self.refused("403 Forbidden")
        var steps = Self.hear([Self.died], 1400, &casework)
        steps += casework.tick(Self.at(4000))
        #expect(Book.words(steps).isEmpty)
    }

    @Test func `a line that nobody claims is looked at now and then, and with each case that comes`() throws {
        var casework = Casework(probesPerMinute: 0)
        _ = Self.hear(["INFO:     127.0.0.1:5 - \"GET /other HTTP/1.1\" 404 Not Found"], 1100, &casework)
        _ = casework.tick(Self.at(1260))
        #expect(try #require(casework.due) >= Self.at(1400))
        let (observation, verdict, end) = try Book.refusal(1, status: "403 Forbidden")
        _ = casework.refused(observation, verdict, canBeProbed: false, at: end)
        #expect(try #require(casework.due) <= Self.at(1260))
        _ = casework.tick(Self.at(2300))
        #expect(casework.due == nil)
    }

    @Test(arguments: [false, true])
    func `what the backend logs of a probe of ours is no word about the refusal`(_ isProbed: Bool) throws {
        var casework = Casework(probesPerMinute: isProbed ? 1 : 0)
        let (observation, verdict, end) = try Book.refusal(1, path: "/api/chat")
        let steps = casework.refused(observation, verdict, canBeProbed: true, at: end)
        #expect(Book.words(steps) == (isProbed ? ["probe 1"] : []))
        if isProbed {
            var plan = ProbePlan(observation, options: ProbeOptions())
            while case .probe = plan.next() {
                plan.record(
                    ProbeOutcome(Vector.observation(Vector.request(), bytes("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")))
                )
            }
            _ = casework.probed(SessionID(1), plan, at: Self.at(1060))
        }
        _ = Self.hear(["INFO:     127.0.0.1:5 - \"WebSocket /chat\" 403"], 1030, &casework)
        _ = casework.tick(Self.at(1300))
        #expect(casework[SessionID(1)]?.signs.contains(.outputSawOtherPath) == !isProbed)
    }

    // MARK: Sessions

    @Test func `a close frame with a reason outlives the process and its tracebacks`() throws {
        var casework = Casework(probesPerMinute: 0)
        let record = try #require(
            SessionVector.open.server(S.close(1008, "Policy: token expired"), 1000).end(.upstream, .finished, 1001).record)
        _ = casework.ended(SessionID(2), record, route: "chat", endpoint: "e", path: bytes("/ws"), at: Self.at(1001))
        let before = casework[SessionID(2)]?.verdict
        var steps = Self.hear(Self.traceback("ValueError: x"), 990, &casework)
        steps += Self.hear([Self.died], 2500, &casework)
        steps += casework.tick(Self.at(4000))
        #expect(Book.words(steps).isEmpty)
        #expect(casework[SessionID(2)]?.verdict?.cause == before?.cause)
    }

    @Test func `of many exchanges in one moment none gets what could be another's`() throws {
        var casework = Casework(probesPerMinute: 0)
        for (number, path, status) in [
            (1, "/ws/nosuch", "403 Forbidden"), (2, "/ws/fail", "500 Internal Server Error"), (3, "/ws/deny", "403 Forbidden"),
        ] as [(UInt64, String, String)] {
            let (observation, verdict, end) = try Book.refusal(number, path: path, status: status)
            _ = casework.refused(observation, verdict, canBeProbed: false, at: end)
        }
        for number in 4...5 as ClosedRange<UInt64> {
            let record = try #require(SessionVector.open.end(.upstream, .finished, 900 + number).record)
            _ = casework.ended(SessionID(number), record, route: "chat", endpoint: "127.0.0.1:9000", at: Self.at(900 + number))
        }
        let before = (1...5).map { casework[SessionID($0)]?.verdict?.cause }
        var steps = Self.hear(Self.traceback("RuntimeError: database gone"), 890, &casework)
        steps += casework.tick(Self.at(1200))
        // The refusals were answered after the cuts: the process outlived them.
        steps += Self.hear([Self.died], 1800, &casework)
        steps += casework.tick(Self.at(4000))
        #expect((1...5).map { casework[SessionID($0)]?.verdict?.cause } == before, "\(Book.words(steps))")
    }

    @Test func `what was cut in the moment of the process's end is its end`() throws {
        var casework = Casework(probesPerMinute: 0)
        let record = try #require(Book.cut.record)
        _ = casework.ended(SessionID(1), record, route: "chat", endpoint: "e", at: Self.at(2000))
        _ = casework.ended(SessionID(2), record, route: "chat", endpoint: "e", at: Self.at(2700))
        var steps = Self.hear([Self.died], 2750, &casework)
        steps += casework.tick(Self.at(4000))
        #expect(Book.words(steps) == ["write 2 server-crashed likely"])
    }

    // MARK: Silence

    @Test func `where the output is read and says nothing, an end right after the accept is a return`() throws {
        let record = try #require(SessionVector.open.end(.upstream, .finished, 6).record)
        var casework = Casework(probesPerMinute: 0)
        _ = Self.hear(["INFO:     Application startup complete."], 0, &casework)
        _ = casework.ended(SessionID(1), record, route: "chat", endpoint: "e", at: Self.at(6))
        let due = try #require(casework.due)
        #expect(Book.words(casework.tick(due)) == ["write 1 handler-returned likely"])
        #expect(casework[SessionID(1)]?.verdict?.evidence.contains { $0.what == "backend output" } == true)
        #expect(casework.due == nil)
    }

    @Test func `with a traceback it is a failure, and with output that nobody reads it stays open`() throws {
        let record = try #require(SessionVector.open.end(.upstream, .finished, 6).record)
        var casework = Casework(probesPerMinute: 0)
        _ = casework.ended(SessionID(1), record, route: "chat", endpoint: "e", at: Self.at(6))
        #expect(casework.due == nil)
        casework = Casework(probesPerMinute: 0)
        _ = Self.hear(Self.traceback("RuntimeError: database gone"), 5, &casework)
        _ = casework.ended(SessionID(1), record, route: "chat", endpoint: "e", at: Self.at(6))
        _ = casework.tick(Self.at(300))
        _ = casework.tick(Self.at(3000))
        #expect(casework[SessionID(1)]?.verdict?.cause == .handlerCrashed)
    }
}
