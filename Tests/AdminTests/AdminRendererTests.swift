import Diagnosis
import Foundation
import Telemetry
import TestSupport
import Testing
import Wire

@testable import Admin

@Suite struct `The admin endpoints` {
    private let renderer = AdminRenderer(redaction: LogRedaction(key: (1, 2)))
    private let now = Timestamp(nanoseconds: 100_000_000_000)

    private func session(_ number: UInt64, path: String = "/ws", route: String = "r") -> SessionSummary {
        SessionSummary(
            id: SessionID(number), client: SocketAddress(v4: 0xCB00_7107, port: 1), route: route, cluster: "c",
            endpoint: "127.0.0.1:1", path: path, origin: "https://a.example",
            openedAt: Timestamp(nanoseconds: 40_000_000_000), state: .open,
            clientToServer: .init(messages: 3, bytes: 30), serverToClient: .init(messages: 4, bytes: 4000),
            lastActivity: Timestamp(nanoseconds: 99_500_000_000))
    }

    private func object(_ response: AdminResponse) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
    }

    @Test func `say whether the process lives and takes sessions`() {
        #expect(renderer.healthz().status == 200)
        #expect(renderer.readyz(notReadyBecause: nil).status == 200)
        let draining = renderer.readyz(notReadyBecause: "draining")
        #expect(draining.status == 503)
        #expect(draining.body == bytes("draining\n"))
    }

    @Test func `show a session's facts and hide its secrets`() throws {
        let response = renderer.session(session(7, path: "/ws?room=1&token=hunter2"), at: now)
        #expect(response.status == 200)
        let object = try object(response)
        #expect(object["id"] as? String == "0000000000007")
        #expect(object["state"] as? String == "open")
        #expect(object["client"] as? String == "203.0.113.7:1")
        #expect((object["path"] as? String)?.hasPrefix("/ws?room=1&token=«redacted:") == true)
        #expect(object["age_ms"] as? Double == 60000)
        #expect(object["idle_ms"] as? Double == 500)
        #expect(object["server_to_client"] as? [String: Int] == ["messages": 4, "bytes": 4000])
        #expect(!String(decoding: response.body, as: UTF8.self).contains("hunter2"))
        #expect(renderer.session(nil, at: now).status == 404)
    }

    @Test func `show what a held session keeps, and only that of a held one`() throws {
        #expect(try object(renderer.session(session(7), at: now))["held"] == nil)
        var held = session(7)
        held.state = .held
        held.held = .init(
            since: Timestamp(nanoseconds: 98_000_000_000), why: "rst", attempts: 2, lastFailure: "upstream_refused",
            queuedMessages: 3,
            queuedBytes: 99)
        let object = try object(renderer.session(held, at: now))
        #expect(object["state"] as? String == "held")
        let shown = try #require(object["held"] as? [String: Any])
        #expect(shown["why"] as? String == "rst" && shown["last_failure"] as? String == "upstream_refused")
        #expect(shown["for_ms"] as? Double == 2000 && shown["attempts"] as? Int == 2)
        #expect(shown["queued_messages"] as? Int == 3 && shown["queued_bytes"] as? Int == 99)
        let list = try self.object(renderer.sessions([session(1), held], try SessionFilter(query: "state=held"), at: now))
        #expect(list["total"] as? Int == 1)
    }

    @Test func `list the sessions that the filter lets through, up to its limit`() throws {
        let sessions = (0..<20).map { session($0, route: $0.isMultiple(of: 2) ? "even" : "odd") }
        let object = try object(renderer.sessions(sessions, try SessionFilter(query: "route=even&limit=3"), at: now))
        #expect(object["total"] as? Int == 10)
        #expect((object["sessions"] as? [[String: Any]])?.count == 3)
        let none = try self.object(renderer.sessions(sessions, try SessionFilter(query: "state=closing"), at: now))
        #expect(none["total"] as? Int == 0)
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func `stay JSON whatever a client sends`(byte: UInt8) throws {
        let evil = String(decoding: bytes("/", [byte], "\",\"x\":1}", [byte]), as: UTF8.self)
        var session = session(1, path: evil)
        session.origin = evil
        session.forwardedFor = evil
        let response = renderer.sessions([session], SessionFilter(), at: now)
        #expect((try object(response)["sessions"] as? [[String: Any]])?.first?["x"] == nil)
        #expect(!response.body.dropLast().contains { $0 < 0x20 || $0 == 0x7F })
    }

    @Test func `count the verdicts' causes, the most frequent first`() throws {
        let workers = [WorkerMetrics(), WorkerMetrics()]
        workers[0].refusals[.routeNotFound].add(1)
        workers[1].refusals[.originNotAllowed].add(2)
        workers[0].badEnds[.idleTimeout].add(5)
        let causes = try #require(try object(renderer.causes(workers, CausesReport(), at: .zero))["causes"] as? [[String: Any]])
        #expect(causes.map { $0["cause"] as? String } == ["idle-timeout", "origin-not-allowed", "route-not-found"])
        #expect(causes[0]["bad_ends"] as? Int == 5)
    }

    @Test func `tell the public port how WebSocket service fares, and nothing about anybody`() throws {
        let worker = WorkerMetrics()
        worker.finished(.opened, cause: nil, after: nil)
        worker.finished(.refused, cause: .originNotAllowed, after: nil)
        let response = renderer.webSocketHealth([worker], isDraining: false, at: now)
        let object = try object(response)
        #expect(object["sessions"] as? Int == 1)
        #expect((object["handshakes"] as? [String: Int])?["refused"] == 1)
        #expect(renderer.webSocketHealth([worker], isDraining: true, at: now).status == 503)
    }

    @Test func `forbid browsers to keep, frame, sniff or run what they show`() {
        let refusals: [AdminRequest] = [
            .notFound, .methodNotAllowed(allowed: ["GET"]), .misdirected, .unauthorized, .forbidden, .headTooLarge(limit: 5),
        ]
        let responses = [renderer.healthz(), renderer.session(nil, at: now)] + refusals.compactMap { renderer.refusal($0) }
        #expect(responses.count == 8)
        for response in responses {
            let fields = Dictionary(uniqueKeysWithValues: response.fields.map { ($0.name.lowercased(), $0.value) })
            #expect(fields["cache-control"] == "no-store")
            #expect(fields["x-content-type-options"] == "nosniff")
            #expect(fields["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
            #expect(fields["content-length"] == String(response.body.count))
            #expect(fields["access-control-allow-origin"] == nil)
        }
    }

    @Test func `answer refusals with the right status and fields`() {
        #expect(renderer.refusal(.misdirected)?.status == 421)
        #expect(renderer.refusal(.forbidden)?.status == 403)
        #expect(renderer.refusal(.notFound)?.status == 404)
        #expect(renderer.refusal(.headTooLarge(limit: 5))?.status == 431)
        #expect(renderer.refusal(.methodNotAllowed(allowed: ["GET", "HEAD"]))?.fields.last == .init("Allow", "GET, HEAD"))
        let withPost = renderer.refusal(.methodNotAllowed(allowed: ["GET", "HEAD", "POST"]))
        #expect(withPost?.status == 405 && withPost?.fields.last == .init("Allow", "GET, HEAD, POST"))
        #expect(renderer.refusal(.unauthorized)?.fields.last?.name == "WWW-Authenticate")
        #expect(renderer.refusal(.metrics) == nil)
    }
}
