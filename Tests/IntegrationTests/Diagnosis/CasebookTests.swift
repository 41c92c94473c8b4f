import Foundation
import Testing

extension Integration {
    /// What Gatehouse finds out after a refusal or an end, with real servers.
    @Suite struct CasebookTests {
        static let probing = "diagnosis: {probes: on-refusal}"

        /// A sibling of the origin that the backend accepts: one of the candidates is the right one.
        static let refused = Upgrade.request(
            "/origin", with: ("Origin", "https://www.app.example"), ("Cookie", "session=s3cr3t-c00kie"))

        @Test(arguments: IOBackend.available)
        func `the proof of a refusal follows as a second line, and the backend saw no more than it lists`(io: IOBackend) throws {
            // A second Gatehouse between counts what the backend sees.
            let counting = try GatehouseProcess(io: io, upstream: Peer.shared(.uvicornWebsockets).url)
            let gatehouse = try GatehouseProcess(io: io, upstream: "http://127.0.0.1:\(counting.port)", Self.probing)
            #expect(try gatehouse.exchange(Self.refused).status == 403)
            let first = try gatehouse.ledger.wait(for: "session.refused")
            let second = try gatehouse.ledger.wait(for: "session.verdict", within: 20)
            #expect(second["session"] == first["session"] && second["about"].text == "refusal")
            let verdict = second["verdict"]
            #expect(verdict["cause"].text == "origin-not-allowed" && verdict["confidence"].text == "proven", "\(verdict)")
            let probes = verdict["probes"].elements
            #expect(probes.first?["change"].text == "none (control)" && probes.first?["outcome"].text == "403")
            #expect(probes.last?["change"].text == "none (control)" && probes.last?["outcome"].text == "403")
            #expect(probes.contains { $0["change"].text == "Origin: https://app.example" && $0["outcome"].text == "101" })
            let handshakes = probes.filter { $0["change"].text != "a plain GET" }.count + 1
            let seen = try eventually(within: 10) { () -> [JSON]? in
                let lines = try counting.ledger.all("session.refused") + counting.ledger.all("session.opened")
                return lines.count >= handshakes ? lines : nil
            }
            #expect(seen?.count == handshakes)
            let ways = (seen ?? []).compactMap { line in
                line["request"]["fields"].elements.first { $0[0].text?.lowercased() == "x-forwarded-for" }?[1].text
            }
            #expect(ways.count == handshakes && Set(ways).count == 1, "probes carry the head that Gatehouse forwards")
            #expect(!gatehouse.everythingWritten.contains("s3cr3t-c00kie"))
        }

        @Test(arguments: IOBackend.available)
        func `the same refusal many times is one cause, probed once, with a count and examples`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.uvicornWebsockets).url, Self.probing)
            for _ in 0..<20 { #expect(try gatehouse.exchange(Self.refused).status == 403) }
            let lines = try gatehouse.ledger.wait(forAll: 20, "session.refused")
            let better = try gatehouse.ledger.wait(for: "session.verdict", within: 20)
            let causes = try JSON(parsing: gatehouse.admin("/api/causes").text)
            let groups = causes["groups"].elements
            #expect(groups.compactMap { $0["count"].integer }.reduce(0, +) == 20)
            #expect(groups.contains { $0["cause"].text == "origin-not-allowed" && $0["verdict"]["confidence"].text == "proven" })
            #expect(groups.allSatisfy { $0["examples"].elements.count <= 8 && $0["first"].text != nil && $0["last"].text != nil })
            #expect(causes["casebook"]["investigations"].integer == 1 && causes["casebook"]["lost"].integer == 0)
            #expect(try gatehouse.ledger.all("session.verdict").count == 1)
            // A session that was refused is looked up like one that is open.
            let id = try #require(better["session"].text)
            let shown = try JSON(parsing: gatehouse.admin("/api/sessions/\(id)").text)
            #expect(shown["state"].text == "refused" && shown["verdict"]["confidence"].text == "proven")
            let other = try #require(lines.last?["session"].text)
            #expect(try JSON(parsing: gatehouse.admin("/api/sessions/\(other)").text)["verdict"]["confidence"].text != "proven")
        }

        @Test(arguments: IOBackend.available) func `with probes off Gatehouse opens no connection of its own`(io: IOBackend) throws
        {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: origin.url)
            let client = try gatehouse.connect()
            try client.send(Upgrade.request())
            let backend = try origin.accept()
            _ = try backend.readHead()
            try backend.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            #expect(try client.readResponse().status == 403)
            _ = try gatehouse.ledger.wait(for: "session.refused")
            #expect(!origin.waits(for: 0.5))
        }

        @Test(arguments: IOBackend.available) func `a server that is gone after it cut a session has crashed`(io: IOBackend) throws
        {
            let peer = try Peer(.node)
            let gatehouse = try GatehouseProcess(io: io, upstream: peer.url, Self.probing)
            let client = try gatehouse.connect()
            try client.send(Upgrade.request("/echo"))
            #expect(Response.status(of: try client.readHead()) == 101)
            peer.child.send(SIGKILL)
            let line = try gatehouse.ledger.wait(for: "session.verdict", within: 20)
            #expect(line["about"].text == "end" && line["verdict"]["cause"].text == "server-crashed", "\(line["verdict"])")
            #expect(line["verdict"]["evidence"].elements.contains { $0["observed"].text?.hasPrefix("refused (errno 111)") == true })
        }

        @Test(arguments: IOBackend.available) func `a client that gave up waiting has met a backend that hangs`(io: IOBackend)
            throws
        {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: origin.url)
            let client = try gatehouse.connect()
            try client.send(Upgrade.request())
            let backend = try origin.accept()
            _ = try backend.readHead()
            #expect(try client.isSilent(for: 1))
            client.close()
            let line = try gatehouse.ledger.wait(for: "session.refused", within: 5)
            #expect(line["reason"].text == "client_gone" && line["verdict"]["cause"].text == "upstream-hangs", "\(line["verdict"])")
        }

        @Test(arguments: IOBackend.available)
        func `a refusal inside of the session is a verdict, and an accepted connection is none`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: origin.url)
            for (answer, cause) in [
                ("44{\"message\":\"authentication failed\"}", "credentials-missing"), ("40{\"sid\":\"x\"}", nil),
            ]
                as [(String, String?)]
            {
                let session = try RawSession(
                    through: gatehouse, to: origin, request: Upgrade.request("/socket.io/?EIO=4&transport=websocket"))
                try session.client.send([0x81, 0x82, 0, 0, 0, 0] + Array("40".utf8))
                _ = try session.backend.read(8)
                try session.backend.send([0x81, UInt8(answer.utf8.count)] + Array(answer.utf8))
                _ = try session.client.read(2 + answer.utf8.count)
                session.client.close()
                let count = cause == nil ? 2 : 1
                let line = try #require(try gatehouse.ledger.wait(forAll: count, "session.closed").last)
                #expect(line["verdict"]["cause"].text == cause, "\(line["verdict"])")
            }
        }
    }
}
