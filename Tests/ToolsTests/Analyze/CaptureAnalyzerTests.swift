import CaptureFile
import Diagnosis
import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import Tools

@Suite struct CaptureAnalyzerTests {
    @Test(arguments: Dialogue.all)
    func `a dialogue's verdict and findings are the same live, from the wire and from the tap`(_ dialogue: Dialogue) throws {
        let live = dialogue.live()
        let judgement = HandshakeJudge.judge(live.handshake)
        for (name, file) in [
            ("wire", dialogue.wire()), ("wire, byte by byte", dialogue.wire(cutting: 1)), ("tap", dialogue.tap()),
        ] {
            let analysis = try Dialogue.analyze(file)
            let session = try #require(analysis.sessions.first, "\(name): no session")
            #expect(analysis.sessions.count == 1, "\(name)")
            #expect(session.judgement.verdict == judgement.verdict, "\(name)")
            #expect(session.judgement.findings == judgement.findings, "\(name)")
            #expect((session.record == nil) == (live.record == nil), "\(name)")
            guard let record = session.record, let expected = live.record else { continue }
            #expect(record.verdict == expected.verdict, "\(name)")
            #expect(record.findings == expected.findings, "\(name)")
            #expect(record.order == expected.order, "\(name)")
            #expect(record.first == expected.first, "\(name)")
            #expect(record.endedAfter == expected.endedAfter, "\(name)")
            for (one, other) in [(record.downstream, expected.downstream), (record.upstream, expected.upstream)] {
                #expect(one.counts == other.counts, "\(name)")
                #expect(one.messages == other.messages, "\(name)")
                #expect(one.bytes == other.bytes, "\(name)")
                #expect(one.closeCode == other.closeCode, "\(name)")
                #expect(one.end == other.end, "\(name)")
                #expect(one.fault == other.fault, "\(name)")
                #expect(one.idle == other.idle, "\(name)")
            }
        }
    }

    @Test func `Gatehouse's own ends are its own in a capture of its tap`() throws {
        let dialogue = Dialogue.open(
            "drained", Dialogue.request(), Dialogue.accepted(), (10, .client(Dialogue.masked(0x81, bytes("x")))),
            (500, .local(.downstream, .drain, 1001)), (501, .local(.upstream, .drain, 1001)))
        let live = try #require(dialogue.live().record)
        let session = try #require(try Dialogue.analyze(dialogue.tap(SessionID(4711))).sessions.first)
        #expect(session.record?.order == live.order)
        #expect(session.record?.first == .gatehouse)
        #expect(session.record?.downstream.sentCode == 1001)
        #expect(session.record?.verdict == live.verdict)
        #expect(session.session == SessionID(4711))
    }

    @Test func `a gap is never blamed on a peer`() throws {
        let dialogue = Dialogue.open(
            "gap", Dialogue.request(), Dialogue.accepted(), (10, .client(Dialogue.masked(0x81, bytes("x")))),
            (20, .lost(.serverToClient, 500)),
            (30, .server(bytes("not at a frame's border"))), (40, .end(.upstream, .finished)), (41, .end(.downstream, .finished)))
        let session = try #require(try Dialogue.analyze(dialogue.wire()).sessions.first)
        #expect(session.record?.upstream.fault == nil)
        #expect(session.verdict == nil)
        #expect(session.facts.missing.server == 500)
        #expect(session.unseen.contains { $0.contains("a close frame may be among the missing bytes") })
    }

    @Test func `a gap inside a payload keeps the place, and the verdict`() throws {
        let message = Dialogue.unmasked(0x82, [UInt8](repeating: 1, count: 1000))
        let dialogue = Dialogue.open(
            "gap", Dialogue.request(), Dialogue.accepted(), (10, .server(Array(message[..<500]))),
            (11, .lost(.serverToClient, 300)),
            (12, .server(Array(message[800...]))), (20, .server(Dialogue.unmasked(0x88, Dialogue.close(1011, "boom")))),
            (21, .end(.upstream, .finished)))
        let session = try #require(try Dialogue.analyze(dialogue.wire()).sessions.first)
        #expect(session.record?.upstream.messages == 1)
        #expect(session.record?.upstream.closeCode == 1011)
        #expect(session.verdict?.cause == .handlerCrashed)
    }

    @Test func `a file that is cut gives the sessions up to there, and says that the end isn't in it`() throws {
        let file = Dialogue.all[0].wire()
        let analysis = try Dialogue.analyze(Array(file.dropLast(300)))
        let session = try #require(analysis.sessions.first)
        #expect(session.unseen.contains("the capture ends before the connection does"))
        #expect(analysis.endings[0].leftover > 0)
        #expect(analysis.endings[0].fault == nil)
        // Wherever it is cut, nothing is invented.
        for length in stride(from: 0, to: file.count, by: 41) {
            let analysis = try Dialogue.analyze(Array(file[..<length]))
            #expect(analysis.sessions.count <= 1)
            #expect(analysis.sessions.first?.verdict == nil)
        }
    }

    @Test func `a capture without the handshake's request judges the session and not the handshake`() throws {
        var dialogue = Dialogue.all[2]
        dialogue.lines[0] = (0, .lost(.clientToServer, 200))
        let session = try #require(try Dialogue.analyze(dialogue.wire()).sessions.first)
        #expect(session.observation.request == nil)
        #expect(session.judgement.verdict == nil)
        #expect(session.record?.upstream.closeCode == 1011)
        #expect(session.unseen.contains { $0.contains("the request is not in the capture") })
    }

    @Test func `messages are told with their content, inflated where they are compressed`() throws {
        let deflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
        // RFC 7692 §7.2.3.1: "Hello", compressed.
        let hello = bytes(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00)
        let dialogue = Dialogue.open(
            "messages", Dialogue.request(deflate), Dialogue.accepted(deflate), (10, .client(Dialogue.masked(0xC1, hello))),
            (11, .server(Dialogue.unmasked(0x89, bytes("p")))), (12, .client(Dialogue.masked(0x8A, bytes("p")))),
            (13, .server(Dialogue.unmasked(0x01, bytes("two ")))), (14, .server(Dialogue.unmasked(0x80, bytes("parts")))),
            (20, .server(Dialogue.unmasked(0x88, Dialogue.close(1000, "bye")))))
        let analysis = try Dialogue.analyze(dialogue.wire(), wantsMessages: true)
        let log = try #require(analysis.logs.first)
        let told = log.entries.filter { $0.message.opcode != .close }.map {
            "\($0.direction.name) \($0.message.opcode.name) \(String(decoding: $0.message.excerpt, as: UTF8.self))"
        }
        #expect(
            told == [
                "client_to_server text Hello", "server_to_client ping p", "client_to_server pong p",
                "server_to_client text two parts",
            ])
        #expect(log.entries.last?.message.excerpt == Dialogue.close(1000, "bye"))
        #expect(log.entries.map(\.message.fragments) == [1, 1, 1, 2, 1])
        #expect(analysis.sessions.first?.facts.heartbeats.server.pings == 1)
        #expect(analysis.sessions.first?.facts.heartbeats.server.meanRoundTrip == .milliseconds(1))
    }

    @Test func `ordinary requests on the same connection are read over, an upgrade after them is found`() throws {
        var dialogue = Dialogue(description: "kept alive", lines: [])
        dialogue.lines = [
            (
                0,
                .client(
                    bytes("POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /x HTTP/1.1\r\nHost: a\r\n\r\n"))
            ),
            (
                1,
                .server(
                    bytes(
                        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                    ))
            ),
            (5, .client(Dialogue.request())), (6, .server(Dialogue.accepted())), (7, .client(Dialogue.masked(0x81, bytes("hi")))),
        ]
        for size in [1, 7, 1448] {
            let analysis = try Dialogue.analyze(dialogue.wire(cutting: size))
            #expect(analysis.sessions.count == 1)
            #expect(analysis.sessions.first?.record?.downstream.messages == 1)
        }
    }

    @Test func `what isn't HTTP is counted and not followed`() throws {
        let ssh = Dialogue(description: "ssh", lines: [(0, .server(bytes("SSH-2.0-x\r\n"))), (1, .client(bytes("SSH-2.0-y\r\n")))])
        let tls = Dialogue(description: "tls", lines: [(0, .client(bytes(0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3)))])
        #expect(try Dialogue.analyze(ssh.wire()).analyzer.counts.other == 1)
        #expect(try Dialogue.analyze(tls.wire()).analyzer.counts.tls == 1)
    }

    @Test func `a session goes on over the files of a rotation`() throws {
        let file = Dialogue.all[0].wire()
        // The head of a file: section and two interfaces.
        var encoder = CaptureEncoder()
        encoder.begin()
        let head = encoder.buffer.count
        var cut = head
        for _ in 0..<6 { cut += Int(file[cut + 4]) | Int(file[cut + 5]) << 8 }
        let second = Array(file[..<head]) + Array(file[cut...])
        let analysis = try Dialogue.analyze(Array(file[..<cut]), second)
        #expect(analysis.sessions.count == 1)
        #expect(analysis.sessions.first?.outcome == .closed)
        #expect(analysis.sessions.first?.unseen == [])
    }
}
