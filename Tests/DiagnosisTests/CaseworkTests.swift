import TestSupport
import Testing
import Wire

@testable import Diagnosis

@Suite struct `The casebook decides what is learnt later` {
    typealias S = SessionScript

    /// A refusal with its verdict, under a session's number; it began 20 ms before it was over.
    static func refusal(_ number: UInt64, path: String = "/ws", status: String = "403 Forbidden", at: UInt64 = 1000) throws -> (
        HandshakeObservation, Verdict, Timestamp
    ) {
        let end = Vector.now + .milliseconds(at)
        let observation = HandshakeObservation(
            session: SessionID(number), openedAt: Vector.now + .milliseconds(at - 20),
            client: ClientFacts(address: SocketAddress(v4: 0x7F00_0001, port: 50_000)), route: "chat")
        let template = Vector.observation(
            Vector.request("GET \(path) HTTP/1.1"),
            Vector.response("HTTP/1.1 \(status)", "Content-Type: text/plain", "Connection: close"))
        observation.request = template.request
        observation.response = template.response
        observation.endpoint = "127.0.0.1:9000"
        return (observation, try #require(HandshakeJudge.judge(observation).verdict), end)
    }

    static func words(_ steps: [Casework.Step]) -> [String] {
        steps.map { step in
            switch step {
            case .probe(let session): "probe \(session.value)"
            case .check(let endpoint): "check \(endpoint)"
            case .write(let session, let verdict): "write \(session.value) \(verdict.cause.rawValue) \(verdict.confidence.rawValue)"
            }
        }
    }

    static let cut = SessionVector.open.client(S.text("x"), 100).server(S.text("y", client: false), 110)
        .end(.upstream, .finished, 2700)

    // MARK: Probes

    @Test func `one refusal of a kind is probed in a minute, the others are counted with it`() throws {
        var casework = Casework(probesPerMinute: 1)
        for number in 1...1000 as ClosedRange<UInt64> {
            let (observation, verdict, at) = try Self.refusal(number, at: 1000 + number)
            let steps = Self.words(casework.refused(observation, verdict, canBeProbed: true, at: at))
            #expect(steps == (number == 1 ? ["probe 1"] : []))
        }
        let group = try #require(casework.groups.ranked.first)
        #expect(casework.groups.ranked.count == 1 && group.count == 1000 && group.refusals == 1000)
        #expect(group.examples.map(\.value) == [1, 2, 3, 996, 997, 998, 999, 1000])
        #expect(group.last - group.first == .milliseconds(999))
        let (observation, verdict, _) = try Self.refusal(2000)
        #expect(
            Self.words(casework.refused(observation, verdict, canBeProbed: true, at: Vector.now + .seconds(70))) == ["probe 2000"])
    }

    @Test func `without leave, or without somebody to ask, nothing is probed`() throws {
        let (observation, verdict, at) = try Self.refusal(1)
        var silent = Casework(probesPerMinute: 0)
        #expect(silent.refused(observation, verdict, canBeProbed: true, at: at).isEmpty)
        var asking = Casework(probesPerMinute: 1)
        #expect(asking.refused(observation, verdict, canBeProbed: false, at: at).isEmpty)
    }

    // MARK: The backend's words

    @Test func `of two refusals a line of the access log goes to the one with its very path`() throws {
        var casework = Casework(probesPerMinute: 0)
        for (number, path) in [(1, "/ws"), (2, "/admin/ws")] as [(UInt64, String)] {
            let (observation, verdict, at) = try Self.refusal(number, path: path)
            #expect(casework.refused(observation, verdict, canBeProbed: false, at: at).isEmpty)
        }
        _ = casework.heard(bytes("INFO:     127.0.0.1:0 - \"WebSocket /ws\" 403"), at: Vector.now + .milliseconds(1000))
        _ = casework.heard(bytes("INFO:     127.0.0.1:0 - \"WebSocket /ws\" [accepted]"), at: Vector.now + .milliseconds(1001))
        _ = casework.tick(Vector.now + .milliseconds(3000))
        #expect(casework[SessionID(1)]?.signs.contains(.outputSawUpgrade) == true)
        #expect(casework[SessionID(2)]?.signs.contains(.outputSawOtherPath) == false)
    }

    static let notAccepted = bytes("ERROR:    ASGI callable returned without completing handshake.")

    @Test func `a line written before the answer belongs to the refusal that follows`() throws {
        var casework = Casework(probesPerMinute: 0)
        let (observation, verdict, at) = try Self.refusal(7, status: "500 Internal Server Error")
        #expect(casework.heard(Self.notAccepted, at: Vector.now + .milliseconds(995)).isEmpty)
        #expect(casework.refused(observation, verdict, canBeProbed: false, at: at).isEmpty)
        let due = try #require(casework.due)
        #expect(Self.words(casework.tick(due)) == ["write 7 accept-never-called proven"])
        #expect(casework[SessionID(7)]?.verdict?.evidence.contains { $0.what == "backend output" } == true)
        #expect(casework.groups.ranked.map(\.key.cause) == [.acceptNeverCalled])
    }

    @Test func `a line that comes long after, or long before, belongs to nobody`() throws {
        var casework = Casework(probesPerMinute: 0)
        let (observation, verdict, at) = try Self.refusal(7, status: "500 Internal Server Error", at: 10_000)
        _ = casework.heard(Self.notAccepted, at: Vector.now + .milliseconds(8000))
        _ = casework.refused(observation, verdict, canBeProbed: false, at: at)
        _ = casework.heard(Self.notAccepted, at: Vector.now + .milliseconds(13_000))
        #expect(casework.tick(Vector.now + .milliseconds(14_000)).isEmpty)
    }

    @Test func `of two refusals the one whose path is named gets the line`() throws {
        var casework = Casework(probesPerMinute: 0)
        for (number, path) in [(1, "/a"), (2, "/b")] as [(UInt64, String)] {
            let (observation, verdict, at) = try Self.refusal(number, path: path)
            _ = casework.refused(observation, verdict, canBeProbed: false, at: at)
        }
        _ = casework.heard(bytes("ValueError: No route found for path '/b'."), at: Vector.now + .milliseconds(1001))
        #expect(Self.words(casework.tick(Vector.now + .milliseconds(1300))).map { $0.prefix(8) } == ["write 2 "])
    }

    @Test func `a line that several different refusals could have caused is left out`() throws {
        var casework = Casework(probesPerMinute: 0)
        let (first, firstVerdict, at) = try Self.refusal(1, status: "500 Internal Server Error")
        let (second, secondVerdict, _) = try Self.refusal(2, status: "404 Not Found")
        _ = casework.refused(first, firstVerdict, canBeProbed: false, at: at)
        _ = casework.refused(second, secondVerdict, canBeProbed: false, at: at)
        _ = casework.heard(Self.notAccepted, at: Vector.now + .milliseconds(995))
        #expect(casework.tick(Vector.now + .milliseconds(1300)).isEmpty)
    }

    @Test func `a traceback is quoted with its last line, and joined to the session that broke`() throws {
        var casework = Casework(probesPerMinute: 0)
        let record = try #require(Self.cut.record)
        _ = casework.ended(SessionID(9), record, route: "chat", endpoint: "e", at: Vector.now + .milliseconds(2700))
        let lines = [
            "Traceback (most recent call last):", "  File \"/app.py\", line 7, in chat", "    data[\"token\"]",
            "    ~~~~^^^^^^^^^", "KeyError: 'token'",
        ]
        for line in lines { _ = casework.heard(bytes(line), at: Vector.now + .milliseconds(2695)) }
        #expect(Self.words(casework.tick(Vector.now + .milliseconds(3000))) == ["write 9 handler-crashed likely"])
        #expect(casework[SessionID(9)]?.verdict?.evidence.contains { $0.observed.hasSuffix("KeyError: 'token'") } == true)
    }

    @Test func `output that says nothing of handshakes is let go`() {
        var casework = Casework(probesPerMinute: 0)
        for _ in 0..<10_000 {
            #expect(casework.heard(bytes("INFO: 127.0.0.1:5 - \"GET / HTTP/1.1\" 200 OK"), at: Vector.now).isEmpty)
        }
        #expect(casework.due == nil)
    }

    // MARK: Ends

    @Test func `after a cut one new connection is made, and refusing it means a crash`() throws {
        var casework = Casework(probesPerMinute: 1)
        let record = try #require(Self.cut.record)
        let end = Vector.now + .milliseconds(2700)
        #expect(casework.ended(SessionID(9), record, route: "chat", endpoint: "127.0.0.1:9000", at: end).isEmpty)
        _ = casework.ended(SessionID(10), record, route: "chat", endpoint: "127.0.0.1:9000", at: end)
        let due = try #require(casework.due)
        #expect(due == end + Casework.checkDelay)
        #expect(Self.words(casework.tick(due)) == ["check 127.0.0.1:9000"])
        #expect(casework.tick(due + .seconds(1)).isEmpty)
        let steps = Self.words(casework.checked("127.0.0.1:9000", accepts: false, words: "refused (errno 111)", at: due))
        #expect(steps == ["write 9 server-crashed likely", "write 10 server-crashed likely"])
    }

    @Test func `a server that still takes connections has not crashed`() throws {
        var casework = Casework(probesPerMinute: 1)
        let record = try #require(Self.cut.record)
        let end = Vector.now + .milliseconds(2700)
        _ = casework.ended(SessionID(9), record, route: "chat", endpoint: "e", at: end)
        _ = casework.tick(end + .seconds(1))
        _ = casework.checked("e", accepts: true, words: "taken", at: end + .seconds(1))
        #expect(casework[SessionID(9)]?.verdict?.cause != .serverCrashed)
    }

    @Test func `without leave to probe no connection is made, but one that was refused tells the same`() throws {
        var casework = Casework(probesPerMinute: 0)
        let record = try #require(Self.cut.record)
        let end = Vector.now + .milliseconds(2700)
        _ = casework.ended(SessionID(9), record, route: "chat", endpoint: "127.0.0.1:9000", at: end)
        #expect(casework.due == nil)
        let observation = Vector.observation(Vector.request(), nil, failure: .upstreamRefused(errno: 111))
        observation.endpoint = "127.0.0.1:9000"
        let verdict = try #require(HandshakeJudge.judge(observation).verdict)
        let steps = Self.words(casework.refused(observation, verdict, canBeProbed: false, at: end + .seconds(1)))
        #expect(steps == ["write 9 server-crashed likely"])
    }

    @Test func `the third end after the same silence tells the first two as well`() throws {
        var casework = Casework(probesPerMinute: 0)
        var steps: [Casework.Step] = []
        for (number, age) in [(1, 71_000), (2, 95_000), (3, 140_000)] as [(UInt64, UInt64)] {
            let record = try `Ends of many sessions show timers, limits and restarts`.cut(age: age, silence: 47_300 + number)
            steps = casework.ended(SessionID(number), record, route: "chat", endpoint: "e", at: Vector.now + .milliseconds(age))
        }
        #expect(Self.words(steps) == ["write 1 idle-timeout likely", "write 2 idle-timeout likely", "write 3 idle-timeout likely"])
        #expect(casework[SessionID(1)]?.verdict?.evidence.contains { $0.observed.contains("3 of 3 ended 47.3") } == true)
    }

    @Test func `what is remembered is bounded`() throws {
        var casework = Casework(probesPerMinute: 0)
        for number in 1...2000 as ClosedRange<UInt64> {
            let (observation, verdict, at) = try Self.refusal(number, at: 1000 + number)
            _ = casework.refused(observation, verdict, canBeProbed: false, at: at)
        }
        #expect(casework[SessionID(1)] == nil && casework[SessionID(2000)] != nil)
        #expect(casework[SessionID(UInt64(2000 - Casework.caseLimit))] == nil)
    }

    @Test func `groups beyond the limit are let go and counted`() throws {
        var groups = CauseGroups()
        let (_, verdict, _) = try Self.refusal(1)
        for number in 0..<300 as Range<UInt64> {
            groups.add(.refusal, SessionID(number), verdict, route: "r\(number)", at: Vector.now + .seconds(number))
        }
        #expect(groups.ranked.count == CauseGroups.limit && groups.forgotten == 44)
    }
}
