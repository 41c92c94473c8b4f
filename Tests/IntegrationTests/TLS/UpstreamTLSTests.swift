import Glibc
import Testing

extension Integration {
    /// TLS towards the backend: verified unless the operator says loudly otherwise, and a failure is told in words.
    @Suite struct UpstreamTLSTests {
        private let authority: CertificateAuthority

        init() throws { authority = try CertificateAuthority() }

        private func backend(_ certificate: CertificateAuthority.Certificate, _ more: [String] = []) throws -> Peer {
            try Peer(
                .websockets, arguments: ["--certificate", certificate.certificate, "--key", certificate.key] + more)
        }

        private func configuration(_ peer: Peer, _ tls: String) -> String {
            "upstream: {url: \"https://127.0.0.1:\(peer.port)\", tls: {\(tls)}}"
        }

        @Test(arguments: IOBackend.available)
        func `a backend whose certificate is right is spoken to over TLS`(io: IOBackend) throws {
            let peer = try backend(try authority.issue("backend.example"))
            let gatehouse = try GatehouseProcess(
                io: io, configuration(peer, "ca: \(authority.file), server_name: backend.example"))
            for client in PeerClient.allCases {
                let told = try client.run("ws://127.0.0.1:\(gatehouse.port)/echo")
                #expect(told["result"].text == "same", "\(client): \(told)")
            }
            #expect(try gatehouse.ledger.wait(for: "session.opened")["ms"]["tls"].number != nil)
        }

        @Test(arguments: IOBackend.available)
        func `a named endpoint over TLS is known right after a reload`(io: IOBackend) throws {
            let peer = try backend(try authority.issue("backend.example"))
            let gatehouse = try GatehouseProcess(
                io: io,
                "upstream: {url: \"https://localhost:\(peer.port)\", tls: {ca: \(authority.file), server_name: backend.example}}")
            func status() throws -> Int? {
                let client = try gatehouse.connect()
                try client.send(Upgrade.request("/echo"))
                return Response.status(of: try client.readHead())
            }
            #expect(holds { (try? status()) == 101 })
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(for: "config.reloaded")
            for _ in 0..<5 { #expect(try status() == 101) }
        }

        @Test(arguments: IOBackend.available)
        func `a certificate that doesn't hold is a 502, and the ledger says why`(io: IOBackend) throws {
            let good = try backend(try authority.issue("127.0.0.1"))
            let expired = try backend(try authority.issue("127.0.0.1", days: -1))
            let other = try CertificateAuthority(name: "Another authority")
            for (what, configuration, cause, words) in [
                (
                    "unknown issuer", configuration(good, "ca: \(other.file)"), "certificate-not-trusted",
                    ["issuer", "trusted", "self-signed", "authority"]
                ),
                (
                    "the system's store", configuration(good, "verify: true"), "certificate-not-trusted",
                    ["issuer", "trusted", "self-signed", "authority"]
                ),
                (
                    "wrong name", configuration(good, "ca: \(authority.file), server_name: backend.example"),
                    "certificate-wrong-name", ["backend.example"]
                ),
                ("expired", configuration(expired, "ca: \(authority.file)"), "certificate-expired", ["expired"]),
            ] {
                let gatehouse = try GatehouseProcess(io: io, configuration)
                let response = try gatehouse.exchange(Upgrade.request("/echo"))
                #expect(response.status == 502, "\(what)")
                let line = try gatehouse.ledger.wait(for: "session.refused")
                #expect(line["verdict"]["cause"].text == cause, "\(what): \(line["verdict"])")
                let detail = line["detail"].text ?? ""
                #expect(words.contains { detail.lowercased().contains($0) }, "\(what): \(detail)")
                #expect(try gatehouse.exchange(Forwarding.get()).status == 502, "\(what)")
            }
        }

        @Test(arguments: IOBackend.available)
        func `verification is left out only where the file says so, and the log says so aloud`(io: IOBackend) throws {
            let peer = try backend(try authority.issue("elsewhere.example"))
            let gatehouse = try GatehouseProcess(io: io, configuration(peer, "verify: false"))
            let told = try PeerClient.websockets.run("ws://127.0.0.1:\(gatehouse.port)/echo")
            #expect(told["result"].text == "same", "\(told)")
            let line = try gatehouse.ledger.wait(for: "upstream.unverified")
            #expect(line["level"].text == "warning")
        }

        @Test(arguments: IOBackend.available)
        func `a backend that demands a certificate gets the configured one`(io: IOBackend) throws {
            let certificate = try authority.issue("127.0.0.1")
            let own = try authority.issue("gatehouse.example")
            let peer = try backend(certificate, ["--client-ca", authority.file])
            let with = try GatehouseProcess(
                io: io, configuration(peer, "ca: \(authority.file), certificate: \(own.certificate), key: \(own.key)"))
            #expect(try PeerClient.websockets.run("ws://127.0.0.1:\(with.port)/echo")["result"].text == "same")
            let without = try GatehouseProcess(io: io, configuration(peer, "ca: \(authority.file)"))
            #expect(try without.exchange(Upgrade.request("/echo")).status == 502)
            // This server closes without an alert; that it had asked for a certificate in vain says why.
            let refused = try without.ledger.wait(for: "session.refused")
            #expect(refused["reason"].text == "upstream_tls")
            #expect(refused["verdict"]["cause"].text == "client-certificate-missing")
        }

        @Test(arguments: IOBackend.available)
        func `a body without a length is whole with close_notify, and cut without it`(io: IOBackend) throws {
            let service = try SecureService(try authority.issue("127.0.0.1"))
            let gatehouse = try GatehouseProcess(
                io: io, "upstream: {url: \"https://127.0.0.1:\(service.port)\", tls: {ca: \(authority.file)}}")
            let whole = try gatehouse.connect()
            try whole.send(Forwarding.get("/whole"))
            #expect(try whole.readResponse().text == "part" && whole.end == .fin)
            let cut = try gatehouse.connect()
            try cut.send(Forwarding.get("/cut"))
            // RST may overtake what came before it.
            _ = try? cut.readResponse()
            #expect(cut.end == .reset)
            let lines = try gatehouse.ledger.wait(forAll: 2, "http.request")
            #expect(lines[0]["reason"].isNull && lines[1]["reason"].text == "aborted", "\(lines)")
        }

        @Test(arguments: IOBackend.available)
        func `TLS to a port that speaks plain HTTP, and plain HTTP to one that speaks TLS, are named`(io: IOBackend)
            throws
        {
            let plain = try Peer.shared(.node)
            let toPlain = try GatehouseProcess(io: io, upstream: "https://127.0.0.1:\(plain.port)")
            #expect(try toPlain.exchange(Upgrade.request("/echo")).status == 502)
            #expect(
                try toPlain.ledger.wait(for: "session.refused")["verdict"]["cause"].text == "tls-to-plain-http-port")

            let secure = try backend(try authority.issue("127.0.0.1"))
            let toSecure = try GatehouseProcess(io: io, upstream: "http://127.0.0.1:\(secure.port)")
            #expect(try toSecure.exchange(Upgrade.request("/echo")).status == 502)
            let verdict = try toSecure.ledger.wait(for: "session.refused")["verdict"]
            // The server only closes; where that is all, the verdict may be open or a possibility, but nothing surer.
            let cause = verdict["confidence"].text == "possible" ? "unknown" : verdict["cause"].text
            #expect(["plain-http-to-tls-port", "not-an-http-server", "connection-cut", "unknown"].contains(cause))
        }
    }
}
