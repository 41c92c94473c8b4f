import Configuration
import Diagnosis
import Glibc
import HTTPWire
import Probing
import TLSEngine
import Telemetry
import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import Tools

/// What the command makes of sessions that end or break right behind their 101.
@Suite(.serialized) struct WatchedSessionTests {
    private let redaction = LogRedaction(key: (1, 2))

    private func diagnose(_ arguments: [String] = [], _ serve: @escaping @Sendable (ScriptedBackend.Peer) -> Void) throws -> (
        report: DiagnosisReport, json: LedgerValue, text: String, took: TimeSpan
    ) {
        let backend = try #require(ScriptedBackend(serve))
        let watch = Stopwatch()
        let options = try DiagnoseOptions(
            FlagParser.parse(["ws://127.0.0.1:\(backend.port)/ws"] + arguments, for: DiagnoseCommand.definition))
        let report = try withExtendedLifetime(backend) {
            try Diagnoser(options, PathNarrator(page: nil, redaction: redaction)).run()
        }
        let took = watch.span
        let json = try #require(LedgerValue(report.json(redaction)))
        // In one line, wherever the page wraps it.
        let text = report.text(ReportPage(hasColour: false), redaction).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return (report, json, text, took)
    }

    @Test func `a server that hangs up right behind its 101 is not healthy, and whether its process is still there is looked up`()
        throws
    {
        let (report, json, text, _) = try diagnose { $0.accept($0.readHead()) }
        #expect(report.exitCode == .problemFound && !text.contains("Healthy"))
        #expect(["handler-crashed", "handler-returned"].contains(json["verdict"]?["cause"]?.text ?? ""))
        let evidence = json["verdict"]?["evidence"]?.elements ?? []
        #expect(evidence.contains { $0["what"]?.text == "one more connection" && $0["observed"]?.text == "taken" })
        #expect(json["sessions"]?.elements.first?["end"]?.text?.hasPrefix("ended by the server") == true)
    }

    @Test func `one handshake means one connection, also where it was cut`() throws {
        let (report, json, _, _) = try diagnose(["--no-probes"]) { $0.accept($0.readHead()) }
        #expect(report.exitCode == .problemFound)
        let evidence = json["verdict"]?["evidence"]?.elements ?? []
        #expect(!evidence.contains { $0["what"]?.text == "one more connection" })
    }

    @Test func `a server that resets right behind its 101 is not healthy`() throws {
        let (report, json, text, _) = try diagnose { peer in
            peer.accept(peer.readHead())
            // The 101 is to be read before the reset.
            usleep(30_000)
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(peer.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        }
        #expect(report.exitCode == .problemFound && !text.contains("Healthy"))
        #expect(json["sessions"]?.elements.first?["end"]?.text?.hasPrefix("reset") == true)
    }

    @Test(
        arguments: [
            ([0x88, 0x02, 0x03, 0xE8], ["handler-returned"]), ([0x88, 0x00], ["unknown"]),
            ([0x88, 0x02, 0x03, 0xEA], ["protocol-violation"]), ([0x88, 0x02, 0x03, 0xF0], ["policy-close"]),
            ([0x88, 0x02, 0x0F, 0xA0], ["policy-close"]), ([0x88, 0x02, 0x03, 0xF3], ["handler-crashed"]),
            ([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69], ["server-frames-masked"]),
            ([0xC1, 0x02, 0x68, 0x69], ["rsv1-without-extension", "proxy-drops-extensions-in-response"]),
            (Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8), ["bytes-not-frames"]),
        ] as [([UInt8], [String])])
    func `what a server sends unasked to end or break its session is a verdict`(_ sent: [UInt8], _ causes: [String]) throws {
        let (report, json, text, took) = try diagnose { peer in
            peer.accept(peer.readHead())
            peer.send(sent)
            _ = peer.readToEnd()
        }
        #expect(report.exitCode == .problemFound && !text.contains("Healthy"))
        #expect(causes.contains(json["verdict"]?["cause"]?.text ?? ""), "\(text)")
        #expect(json["verdict"]?["blame"]?.text != "client")
        #expect(took < .milliseconds(600))
    }

    @Test func `a server that greets and waits is healthy, and costs a moment`() throws {
        let (report, json, text, took) = try diagnose { peer in
            peer.accept(peer.readHead())
            peer.send([0x81, 0x05] + Array("hello".utf8))
            var room = [UInt8](repeating: 0, count: 64)
            // Answers our close frame as the RFC wants it.
            guard recv(peer.descriptor, &room, room.count, 0) > 0 else { return }
            peer.send([0x88, 0x02, 0x03, 0xE8])
            _ = peer.readToEnd()
        }
        #expect(report.exitCode == .success && json["verdict"] == .null)
        #expect(text.contains("Healthy"))
        #expect(took < .milliseconds(500))
    }

    @Test func `a server that hangs up in answer to our close is healthy`() throws {
        let (report, _, text, _) = try diagnose { peer in
            peer.accept(peer.readHead())
            var room = [UInt8](repeating: 0, count: 64)
            _ = recv(peer.descriptor, &room, room.count, 0)
        }
        #expect(report.exitCode == .success && text.contains("Healthy"))
    }

    @Test func `a server that has its say and closes with 1000 has no verdict, and what was seen is said`() throws {
        let (report, json, text, _) = try diagnose { peer in
            peer.accept(peer.readHead())
            peer.send([0x81, 0x05] + Array("hello".utf8))
            peer.send([0x88, 0x02, 0x03, 0xE8])
            _ = peer.readToEnd()
        }
        #expect(report.exitCode == .success && json["verdict"] == .null)
        #expect(!text.contains("Healthy") && text.contains("closed by the server with 1000"))
        #expect(json["sessions"]?.elements.first?["manner"]?.text == "watched for a moment")
    }

    @Test func `a session that is to be held is watched first, so that a close at once is the server's own`() throws {
        let (report, json, text, _) = try diagnose(["--hold", "1s"]) { peer in
            peer.accept(peer.readHead())
            peer.send([0x88, 0x02, 0x11, 0x31])
            _ = peer.readToEnd()
        }
        #expect(report.exitCode == .problemFound && !text.contains("Healthy"))
        #expect(["credentials-missing", "policy-close"].contains(json["verdict"]?["cause"]?.text ?? ""), "\(text)")
        #expect(json["sessions"]?.elements.first?["manner"]?.text == "watched for a moment")
    }

    @Test func `a 101 whose lines end in a bare LF is no answer that everybody takes`() throws {
        let (_, json, text, _) = try diagnose { peer in
            let head = peer.readHead()
            guard let key = head.value(of: .secWebSocketKey) else { return }
            let accept = AcceptKey(key: head.bytes.span.bytes.extracting(key)).text
            peer.send(
                "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: \(accept)\n\n")
            _ = peer.readToEnd()
        }
        #expect(!text.contains("everything that a browser checks") && text.contains("not everybody takes"), "\(text)")
        #expect(json["findings"]?.elements.contains { $0["text"]?.text?.contains("bare_line_feed") == true } == true)
    }
}
