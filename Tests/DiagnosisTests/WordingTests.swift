import TestSupport
import Testing
import Wire

@testable import Diagnosis

@Suite struct `Verdicts in the words of what was seen` {
    typealias S = SessionScript

    private var open: SessionScript { SessionVector.open }

    @Test(
        arguments: [
            (1008, "missing token", Cause.credentialsMissing), (4401, "missing token", .credentialsMissing),
            (4001, "auth timeout", .credentialsMissing), (4400, "login required", .credentialsMissing),
            (1008, "token expired", .tokenExpired), (4401, "session expired", .tokenExpired),
            (1008, "unexpected token < in JSON", .policyClose), (1008, "binary frames are not allowed", .policyClose),
            (4001, "room is full", .policyClose), (1003, "json only", .policyClose),
        ] as [(UInt16, String, Cause)])
    func `a close frame is told with its code and reason, and the reason leads`(_ code: UInt16, _ reason: String, _ cause: Cause)
        throws
    {
        let verdict = try #require(open.client(S.text("x"), 100).server(S.close(code, reason), 105).verdict)
        #expect(verdict.cause == cause && verdict.confidence == .likely, "\(verdict)")
        #expect(verdict.title.contains("closed with \(code): \"\(reason)\""), "\(verdict.title)")
    }

    @Test func `the same reason leads where the session was only watched`() throws {
        for code in [1008, 4401, 4400, 3000] as [UInt16] {
            let record = try #require(open.server(S.close(code, "missing token"), 3).record)
            let verdict = try #require(record.judged(with: [.onlyWatched]).verdict)
            #expect(verdict.cause == .credentialsMissing && verdict.confidence == .likely, "\(code): \(verdict)")
        }
    }

    @Test func `4001 without a word about credentials only may be about them`() throws {
        let verdict = try #require(open.server(S.close(4001, "room is full"), 900).verdict)
        #expect(!verdict.alternatives.contains { $0.cause == .credentialsMissing && $0.confidence == .likely }, "\(verdict)")
        #expect(!verdict.alternatives.contains { $0.because.contains("401") })
    }

    @Test func `1003 is a refused type of data, and who sent it has to change`() throws {
        let verdict = try #require(open.client(S.masked(0x82, [1, 2]), 100).server(S.close(1003), 105).verdict)
        #expect(verdict.title.contains("type of data") && verdict.title.contains("1003") && verdict.blame == .client)
        #expect(verdict.fix.contains { $0.contains("binary") } && verdict.cause != .protocolViolation)
    }

    @Test func `a secret in a reason is not in the title`() throws {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
        let verdict = try #require(open.server(S.close(4402, "no seat for \(token)"), 900).verdict)
        #expect(!verdict.title.contains(token) && verdict.title.contains("no seat"), "\(verdict.title)")
    }

    @Test func `a bare end behind the accept is a handler that failed or returned, and both are mended`() throws {
        let verdict = try #require(
            SessionScript(response: Vector.accepted("server: uvicorn")).end(.upstream, .finished, 6).verdict)
        #expect(verdict.title == "The handler ended right after its accept (failed or returned)")
        #expect(verdict.fix.contains { $0.contains("exception") } && verdict.fix.contains { $0.contains("loop") }, "\(verdict.fix)")
        let ended = try #require(verdict.evidence.first { $0.what == "transport" })
        #expect(ended.observed == "the server ended first (FIN) after 6 ms, without a close frame")
    }

    @Test func `a measured timer gives the interval, and is nobody's where nobody shows himself`() throws {
        let script = SessionScript(response: Vector.accepted("server: uvicorn")).end(.upstream, .finished, 10_000)
        let record = try #require(script.record)
        let verdict = try #require(record.judged(with: [.pingsKeepItAlive]).verdict)
        #expect(verdict.cause == .idleTimeout && verdict.confidence == .proven && verdict.blame == .unknown)
        #expect(verdict.fix.contains { $0.contains("interval: 5s") } && !verdict.fix.contains { $0.contains("interval: 25s") })
        #expect(!verdict.fix.contains { $0.contains("--ws-ping-interval 20") }, "\(verdict.fix)")
        let minute = try #require(
            open.client(S.text("x"), 500).server(S.text("x", client: false), 510).end(.upstream, .finished, 60_520).verdict)
        #expect(minute.fix.contains { $0.contains("interval: 25s") }, "half a minute is no need")
    }

    @Test func `the interval goes by the server's silence where the timer measured only that`() throws {
        // The client spoke 3.4 s before the end, the server 10 s before.
        let script = open.client(S.text("x"), 500).server(S.text("x", client: false), 510).client(S.text("x"), 7100)
        let verdict = try #require(script.end(.upstream, .finished, 10_510).verdict)
        #expect(verdict.cause == .idleTimeout, "\(verdict)")
        #expect(verdict.fix.contains { $0.contains("interval: 5s") } && !verdict.fix.contains { $0.contains("interval: 1s") })
        // Both had been silent for 10 s: the same timer, and the same interval.
        let both = try #require(
            open.client(S.text("x"), 500).server(S.text("x", client: false), 510).end(.upstream, .finished, 10_510).verdict)
        #expect(both.fix.contains { $0.contains("interval: 5s") }, "\(both.fix)")
    }

    @Test func `an answer that didn't come is told with the time in which it didn't`() throws {
        let verdict = try #require(Vector.judge(failure: .responseHeadTimedOut, after: .seconds(2)).verdict)
        #expect(verdict.title.hasSuffix("within 2.0 s"), "\(verdict.title)")
    }

    @Test func `the subprotocols that a body names are the first fix`() throws {
        let verdict = try #require(
            Vector.judge(
                Vector.request(adding: ["Sec-WebSocket-Protocol: soap"]), Vector.response("HTTP/1.1 400 Bad Request"),
                body: "Failed to open a WebSocket connection: invalid subprotocol; expected one of chat, v12.stomp.\n"
            ).verdict)
        #expect(verdict.cause == .subprotocolNoOverlap)
        #expect(verdict.fix.first?.hasSuffix("`chat`, `v12.stomp`") == true, "\(verdict.fix)")
    }

    @Test(
        arguments: [
            ("invalid subprotocol; expected one of chat, v12.stomp.", ["chat", "v12.stomp"]),
            ("Invalid subprotocol: expected one of the following: 'a.b', \"c\" or `d`", ["a.b", "c", "d"]),
            ("subprotocol, expected one of [mqtt, and amqp] (see the documentation)", ["mqtt", "amqp"]),
            ("{\"detail\":\"no subprotocol; expected one of chat\"}", ["chat"]),
            ("bad subprotocol, expected one of the following subprotocols: a, b", ["a", "b"]),
            ("bad subprotocol, expected one of these: a", ["a"]), ("bad subprotocol, expected one of these (a, b)", ["a", "b"]),
            ("bad subprotocol, expected one of chat, got: foo", ["chat"]), ("subprotocol; expected one of yours: foo", []),
            ("unknown subprotocol; expected one of the usual suspects", []), ("subprotocol; expected one of", []),
            ("subprotocol; expected one of chat, those that are known", ["chat"]), ("method; expected one of GET, POST", []),
            ("subprotocol bad\nexpected one of GET, POST", []), ("<p>bad subprotocol, expected one of chat</p>", ["chat"]),
        ] as [(String, [String])])
    func `only a list of subprotocols is read as one`(_ body: String, _ names: [String]) {
        #expect(NamedSubprotocols.read(Array(body.utf8)) == names)
    }

    @Test func `a plain request at uvicorn says both that may have made it one`() throws {
        let verdict = try #require(
            Vector.judge(
                Vector.request(),
                Vector.response("HTTP/1.1 404 Not Found", "date: x", "server: uvicorn", "content-type: application/json"),
                body: "{\"detail\":\"Not Found\"}"
            ).verdict)
        #expect(verdict.cause == .noWebsocketLibrary && verdict.confidence == .possible && verdict.blame == .unknown)
        #expect(verdict.fix.contains { $0.contains("Unsupported upgrade request") && $0.contains("dropped Upgrade") })
    }

    @Test func `a Gatehouse that isn't sure is not called sure`() throws {
        let answer = Vector.response(
            "HTTP/1.1 502 Bad Gateway", "Gatehouse-Verdict: upstream-refused; id=0bwr00000000t; confidence=possible")
        let verdict = try #require(Vector.judge(Vector.request(), answer, body: "{\"session\":\"0bwr00000000t\"}").verdict)
        #expect(verdict.answeredBy?.who == .gatehouse && verdict.confidence == .possible, "\(verdict)")
    }

    @Test func `what people have at hand finds causes`() throws {
        let abrupt = try #require(CauseCatalogue.candidates("1006"))
        #expect(abrupt.causes.contains(.idleTimeout) && abrupt.causes.contains(.handlerCrashed))
        #expect(CauseCatalogue.list(abrupt).contains("gatehouse diagnose URL"))
        #expect(CauseCatalogue.candidates("origin")?.causes.prefix(2) == [.originNotAllowed, .originNotSameHost])
        #expect(CauseCatalogue.candidates("1009")?.causes.first == .messageTooBig)
        #expect(CauseCatalogue.candidates("masked")?.causes.contains(.clientFramesUnmasked) == true)
        #expect(CauseCatalogue.candidates("xyzzy") == nil && CauseCatalogue.candidates("") == nil)
    }
}
