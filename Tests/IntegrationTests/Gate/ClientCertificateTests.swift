import Glibc
import Testing

extension Integration {
    /// A client certificate as credential: the listener verifies its chain, the gate looks at whose it is.
    @Suite struct ClientCertificateTests {
        @Test(arguments: IOBackend.available)
        func `whose subject fits gets in and is known by it; another is told from by name`(io: IOBackend) throws {
            let authority = try CertificateAuthority()
            let server = try authority.issue("localhost", "127.0.0.1")
            let clients = try CertificateAuthority(name: "Clients")
            let (robot, eve) = (try clients.issue("robot-7.example"), try clients.issue("eve.example"))
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: backend.url,
                """
                listen: {address: '127.0.0.1:0', tls: {certificate: '\(server.certificate)', key: '\(server.key)', client_ca: '\(clients.file)'}}
                auth:
                  from: [client_certificate]
                  subjects: ["CN=robot-*", "DNS=*.robots.example"]
                  identity: [{field: X-User, value: user}, {field: X-Issuer, value: claims.issuer}]
                """)
            func exchange(_ client: CertificateAuthority.Certificate) throws -> String {
                try CertificateAuthority.exchange(
                    Upgrade.request(with: ("X-User", "admin")), port: gatehouse.port,
                    ["-CAfile", authority.file, "-cert", client.certificate, "-key", client.key, "-ign_eof"])
            }
            let refused = try exchange(eve)
            #expect(refused.contains("HTTP/1.1 401 "), "\(refused)")
            let line = try gatehouse.ledger.wait(for: "session.refused")
            #expect(line["reason"].text == "subject_not_allowed")
            #expect(line["detail"].text?.contains("CN=eve.example") == true, "\(line)")
            #expect(!backend.waits())
            let peer = try Peer.shared(.uvicornWebsockets)
            let open = try GatehouseProcess(
                io: io, upstream: peer.url,
                """
                listen: {address: '127.0.0.1:0', tls: {certificate: '\(server.certificate)', key: '\(server.key)', client_ca: '\(clients.file)'}}
                auth: {from: [client_certificate], subjects: ["CN=robot-*"]}
                """)
            let told = try PeerClient.websockets.run(
                "wss://localhost:\(open.port)/echo",
                ["--ca", authority.file, "--certificate", robot.certificate, "--key", robot.key])
            #expect(told["result"].text == "same", "\(told)")
        }
    }
}
