import Foundation
import HTTPWire
import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import Diagnosis
@testable import Telemetry

@Suite struct `The ledger` {
    private typealias Samples = LedgerSamples

    private let judgement = HandshakeJudgement(
        findings: [LedgerSamples.finding], responder: LedgerSamples.responder, verdict: LedgerSamples.verdict)

    private func object(_ line: ParsedLine, _ key: String) -> [String: Any] { line[key] as? [String: Any] ?? [:] }

    @Test func `shows an opened session with all fields in their order and no secret`() throws {
        let lines = Samples.lines {
            $0.sessionOpened(
                Samples.handshake(response: Array(Samples.acceptance.utf8)), tls: Samples.tls, at: Samples.time)
        }
        let line = try ParsedLine(lines[0])
        #expect(line.string("event") == "session.opened")
        #expect(line.string("level") == "info")
        #expect(line.string("session") == Samples.session.description)
        #expect(line.string("time") == "2026-01-01T00:00:00.123000Z")
        let client = object(line, "client")
        #expect(client["address"] as? String == "203.0.113.7:51034")
        #expect(client["forwarded_for"] as? String == "198.51.100.4")
        #expect(client["forwarded_trusted"] as? Bool == true)
        #expect(client["scheme"] as? String == "https")
        #expect(
            object(line, "tls") as? [String: String] == [
                "version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "sni": "app.example.com", "alpn": "http/1.1",
                "client_subject": "CN=phone",
            ])
        let fields = try #require(object(line, "request")["fields"] as? [[String]])
        #expect(
            fields.map { $0[0] } == [
                "Host", "Connection", "Upgrade", "Origin", "Sec-WebSocket-Version", "Sec-WebSocket-Key",
                "sec-websocket-protocol", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Cookie", "Authorization",
            ])
        #expect(fields[5][1] == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(fields[10][1].hasPrefix("Bearer «redacted:"))
        #expect((object(line, "request")["line"] as? String)?.hasPrefix("GET /ws?room=7&token=«redacted:") == true)
        #expect(object(line, "response")["status"] as? Int == 101)
        #expect(object(line, "response")["line"] as? String == "HTTP/1.1 101 Switching Protocols")
        #expect(line.string("origin") == "https://www.app.example")
        #expect((line["subprotocols_offered"] as? [String])?.prefix(2) == ["chat", "bearer"])
        #expect((line["subprotocols_offered"] as? [String])?.count == 3)
        #expect(line.string("subprotocol") == "chat")
        #expect(line.string("extensions_offered") == "permessage-deflate; client_max_window_bits")
        #expect(line.string("extensions") == "permessage-deflate")
        #expect(line.string("route") == "app.example.com/ws")
        #expect(line.string("cluster") == "app")
        #expect(line.string("endpoint") == "127.0.0.1:8000")
        #expect(String(decoding: lines[0], as: UTF8.self).contains(#""ms":{"connect":0.412,"response":2.000,"total":3.212}"#))
        for secret in ["hunter2", "topsecret", "s3cr3t", "dark", "abcdef"] {
            #expect(!String(decoding: lines[0], as: UTF8.self).contains(secret), "\(secret)")
        }
    }

    @Test func `keeps a token that follows its announcement in another line hidden`() throws {
        let line = try Samples.line { $0.sessionOpened(Samples.handshake(), at: Samples.time) }
        let fields = try #require(object(line, "request")["fields"] as? [[String]])
        #expect(fields[7][1].hasPrefix("«redacted:"))
    }

    @Test func `says of a refusal who answered, why, and what to do`() throws {
        let line = try Samples.line {
            $0.sessionRefused(
                Samples.handshake(response: Array(Samples.refusal.utf8), body: bytes("{\"token\":\"qqqq\"}\n")), status: 403,
                judgement: judgement, at: Samples.time)
        }
        #expect(line.string("event") == "session.refused")
        #expect(line.string("level") == "warning")
        #expect(line["status"] as? Int == 403)
        #expect(line["reason"] == nil)
        let answered = object(line, "answered_by")
        #expect(answered["who"] as? String == "backend")
        #expect(answered["stack"] as? String == "uvicorn")
        #expect((answered["because"] as? [String])?.count == 3)
        let response = object(line, "response")
        #expect((response["body_start"] as? String)?.hasPrefix("{\"token\":\"«redacted:") == true)
        #expect((response["fields"] as? [[String]])?[2][1].hasSuffix("; Path=/") == true)
        let finding = try #require((line["findings"] as? [[String: Any]])?.first)
        #expect(finding["id"] as? String == "handshake.origin-other-host")
        #expect(finding["layer"] as? String == "handshake")
        #expect(finding["severity"] as? String == "note")
        #expect(finding["blame"] as? String == "client")
        let verdict = object(line, "verdict")
        #expect(verdict["cause"] as? String == "origin-not-allowed")
        #expect((verdict["fix"] as? [String])?.count == 1)
    }

    @Test func `names Gatehouse's own reason and explains it`() throws {
        let handshake = Samples.handshake()
        handshake.failure = .connectTimedOut
        let nobody = HandshakeJudgement(findings: [], responder: nil, verdict: nil)
        let line = try Samples.line {
            $0.sessionRefused(handshake, status: 504, judgement: nobody, at: Samples.time)
        }
        #expect(line.string("reason") == "connect_timeout")
        #expect(line.string("detail")?.isEmpty == false)
        #expect(line["findings"] == nil)
        let wrong = try Samples.line {
            $0.sessionRefused(
                Samples.handshake(), status: 502, judgement: nobody, reason: "invalid_101", detail: "no Upgrade field",
                at: Samples.time)
        }
        #expect(wrong.string("reason") == "invalid_101")
        #expect(wrong.string("detail") == "no Upgrade field")
    }

    @Test func `writes a handshake of which no head came`() throws {
        let handshake = HandshakeObservation(
            session: Samples.session, openedAt: Samples.time, client: ClientFacts(address: Samples.client))
        handshake.failure = .requestTimedOut
        let line = try Samples.line {
            $0.sessionRefused(
                handshake, status: 408, judgement: HandshakeJudgement(findings: [], responder: nil, verdict: nil),
                at: Samples.time)
        }
        #expect(line["request"] == nil)
        #expect(line.string("reason") == "request_timeout")
    }

    @Test func `closes a session side by side`() throws {
        let lines = Samples.lines {
            $0.sessionClosed(
                Samples.session, Samples.record(), client: Samples.client, route: "r", endpoint: "127.0.0.1:8000",
                at: Samples.time)
        }
        let line = try ParsedLine(lines[0])
        #expect(line.string("event") == "session.closed")
        #expect(line.string("level") == "info")
        #expect(line.string("first") == "upstream")
        #expect(line["duration_ms"] as? Double == 66000)
        #expect((line["order"] as? [String])?.prefix(2) == ["upstream.close_frame 1001", "downstream.close_frame 1001"])
        let upstream = object(line, "upstream")
        #expect(upstream["close_code"] as? Int == 1001)
        #expect(upstream["close_reason"] as? String == "bye!!")
        #expect(upstream["end"] as? String == "fin")
        #expect(upstream["messages"] as? [String: Int] == ["text": 1, "binary": 1])
        #expect(
            upstream["frames"] as? [String: Int] == [
                "continuation": 0, "text": 1, "binary": 1, "close": 1, "ping": 1, "pong": 0,
            ])
        #expect(upstream["bytes"] as? Int == 18)
        #expect(upstream["largest_silence_ms"] as? Double == 63000)
        let downstream = object(line, "downstream")
        #expect(downstream["end"] as? String == "gatehouse:followed_other_side")
        #expect(downstream["close_reason"] == nil)
        #expect(downstream["fault"] == nil)
        #expect(line.string("client") == "203.0.113.7:51034")
        #expect(line["verdict"] == nil)
        let bad = try Samples.line {
            $0.sessionClosed(
                Samples.session, Samples.record(verdict: Samples.verdict), client: Samples.client, route: "r",
                endpoint: nil, at: Samples.time)
        }
        #expect(bad.string("level") == "warning")
        #expect(object(bad, "verdict")["cause"] as? String == "origin-not-allowed")
    }

    @Test func `writes one short line for a request`() throws {
        let record = RequestRecord(
            client: ClientFacts(address: Samples.client),
            request: RequestHead(copy: bytes("GET /a?password=pp HTTP/1.1\r\nHost: h.example\r\nX-More: 1\r\n\r\n")), status: 200,
            route: "r", cluster: "c", endpoint: "127.0.0.1:1", bytesIn: 3, bytesOut: 1024, answeredBy: .backend)
        let line = try Samples.line { $0.httpRequest(Samples.session, record, at: Samples.time) }
        let request = object(line, "request")
        #expect((request["line"] as? String)?.hasPrefix("GET /a?password=«redacted:") == true)
        #expect(request["host"] as? String == "h.example")
        #expect(request.count == 2)
        #expect(line["status"] as? Int == 200)
        #expect(line["bytes_in"] as? Int == 3)
        #expect(line["bytes_out"] as? Int == 1024)
        #expect(line.string("answered_by") == "backend")
        #expect(line["reason"] == nil)
    }

    @Test func `says what was malformed in a request that was not forwarded`() throws {
        let record = RequestRecord(
            client: ClientFacts(address: Samples.client),
            request: RequestHead(copy: bytes("GET / HTTP/1.1\r\nHost: h\r\nA : 1\r\nContent-Length: x\r\n\r\n")),
            status: 400, answeredBy: .gatehouse, reason: "malformed_request")
        let detail = try Samples.line { $0.httpRequest(Samples.session, record, at: Samples.time) }.string("detail")
        for fault in ["blank_before_colon", "content_length_invalid"] {
            #expect(detail?.contains(fault) == true, "\(detail ?? "")")
        }
        let other = RequestRecord(
            client: ClientFacts(address: Samples.client), request: record.request, status: 400, answeredBy: .gatehouse)
        #expect(try Samples.line { $0.httpRequest(Samples.session, other, at: Samples.time) }["detail"] == nil)
    }

    @Test func `writes findings and messages of running sessions`() throws {
        let finding = try Samples.line { $0.sessionFinding(Samples.session, Samples.finding, at: Samples.time) }
        #expect(finding.string("event") == "session.finding")
        #expect(finding.string("id") == "handshake.origin-other-host")
        let message = try Samples.line {
            $0.sessionMessage(
                Samples.session, .serverToClient, .text, size: 12, compressed: true, inflatedSize: 4, start: bytes("hi\n", 0xFF),
                at: Samples.time)
        }
        #expect(message.string("event") == "session.message")
        #expect(message.string("direction") == "server_to_client")
        #expect(message.string("type") == "text")
        #expect(message["opcode"] as? Int == 1)
        #expect(message["size"] as? Int == 12)
        #expect(message["inflated_size"] as? Int == 4)
        #expect(message.string("start") == "hi\n\\xff")
    }

    @Test func `names the events of the process as agreed`() throws {
        let lines = Samples.lines { ledger in
            ledger.processStarted(version: "1", io: "epoll", workers: 2, pid: 7, at: .zero)
            ledger.listenerReady(Samples.client, at: .zero)
            ledger.adminReady(Samples.client, at: .zero)
            ledger.workerStarted(0, at: .zero)
            ledger.configurationReloaded(file: "gatehouse.yaml", at: .zero)
            ledger.configurationRejected(errors: ["a\nb", "c"], at: .zero)
            ledger.processDraining(sessions: 3, at: .zero)
            ledger.drainProgress(sessions: 2, at: .zero)
            ledger.processStopped(exit: 0, at: .zero)
            ledger.listenerPaused(errno: 24, at: .zero)
            ledger.upstreamUnverified(cluster: "c", endpoint: "e", at: .zero)
            ledger.serviceUnverified("https://judge.example/", at: .zero)
            ledger.configurationNotice("key 2 of 3 is left out", at: .zero)
            ledger.endpointResolved("http://a:1", addresses: [Samples.client], gone: [Samples.client], at: .zero)
            ledger.endpointUnresolved("http://a:1", observed: "a: no address", keepsOld: false, at: .zero)
            ledger.restartBegan(pid: 8, isOwn: true, at: .zero)
            ledger.restartHandedOver(pid: 8, at: .zero)
            ledger.restartFailed("two\nlines", pid: 8, at: .zero)
            ledger.restartRefused(observed: "garbage", pid: 9, at: .zero)
            ledger.restartTakenOver(pid: 7, generation: 1, isAlone: false, at: .zero)
            ledger.listenerGivenUp(Samples.client, at: .zero)
            ledger.restartGuarding(pid: 8, at: .zero)
        }
        let records = try lines.map { try ParsedLine($0) }
        #expect(
            records.map { $0.string("event") } == [
                "process.started", "listener.ready", "admin.ready", "worker.started", "config.reloaded", "config.rejected",
                "process.draining", "drain.progress", "process.stopped", "listener.paused", "upstream.unverified",
                "service.unverified", "config.notice", "endpoint.resolved", "endpoint.unresolved", "restart.began",
                "restart.handed_over", "restart.failed", "restart.refused", "restart.taken_over",
                "listener.given_up",
                "restart.guarding",
            ])
        #expect(records.allSatisfy { $0["session"] == nil })
        #expect(records[5]["errors"] as? [String] == ["a\nb", "c"])
    }

    // G8 of the threats: whatever byte stands wherever a client can put one, there is one record and it is JSON.
    @Test(arguments: UInt8.min...UInt8.max)
    func `can't be forged or broken by any byte`(byte: UInt8) throws {
        let evil: [UInt8] = [byte] + bytes("\",\"event\":\"forged\"}") + [byte, byte]
        let request =
            bytes("GET /") + evil + bytes(" HTTP/1.1\r\nHost: ") + evil + bytes("\r\nOrigin: ") + evil + bytes("\r\nCookie: a=")
            + evil + bytes("\r\nSec-WebSocket-Protocol: ") + evil + bytes("\r\nX-") + evil + bytes(": ") + evil
            + bytes("\r\nSec-WebSocket-Extensions: ") + evil + bytes("\r\nAuthorization: ") + evil + bytes("\r\n\r\n")
        let response =
            bytes("HTTP/1.1 403 ") + evil + bytes("\r\nServer: ") + evil + bytes("\r\nSec-WebSocket-Protocol: ") + evil
            + bytes("\r\n\r\n")
        let handshake = Samples.handshake(request: request, response: response, body: evil)
        handshake.client.forwardedFor = String(decoding: evil, as: UTF8.self)
        handshake.failure = .notHTTP(first: evil)
        var record = Samples.record(verdict: Samples.verdict)
        record.upstream.closeReason = String(decoding: evil, as: UTF8.self)
        record.verdict?.evidence[0].observed = String(decoding: evil, as: UTF8.self)
        record.verdict?.title = String(decoding: evil, as: UTF8.self)
        let lines = Samples.lines { ledger in
            ledger.sessionOpened(handshake, at: .zero)
            ledger.sessionRefused(handshake, status: 403, judgement: judgement, at: .zero)
            ledger.sessionClosed(Samples.session, record, client: Samples.client, route: "r", endpoint: nil, at: .zero)
            ledger.httpRequest(
                Samples.session,
                RequestRecord(client: handshake.client, request: handshake.request, status: 400, answeredBy: .gatehouse),
                at: .zero)
            ledger.sessionMessage(
                Samples.session, .clientToServer, .binary, size: 1, compressed: false, start: evil, at: .zero)
        }
        #expect(lines.count == 5)
        let events = try lines.map { try ParsedLine($0).string("event") }
        #expect(events == ["session.opened", "session.refused", "session.closed", "http.request", "session.message"])
        for line in lines {
            for colour in [false, true] {
                let text = PrettyRenderer(colour: colour).render(line: line)
                let bare = text.replacing(/\u{1B}\[[0-9]+m/, with: "")
                #expect(!bare.unicodeScalars.contains { ParsedLine.isDeceptive($0) }, "\(bare)")
            }
        }
    }
}

@Suite struct `A verdict in JSON` {
    @Test func `has the shape of the design`() {
        let text = String(decoding: VerdictJSON.render(LedgerSamples.verdict, LedgerSamples.redaction), as: UTF8.self)
        let expected =
            #"{"cause":"origin-not-allowed","title":"The backend does not allow this Origin","confidence":"proven","#
            + #""blame":"backend","answered_by":{"who":"backend","stack":"uvicorn","confidence":"likely","#
            + #""because":["403 without server field","content-length: 9","connection: close"]},"#
            + #""evidence":[{"what":"request field","observed":"Origin: https://www.app.example","#
            + #""at":{"side":"downstream","offset":90,"length":31}}],"#
            + #""probes":[{"change":"none (control)","outcome":"403"},"#
            + #"{"change":"Origin: https://app.example","outcome":"101"},{"change":"Origin removed","outcome":"403"}],"#
            + #""fix":["Add https://www.app.example to the list of origins that the WebSocket route checks "#
            + #"(FastAPI: the list that is compared with websocket.headers['origin'])."],"#
            + #""alternatives":[{"cause":"route-not-found","confidence":"excluded","because":"a random path answers 404"}]}"#
        #expect(text == expected + "\n")
    }
}
