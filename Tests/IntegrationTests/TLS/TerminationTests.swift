import Foundation
import Testing

extension Integration {
    /// TLS on the public side: who is shown which certificate, what is negotiated, and who gets in.
    @Suite struct TerminationTests {
        private let authority: CertificateAuthority
        private let localhost: CertificateAuthority.Certificate

        init() throws {
            authority = try CertificateAuthority()
            localhost = try authority.issue("localhost", "127.0.0.1")
        }

        private func listener(_ more: String = "") -> String {
            "listen: [{address: \"127.0.0.1:0\", tls: {certificate: \(localhost.certificate), key: \(localhost.key)\(more)}}]"
        }

        @Test(arguments: IOBackend.available)
        func `clients open sessions over TLS, and the backend hears that it was https`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.node).url, listener())
            for client in PeerClient.allCases {
                let told = try client.run("wss://localhost:\(gatehouse.port)/echo", ["--ca", authority.file])
                #expect(told["result"].text == "same", "\(client): \(told)")
            }
            let line = try gatehouse.ledger.wait(for: "session.opened")
            #expect(line["tls"]["version"].text == "TLSv1.3")
            #expect(line["tls"]["cipher"].text?.isEmpty == false)
            #expect(line["tls"]["sni"].text == "localhost")
            #expect(line["client"]["scheme"].text == "https")

            let told = try CertificateAuthority.exchange(
                "GET /fields HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", port: gatehouse.port)
            #expect(told.lowercased().contains("[\"x-forwarded-proto\",\"https\"]"), "\(told)")
        }

        @Test(arguments: IOBackend.available)
        func `versions 1_2 and 1_3 are spoken, older ones not, and ALPN says http 1_1`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.node).url, listener())
            for (flag, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
                let told = try CertificateAuthority.client(
                    port: gatehouse.port,
                    [flag, "-CAfile", authority.file, "-alpn", "h2,http/1.1", "-servername", "localhost"])
                #expect(told.contains("Verify return code: 0"), "\(version): \(told)")
                #expect(told.contains(version), "\(version): \(told)")
                #expect(told.contains("ALPN protocol: http/1.1"), "\(version): \(told)")
            }
            let old = try CertificateAuthority.client(
                port: gatehouse.port, ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
            #expect(!old.contains("BEGIN CERTIFICATE"))
        }

        @Test(arguments: IOBackend.available)
        func `SNI chooses the certificate, and the first is for everyone else`(io: IOBackend) throws {
            let a = try authority.issue("a.example")
            let b = try authority.issue("*.b.example", "b.example")
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(.node).url,
                """
                listen:
                  - address: 127.0.0.1:0
                    tls:
                      certificates:
                        - {certificate: \(localhost.certificate), key: \(localhost.key)}
                        - {certificate: \(a.certificate), key: \(a.key)}
                        - {certificate: \(b.certificate), key: \(b.key)}
                """)
            for (name, subject) in [
                ("a.example", "a.example"), ("A.EXAMPLE", "a.example"), ("x.b.example", "*.b.example"),
                ("unknown.example", "localhost"),
            ] {
                let told = try CertificateAuthority.client(port: gatehouse.port, ["-servername", name])
                #expect(
                    told.contains("subject=CN = \(subject)") || told.contains("subject=CN=\(subject)"),
                    "\(name): \(told)")
            }
            let without = try CertificateAuthority.client(port: gatehouse.port, ["-noservername"])
            #expect(without.contains("localhost"))
            // A connection opened for one name is no way to another's host (threat C15).
            for (name, host, status) in [
                ("a.example", "a.example", 200), ("a.example", "A.Example.:443", 200), ("x.b.example", "y.b.example", 200),
                ("unknown.example", "other.example", 200), ("a.example", "b.example", 421), ("unknown.example", "a.example", 421),
                ("a.example", "unknown.example", 421),
            ] {
                let told = try CertificateAuthority.exchange(
                    "GET /fields HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n", port: gatehouse.port,
                    ["-servername", name])
                #expect(told.contains("HTTP/1.1 \(status) "), "\(name), \(host): \(told)")
            }
        }

        @Test(arguments: IOBackend.available)
        func `a new certificate is shown after SIGHUP, and a broken one changes nothing`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.node).url, listener())
            func serial() throws -> String? {
                let told = try CertificateAuthority.client(port: gatehouse.port)
                guard let start = told.range(of: "-----BEGIN CERTIFICATE-----"),
                    let end = told.range(of: "-----END CERTIFICATE-----")
                else { return nil }
                return String(told[start.lowerBound..<end.upperBound])
            }
            let first = try #require(try serial())
            let renewed = try authority.issue("localhost", "127.0.0.1")
            for (from, to) in [(renewed.certificate, localhost.certificate), (renewed.key, localhost.key)] {
                try Data(contentsOf: URL(fileURLWithPath: from)).write(to: URL(fileURLWithPath: to))
            }
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(for: "config.reloaded")
            let second = try #require(try serial())
            #expect(second != first)

            try Data("not a certificate".utf8).write(to: URL(fileURLWithPath: localhost.certificate))
            gatehouse.child.send(SIGHUP)
            let line = try gatehouse.ledger.wait(for: "config.rejected")
            #expect(line["errors"].description.contains("PEM"), "\(line)")
            #expect(try serial() == second)
        }

        @Test(arguments: IOBackend.available)
        func `where client certificates are demanded, nobody gets in without`(io: IOBackend) throws {
            let clients = try CertificateAuthority(name: "Clients")
            let mine = try clients.issue("client-one")
            let foreign = try authority.issue("client-two")
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(.node).url, listener(", client_ca: \(clients.file)"))
            let url = "wss://localhost:\(gatehouse.port)/echo"
            let without = try PeerClient.websockets.run(url, ["--ca", authority.file])
            #expect(!without["error"].isNull, "\(without)")
            let wrong = try PeerClient.websockets.run(
                url, ["--ca", authority.file, "--certificate", foreign.certificate, "--key", foreign.key])
            #expect(!wrong["error"].isNull, "\(wrong)")
            let told = try PeerClient.websockets.run(
                url, ["--ca", authority.file, "--certificate", mine.certificate, "--key", mine.key])
            #expect(told["result"].text == "same", "\(told)")
            let line = try gatehouse.ledger.wait(for: "session.opened")
            #expect(line["tls"]["client_subject"].text?.contains("client-one") == true)
        }

        @Test(arguments: IOBackend.available)
        func `plain HTTP to the TLS port and half a hello hurt nobody`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(.node).url, listener() + "\ntimeouts: {tls: 300ms}")
            let plain = try gatehouse.connect()
            try plain.send(Forwarding.get())
            let told400 = try plain.readResponse()
            #expect(told400.status == 400 && told400.text.contains("wss://"))
            #expect(told400.field("Gatehouse-Verdict")?.hasPrefix("plain-http-to-tls-port") == true)
            _ = try plain.readToEnd()
            #expect(plain.end != nil)
            let half = try gatehouse.connect()
            try half.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
            _ = try half.readToEnd()
            #expect(half.end != nil)
            let told = try PeerClient.node.run("wss://localhost:\(gatehouse.port)/echo", ["--ca", authority.file])
            #expect(told["result"].text == "same")
        }
    }
}
