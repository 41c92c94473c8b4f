import Configuration
import Diagnosis
import Glibc
import HTTPWire
import Probing
import Synchronization
import TLSEngine
import Telemetry
import TestSupport
import Testing
import Wire

@testable import Tools

/// The whole command against peers of every kind, but for its printing.
@Suite(.serialized) struct DiagnoserTests {
    private let redaction = LogRedaction(key: (1, 2))

    private func diagnose(_ url: String, _ arguments: [String] = []) throws -> (
        report: DiagnosisReport, json: LedgerValue, text: String, took: TimeSpan
    ) {
        let watch = Stopwatch()
        let options = try DiagnoseOptions(FlagParser.parse([url] + arguments, for: DiagnoseCommand.definition))
        let report = try Diagnoser(options, PathNarrator(page: nil, redaction: redaction)).run()
        let took = watch.span
        let json = try #require(LedgerValue(report.json(redaction)))
        return (report, json, report.text(ReportPage(hasColour: false), redaction), took)
    }

    private func backend(_ serve: @escaping @Sendable (ScriptedBackend.Peer) -> Void) throws -> ScriptedBackend {
        try #require(ScriptedBackend(serve))
    }

    private static let refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"

    @Test func `a healthy handshake has no verdict, and is closed with 1000 and no data`() throws {
        let heard = Mutex<[UInt8]>([])
        let backend = try backend { peer in
            peer.accept(peer.readHead())
            let bytes = peer.readToEnd()
            heard.withLock { $0 = bytes }
        }
        let (report, json, _, _) = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--browser"])
        #expect(report.exitCode == .success)
        #expect(json["verdict"] == .null)
        #expect(backend.count == 1)
        for _ in 0..<200 where heard.withLock({ $0.isEmpty }) { usleep(10_000) }
        let frame = heard.withLock { $0 }
        // One masked close frame with a code, and nothing else.
        #expect(frame.count == 8)
        #expect(frame.prefix(2) == [0x88, 0x82])
        if frame.count == 8 { #expect([frame[6] ^ frame[2], frame[7] ^ frame[3]] == [0x03, 0xE8]) }
    }

    @Test func `a refused Origin is proven by the same handshake with another one, the control around it`() throws {
        let backend = try backend { peer in
            let head = peer.readHead()
            if head.value(of: .origin).map({ head.text($0) }) == "https://bad.example" {
                peer.send(Self.refusal)
            } else {
                peer.accept(head)
            }
            _ = peer.readToEnd()
        }
        let (report, json, text, took) = try diagnose(
            "ws://127.0.0.1:\(backend.port)/ws", ["--origin", "https://bad.example", "--curl"])
        #expect(report.exitCode == .problemFound)
        #expect(json["verdict"]?["confidence"]?.text == "proven")
        #expect(["origin-not-allowed", "origin-not-same-host"].contains(json["verdict"]?["cause"]?.text ?? ""))
        let outcomes = report.outcomes.map(\.text)
        #expect(outcomes.first == "403")
        #expect(outcomes.last == "403")
        #expect(outcomes.contains("101"))
        // The backend sees no more than the report lists.
        #expect(backend.count == json["handshakes"]?.elements.count)
        #expect(text.contains("none (control)"))
        #expect(json["curl"]?.elements.count == 2)
        #expect(took < .milliseconds(1500))
    }

    @Test func `no probes means one handshake, and N probes no more than N`() throws {
        let backend = try backend { peer in
            _ = peer.readHead()
            peer.send(Self.refusal)
        }
        let one = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--no-probes", "--origin", "https://a.example"])
        #expect(backend.count == 1)
        #expect(one.json["verdict"]?["confidence"]?.text != "proven")
        _ = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--max-probes", "4", "--origin", "https://a.example"])
        #expect((2...6).contains(backend.count))
    }

    @Test(arguments: ["1", "2"]) func `a limit that is too small for any proof makes no probe, and is named`(_ limit: String) throws
    {
        let backend = try backend { peer in
            _ = peer.readHead()
            peer.send(Self.refusal)
        }
        let few = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--max-probes", limit, "--origin", "https://a.example"])
        #expect(backend.count == 1)
        let unseen = (few.json["unseen"]?.elements ?? []).compactMap(\.text)
        #expect(
            unseen.contains { $0.contains("at least 3") && $0.contains("the limit is \(limit)") && $0.contains("--max-probes") })
    }

    @Test func `a session that the server closes at once with a code of its own is a verdict`() throws {
        let backend = try backend { peer in
            peer.accept(peer.readHead())
            peer.send([0x88, 0x02, 0x11, 0x31])
            _ = peer.readToEnd()
        }
        let (report, json, text, _) = try diagnose("ws://127.0.0.1:\(backend.port)/ws?token=o1d-s3cret")
        #expect(report.exitCode == .problemFound)
        #expect(["policy-close", "credentials-rejected"].contains(json["verdict"]?["cause"]?.text ?? ""))
        #expect(text.contains("4401"))
        #expect(backend.count == 1)
    }

    @Test func `a session that silence ends is told from one that age ends`() throws {
        /// Serves until nothing came for the time, or until the age, and hangs up without a word.
        func serve(silence: Int32, age: UInt64) throws -> ScriptedBackend {
            try backend { peer in
                peer.accept(peer.readHead())
                let watch = Stopwatch()
                var room = [UInt8](repeating: 0, count: 4096)
                while watch.span < .milliseconds(age) {
                    var entry = pollfd(fd: peer.descriptor, events: Int16(POLLIN), revents: 0)
                    let left = Int32(max(0, Double(age) - watch.span.milliseconds))
                    if poll(&entry, 1, min(silence, left)) <= 0 || recv(peer.descriptor, &room, room.count, 0) <= 0 { return }
                }
            }
        }
        let idle = try serve(silence: 2000, age: 60_000)
        let byTimer = try diagnose("ws://127.0.0.1:\(idle.port)/ws", ["--hold", "3s"])
        #expect(byTimer.json["verdict"]?["cause"]?.text == "idle-timeout")
        #expect(byTimer.json["verdict"]?["confidence"]?.text == "proven")
        #expect(byTimer.json["sessions"]?.elements.count == 3)
        #expect(idle.count == byTimer.json["handshakes"]?.elements.count)
        let aged = try serve(silence: 60_000, age: 2000)
        let byAge = try diagnose("ws://127.0.0.1:\(aged.port)/ws", ["--hold", "3s"])
        #expect(byAge.json["verdict"]?["cause"]?.text == "lifetime-limit")
        #expect(byAge.json["verdict"]?["confidence"]?.text != "proven")
    }

    @Test func `a timer of the application's that counts messages is told from one on age, if there is a message to send`() throws {
        /// Hangs up when no message came for the time; pings are no messages.
        let backend = try backend { peer in
            peer.accept(peer.readHead())
            var watch = Stopwatch()
            var room = [UInt8](repeating: 0, count: 4096)
            while watch.span < .milliseconds(1500) {
                var entry = pollfd(fd: peer.descriptor, events: Int16(POLLIN), revents: 0)
                let left = Int32(max(0, 1500 - watch.span.milliseconds))
                guard poll(&entry, 1, left) > 0 else { return }
                guard recv(peer.descriptor, &room, room.count, 0) > 0 else { return }
                if room[0] == 0x81 { watch = Stopwatch() }
            }
        }
        let url = "ws://127.0.0.1:\(backend.port)/ws"
        let told = try diagnose(url, ["--hold", "3s", "--message", "hi"]).json
        #expect(told["verdict"]?["cause"]?.text == "idle-timeout")
        #expect(told["verdict"]?["blame"]?.text == "backend")
        // Pings alone can't tell the two apart, and don't claim it.
        let blind = try diagnose(url, ["--hold", "3s"]).json
        #expect(blind["verdict"]?["confidence"]?.text == "possible")
        let others = blind["verdict"]?["alternatives"]?.elements ?? []
        #expect(others.contains { $0["cause"]?.text == "idle-timeout" && ($0["because"]?.text ?? "").contains("--message") })
    }

    @Test func `a session that lives as long as it is held is healthy, and shows what came`() throws {
        let backend = try backend { peer in
            peer.accept(peer.readHead())
            peer.send([0x81, 0x05] + Array("hello".utf8))
            _ = peer.readToEnd()
        }
        let (report, json, _, _) = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--hold", "1s", "--message", "hi"])
        #expect(report.exitCode == .success)
        #expect(json["verdict"] == .null)
        #expect(json["sessions"]?.elements.first?["received"]?.elements.first?.text == "hello")
    }

    @Test func `a session that can't be opened a second time is not healthy`() throws {
        let answered = Atomic<Int>(0)
        let backend = try backend { peer in
            let head = peer.readHead()
            if answered.add(1, ordering: .acquiringAndReleasing).oldValue == 0 {
                peer.accept(head)
            } else {
                peer.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            }
            _ = peer.readToEnd()
        }
        let (report, json, text, _) = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--hold", "1s"])
        #expect(report.exitCode == .problemFound)
        #expect(json["verdict"]?["evidence"]?.elements.contains { $0["what"]?.text == "handshakes" } == true)
        #expect(!text.contains("Healthy"))
    }

    @Test func `text that isn't UTF-8 ends a held session as it ends a browser's`() throws {
        let backend = try backend { peer in
            peer.accept(peer.readHead())
            peer.send([0x81, 0x02, 0xFF, 0xFE])
            _ = peer.readToEnd()
        }
        let (report, json, _, _) = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--hold", "1s"])
        #expect(report.exitCode == .problemFound)
        #expect(json["verdict"]?["cause"]?.text == "text-not-utf8" && json["verdict"]?["blame"]?.text == "backend")
    }

    @Test func `a redirect is a verdict and is not followed`() throws {
        let backend = try backend { peer in
            let head = peer.readHead()
            let target = head.text(head.targetRange)
            peer.send("HTTP/1.1 302 Found\r\nLocation: \(target)x\r\nContent-Length: 0\r\n\r\n")
        }
        let (report, json, _, _) = try diagnose("ws://127.0.0.1:\(backend.port)/ws")
        #expect(report.exitCode == .problemFound)
        #expect(json["handshakes"]?.elements.first?["status"]?.text == "302")
        #expect(backend.count == json["handshakes"]?.elements.count)
    }

    @Test(arguments: [
        ("SSH-2.0-OpenSSH_9.6\r\n", "not-an-http-server"), ("-ERR unknown command 'GET'\r\n", "not-an-http-server"),
        ("<html><body>HTTP/0.9</body></html>", "not-an-http-server"), ("\u{15}\u{3}\u{1}\0\u{2}\u{2}F", "plain-http-to-tls-port"),
        ("\0\0\u{6}\u{4}\0\0\0\0\0\0\u{3}\0\0\0d", "http2-without-extended-connect"),
    ])
    func `another protocol is recognised by its first bytes`(_ greeting: String, _ cause: String) throws {
        let backend = try backend { peer in
            _ = peer.readHead()
            peer.send(greeting)
            _ = peer.readToEnd()
        }
        let (_, json, _, took) = try diagnose("ws://127.0.0.1:\(backend.port)/ws")
        #expect(json["verdict"]?["cause"]?.text == cause)
        #expect(took < .milliseconds(3000))
    }

    @Test func `a host that accepts and says nothing ends in the time that was given`() throws {
        let backend = try backend { _ = $0.readToEnd() }
        let (report, json, _, took) = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--timeout", "300ms"])
        #expect(report.exitCode == .problemFound)
        #expect(json["verdict"]?["cause"] != nil)
        #expect(took < .milliseconds(1500))
    }

    @Test func `an upgrade that alone is never answered is told from a host that hangs`() throws {
        let backend = try backend { peer in
            if peer.readHead().has(.upgrade) {
                _ = peer.readToEnd()
            } else {
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            }
        }
        let (_, json, _, took) = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--timeout", "1s"])
        #expect(json["verdict"]?["cause"]?.text == "upgrade-never-answered")
        #expect(took < .milliseconds(2500))
    }

    @Test func `one byte a second is no answer`() throws {
        let backend = try backend { peer in
            _ = peer.readHead()
            for byte in "HTTP/1.1 403 Forbidden\r\nX: y\r\n".utf8 {
                guard peer.send([byte]) else { return }
                usleep(150_000)
            }
        }
        let (report, _, _, took) = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--timeout", "400ms"])
        #expect(report.first.observation.failure == .responseHeadTimedOut)
        #expect(took < .milliseconds(2000))
    }

    @Test func `TLS that trickles garbage ends in the time that was given`() throws {
        let backend = try backend { peer in
            // The start of a record that never ends.
            peer.send([0x16, 0x03, 0x03, 0x40, 0x00])
            while peer.send([0x02]) { usleep(20_000) }
        }
        let (report, _, _, took) = try diagnose("wss://127.0.0.1:\(backend.port)/ws", ["--timeout", "400ms"])
        #expect(report.exitCode == .problemFound)
        #expect(took < .milliseconds(2000))
    }

    @Test func `of a body without end 2 KiB are read`() throws {
        let backend = try backend { peer in
            _ = peer.readHead()
            peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 50000000\r\n\r\n")
            let block = [UInt8](repeating: 0x61, count: 65_536)
            while peer.send(block) {}
        }
        let (report, _, _, took) = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--no-probes"])
        #expect(report.first.observation.bodyStart.count == 2048)
        #expect(took < .milliseconds(1500))
    }

    @Test func `a head without end is given up at its limit`() throws {
        let backend = try backend { peer in
            _ = peer.readHead()
            peer.send("HTTP/1.1 403 Forbidden\r\n")
            while peer.send("X-Filler: " + String(repeating: "a", count: 1000) + "\r\n") {}
        }
        let (report, json, _, _) = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--no-probes"])
        #expect(report.first.observation.failure?.name == "malformed_response")
        #expect(json["verdict"]?["cause"] != nil)
    }

    @Test func `an interim response is not the answer`() throws {
        let backend = try backend { peer in
            let head = peer.readHead()
            peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            peer.accept(head)
            _ = peer.readToEnd()
        }
        #expect(try diagnose("ws://127.0.0.1:\(backend.port)/ws").report.exitCode == .success)
    }

    @Test func `neither secrets nor escape sequences reach the terminal`() throws {
        let backend = try backend { peer in
            _ = peer.readHead()
            let body = "{\"detail\":\"token t0ps3cret is not valid\"}\u{1B}[31m\u{202E}"
            peer.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: \(body.utf8.count)\r\nX-Evil: \u{1B}[2J\r\n\r\n\(body)")
        }
        let (report, _, text, _) = try diagnose(
            "ws://127.0.0.1:\(backend.port)/ws?access_token=qu3rys3cret",
            ["--bearer", "t0ps3cret", "--cookie", "session=c00kies3cret", "--curl"])
        let all = text + String(decoding: report.json(redaction), as: UTF8.self)
        for secret in ["t0ps3cret", "qu3rys3cret", "c00kies3cret"] { #expect(!all.contains(secret)) }
        #expect(!all.unicodeScalars.contains { $0.value < 0x20 && $0.value != 0x0A || $0.value == 0x202E })
    }

    @Test func `a fix that speaks of tokens is shown as it stands`() throws {
        let backend = try backend { peer in
            _ = peer.readHead()
            peer.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        }
        let (_, json, _, _) = try diagnose("ws://127.0.0.1:\(backend.port)/ws", ["--no-probes"])
        #expect(json["verdict"]?["cause"]?.text == "credentials-missing")
        let fix = json["verdict"]?["fix"]?.elements.compactMap(\.text) ?? []
        #expect(!fix.isEmpty)
        #expect(!fix.contains { $0.contains("redacted") })
    }

    @Test func `nothing that listens, and a name without address, are verdicts with the exit code 3`() throws {
        let port = try backend { _ in }.port
        let refused = try diagnose("ws://127.0.0.1:\(port)/ws")
        #expect(refused.json["verdict"]?["cause"]?.text == "upstream-refused")
        #expect(refused.report.exitCode == .unreachable)
        let unnamed = try diagnose("ws://name.invalid/ws")
        #expect(unnamed.json["verdict"]?["cause"]?.text == "name-not-resolved")
        #expect(unnamed.report.exitCode == .unreachable)
    }

    @Test func `every address is tried until one accepts`() throws {
        let backend = try backend { peer in
            peer.accept(peer.readHead())
            _ = peer.readToEnd()
        }
        let (report, _, _, _) = try diagnose(
            "ws://app.example:\(backend.port)/ws", ["--resolve", "app.example:127.0.0.2", "--resolve", "app.example:127.0.0.1"])
        #expect(report.exitCode == .success)
        #expect(report.first.address?.host == "127.0.0.1")
    }

    @Test func `TLS to a port that speaks plain HTTP is a verdict`() throws {
        let backend = try backend { peer in
            var room = [UInt8](repeating: 0, count: 4096)
            _ = recv(peer.descriptor, &room, room.count, 0)
            peer.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        }
        #expect(try diagnose("wss://127.0.0.1:\(backend.port)/ws").json["verdict"]?["cause"]?.text == "tls-to-plain-http-port")
    }

    @Test func `through a proxy the handshake follows its 200, with the credentials that it asks for, which are shown nowhere`()
        throws
    {
        let proxy = try backend { peer in
            let ask = peer.readHead()
            guard ask.value(of: .proxyAuthorization).map({ ask.text($0) }) == "Basic dXNlcjpwNHNzdzByZA==" else {
                peer.send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            }
            #expect(ask.text(ask.lineRange) == "CONNECT app.example:8000 HTTP/1.1")
            peer.send("HTTP/1.1 200 OK\r\n\r\n")
            peer.accept(peer.readHead())
            _ = peer.readToEnd()
        }
        let open = try diagnose("ws://app.example:8000/ws", ["--proxy", "http://user:p4ssw0rd@127.0.0.1:\(proxy.port)", "--curl"])
        #expect(open.report.exitCode == .success)
        #expect(!(open.text + String(decoding: open.report.json(redaction), as: UTF8.self)).contains("p4ssw0rd"))
        let refused = try diagnose("ws://app.example:8000/ws", ["--proxy", "http://127.0.0.1:\(proxy.port)"])
        #expect(refused.json["verdict"]?["cause"]?.text == "credentials-missing")
        #expect(refused.json["verdict"]?["blame"]?.text == "intermediary")
        #expect(refused.report.exitCode == .unreachable)
        #expect(proxy.count == 2)
    }

    @Test func `a server that resets is a verdict`() throws {
        let backend = try backend { peer in
            _ = peer.readHead()
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(peer.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        }
        let (report, json, _, _) = try diagnose("ws://127.0.0.1:\(backend.port)/ws")
        #expect(json["verdict"]?["cause"] != nil)
        #expect(report.exitCode == .problemFound)
    }
}
