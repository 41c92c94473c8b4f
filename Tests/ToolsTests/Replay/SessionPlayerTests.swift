import HTTPWire
import Testing
import WebSocketWire
import Wire

@testable import Tools

/// The schedule as dialogues: what is asked at which time, and what is to be done then.
@Suite struct SessionPlayerTests {
    private static let opened = Timestamp(nanoseconds: 1_000_000_000_000)
    private static func at(_ milliseconds: UInt64) -> Timestamp { opened + .milliseconds(milliseconds) }

    /// `>` is the client's message, `<` the server's, at so many milliseconds.
    private func session(_ lines: [(Character, UInt64)], _ ending: RecordedSession.Ending) -> RecordedSession {
        RecordedSession(
            number: 1, request: RequestHead(copy: Array("GET / HTTP/1.1\r\n\r\n".utf8)), startedAt: .zero, status: 101,
            messages: lines.map {
                RecordedSession.Message(
                    direction: $0.0 == ">" ? .clientToServer : .serverToClient, at: .milliseconds($0.1), opcode: .text, payload: [])
            }, ending: ending)
    }

    private func player(
        _ lines: [(Character, UInt64)], _ ending: RecordedSession.Ending = .unknown, pace: SessionPlayer.Pace = .time,
        speed: SessionPlayer.Speed = .times(1), isCutShort: Bool = false
    ) throws -> SessionPlayer {
        var session = session(lines, ending)
        session.isCutShort = isCutShort
        return SessionPlayer(
            SessionScript(session, try RewriteRules([])), pace: pace, speed: speed, patience: .seconds(5), openedAt: Self.opened)
    }

    @Test func `each message goes out at its recorded moment, whatever the server says`() throws {
        var player = try player([(">", 10), ("<", 12), (">", 500)])
        #expect(player.act(at: Self.at(0)) == .wait(until: Self.at(10)))
        #expect(player.act(at: Self.at(10)) == .send(0, due: Self.at(10)))
        #expect(player.act(at: Self.at(11)) == .wait(until: Self.at(500)))
        #expect(player.act(at: Self.at(501)) == .send(2, due: Self.at(500)))
    }

    @Test func `a speed of ten divides the moments by ten`() throws {
        var player = try player([(">", 100), (">", 1000)], speed: .times(10))
        #expect(player.act(at: Self.at(9)) == .wait(until: Self.at(10)))
        #expect(player.act(at: Self.at(10)) == .send(0, due: Self.at(10)))
        #expect(player.act(at: Self.at(10)) == .wait(until: Self.at(100)))
    }

    @Test func `in the pace of replies a message waits for those before it, then for the recorded pause`() throws {
        var player = try player([(">", 10), ("<", 30), (">", 50)], pace: .reply)
        #expect(player.act(at: Self.at(10)) == .send(0, due: Self.at(10)))
        // The recording's answer took 20 ms; five seconds more are given.
        #expect(player.act(at: Self.at(60)) == .wait(until: Self.at(5030)))
        player.received(at: Self.at(300))
        #expect(player.act(at: Self.at(300)) == .wait(until: Self.at(320)))
        #expect(player.act(at: Self.at(320)) == .send(2, due: Self.at(320)))
    }

    @Test func `at full speed in the pace of replies only the server is waited for`() throws {
        var player = try player([(">", 1000), ("<", 1001), (">", 9000)], pace: .reply, speed: .max)
        #expect(player.act(at: Self.at(0)) == .send(0, due: Self.at(0)))
        player.received(at: Self.at(3))
        #expect(player.act(at: Self.at(3)) == .send(2, due: Self.at(3)))
    }

    @Test func `the client's close waits for a server that is slower than in the recording`() throws {
        var player = try player([(">", 0), ("<", 5)], .client(code: 1001, at: .milliseconds(10), answer: 1001))
        #expect(player.act(at: Self.at(0)) == .send(0, due: Self.at(0)))
        #expect(player.act(at: Self.at(100)) == .wait(until: Self.at(5005)))
        player.received(at: Self.at(200))
        #expect(player.act(at: Self.at(200)) == .close(1001))
        #expect(player.act(at: Self.at(201)) == .wait(until: Self.at(5200)))
        #expect(player.act(at: Self.at(5200)) == .end)
    }

    @Test func `a server that stays silent is given up after its own pause and the patience`() throws {
        var player = try player([(">", 0), ("<", 30_000)], speed: .max)
        #expect(player.act(at: Self.at(0)) == .send(0, due: Self.at(0)))
        #expect(player.act(at: Self.at(20_000)) == .wait(until: Self.at(35_000)))
        #expect(player.act(at: Self.at(35_000)) == .close(1000))
        #expect(player.sent == player.total)
    }

    @Test func `where the server closed first its close is waited for`() throws {
        var player = try player([], .server(code: 1011))
        #expect(player.act(at: Self.at(0)) == .wait(until: Self.at(5000)))
        #expect(player.act(at: Self.at(5000)) == .close(1000))
    }

    @Test func `a recording without an end leaves a moment for what nobody recorded, however much that is`() throws {
        var player = try player([(">", 0), ("<", 1)])
        #expect(player.act(at: Self.at(0)) == .send(0, due: Self.at(0)))
        player.received(at: Self.at(1))
        #expect(player.act(at: Self.at(1)) == .wait(until: Self.at(101)))
        player.received(at: Self.at(50))
        #expect(player.act(at: Self.at(51)) == .wait(until: Self.at(101)))
        player.received(at: Self.at(100))
        #expect(player.act(at: Self.at(101)) == .close(1000))
    }

    @Test func `a server that keeps talking holds up neither the client's messages nor the end of the waiting`() throws {
        var player = try player([(">", 0), ("<", 1), (">", 31)], .server(code: 1011), pace: .reply)
        #expect(player.act(at: Self.at(0)) == .send(0, due: Self.at(0)))
        for moment in 1...29 { player.received(at: Self.at(UInt64(moment))) }
        #expect(player.act(at: Self.at(30)) == .wait(until: Self.at(31)))
        #expect(player.act(at: Self.at(31)) == .send(2, due: Self.at(31)))
        for moment in 32...5030 { player.received(at: Self.at(UInt64(moment))) }
        #expect(player.act(at: Self.at(5030)) == .wait(until: Self.at(5031)))
        #expect(player.act(at: Self.at(5031)) == .close(1000))
    }

    @Test func `a server that ended the connection in the recording gets its own time for it, and the patience`() throws {
        var crashed = session([(">", 0), ("<", 10)], .cut(by: .upstream))
        crashed.serverEndedAt = .seconds(60)
        var player = SessionPlayer(
            SessionScript(crashed, try RewriteRules([])), pace: .time, speed: .max, patience: .seconds(5), openedAt: Self.opened)
        #expect(player.act(at: Self.at(0)) == .send(0, due: Self.at(0)))
        player.received(at: Self.at(1))
        #expect(player.act(at: Self.at(2)) == .wait(until: Self.at(64_991)))
        #expect(player.act(at: Self.at(64_991)) == .close(1000))
    }

    @Test func `a load doesn't wait for the server to end what it ended in the recording`() throws {
        var crashed = session([(">", 0)], .cut(by: .upstream))
        crashed.serverEndedAt = .seconds(3600)
        var player = SessionPlayer(
            SessionScript(crashed, try RewriteRules([])), pace: .reply, speed: .max, patience: .seconds(5), settling: .zero,
            waitsForEnd: false, openedAt: Self.opened)
        #expect(player.act(at: Self.at(0)) == .send(0, due: Self.at(0)))
        #expect(player.act(at: Self.at(1)) == .close(1000))
    }

    @Test func `where the recording is cut short nobody waits for what it doesn't have`() throws {
        var player = try player([(">", 0), ("<", 1), (">", 2)], .cut(by: .downstream), pace: .reply, speed: .max, isCutShort: true)
        #expect(player.act(at: Self.at(0)) == .send(0, due: Self.at(0)))
        player.received(at: Self.at(1))
        #expect(player.act(at: Self.at(1)) == .send(2, due: Self.at(1)))
        #expect(player.act(at: Self.at(1)) == .close(1000))
    }

    @Test func `the queue of moments gives the earliest first`() {
        var queue = MomentQueue()
        for (index, moment) in ([5, 3, 9, 1, 3, 7, 0] as [UInt64]).enumerated() {
            queue.push(Timestamp(nanoseconds: moment), index)
        }
        var order: [UInt64] = []
        while let first = queue.pop() { order.append(first.at.nanoseconds) }
        #expect(order == [0, 1, 3, 3, 5, 7, 9])
        #expect(queue.first == nil)
    }
}
