import Testing

extension Integration {
    /// Services of the gate's that are spoken to over TLS: verified unless the operator says loudly otherwise, and nobody gets in by one
    /// that can't be.
    @Suite struct SecureServiceTests {
        private let authority: CertificateAuthority

        init() throws { authority = try CertificateAuthority() }

        private func configuration(_ service: SecureService, _ tls: String?) -> String {
            "auth: {forward: {url: 'https://127.0.0.1:\(service.port)/check', user: X-User, timeout: 5s\(tls.map { ", tls: {\($0)}" } ?? "")}}"
        }

        @Test(arguments: IOBackend.available)
        func `a judge with a certificate of a private authority is believed where the file names the authority`(io: IOBackend)
            throws
        {
            let backend = try RawBackend()
            let service = try SecureService(try authority.issue("judge.example"))
            let gatehouse = try GatehouseProcess(
                io: io, upstream: backend.url, configuration(service, "ca: \(authority.file), server_name: judge.example"))
            _ = try RawSession(through: gatehouse, to: backend)
            #expect(try gatehouse.ledger.all("service.unverified").isEmpty)
        }

        @Test(arguments: IOBackend.available)
        func `a judge whose certificate doesn't hold lets nobody in, and the ledger says why`(io: IOBackend) throws {
            let backend = try RawBackend()
            let good = try SecureService(try authority.issue("127.0.0.1"))
            let expired = try SecureService(try authority.issue("127.0.0.1", days: -1))
            let demanding = try SecureService(try authority.issue("127.0.0.1"), clientAuthority: authority.file)
            let other = try CertificateAuthority(name: "Another authority")
            for (what, configuration, words) in [
                ("another authority", configuration(good, "ca: \(other.file)"), "certificate_not_trusted"),
                ("the system's store", configuration(good, nil), "certificate_not_trusted"),
                (
                    "another name", configuration(good, "ca: \(authority.file), server_name: judge.example"),
                    "certificate_wrong_name"
                ),
                ("expired", configuration(expired, "ca: \(authority.file)"), "certificate_expired"),
                ("no certificate of ours", configuration(demanding, "ca: \(authority.file)"), "from https://127.0.0.1"),
            ] {
                let gatehouse = try GatehouseProcess(io: io, upstream: backend.url, configuration)
                let response = try gatehouse.exchange(Upgrade.request())
                #expect(response.status == 503 && response.head.contains("Retry-After"), "\(what): \(response.head)")
                let line = try gatehouse.ledger.wait(for: "session.refused")
                #expect(line["reason"].text == "credentials_uncheckable", "\(what): \(line)")
                #expect(line["detail"].text?.contains(words) == true, "\(what): \(line["detail"])")
            }
            #expect(!backend.waits())
        }

        @Test(arguments: IOBackend.available)
        func `verification is left out only where the file says so, and the log says so aloud`(io: IOBackend) throws {
            let backend = try RawBackend()
            let service = try SecureService(try authority.issue("elsewhere.example"))
            let gatehouse = try GatehouseProcess(io: io, upstream: backend.url, configuration(service, "verify: false"))
            _ = try RawSession(through: gatehouse, to: backend)
            let line = try gatehouse.ledger.wait(for: "service.unverified")
            #expect(line["level"].text == "warning" && line["url"].text == "https://127.0.0.1:\(service.port)/check", "\(line)")
        }

        @Test(arguments: IOBackend.available)
        func `a judge that demands a certificate gets the configured one`(io: IOBackend) throws {
            let backend = try RawBackend()
            let own = try authority.issue("gatehouse.example")
            let service = try SecureService(try authority.issue("127.0.0.1"), clientAuthority: authority.file)
            let gatehouse = try GatehouseProcess(
                io: io, upstream: backend.url,
                configuration(service, "ca: \(authority.file), certificate: \(own.certificate), key: \(own.key)"))
            _ = try RawSession(through: gatehouse, to: backend)
        }

        @Test func `keys are fetched over TLS with the same words, and not by a certificate that doesn't hold`() throws {
            let backend = try RawBackend()
            let service = try SecureService(try authority.issue("127.0.0.1"))
            func configuration(_ tls: String) -> String {
                "auth: {from: [{query: t}], jwt: {url: 'https://127.0.0.1:\(service.port)/jwks.json'\(tls)}}"
            }
            let request = Upgrade.request("/?t=\(GateTests.token(GateTests.claims(), header: #","kid":"a""#))")
            let io = IOBackend.available[0]
            let good = try GatehouseProcess(io: io, upstream: backend.url, configuration(", tls: {ca: \(authority.file)}"))
            _ = try good.ledger.wait(for: "keys.fetched")
            _ = try RawSession(through: good, to: backend, request: request)
            let bad = try GatehouseProcess(io: io, upstream: backend.url, configuration(""))
            let line = try bad.ledger.wait(for: "keys.not_fetched")
            #expect("\(line)".contains("certificate_not_trusted"), "\(line)")
            #expect(try bad.exchange(request).status == 503)
            #expect(!backend.waits())
        }

        @Test func `a file that can't be loaded stops the start, and leaves a running process as it was`() throws {
            let backend = try RawBackend()
            let service = try SecureService(try authority.issue("127.0.0.1"))
            let scratch = try ScratchFolder()
            try scratch.write("no certificate\n", to: "ca.pem")
            let bad = configuration(service, "ca: \(scratch.file("ca.pem"))")
            let error = #expect(throws: HarnessFailure.self) { try GatehouseProcess(io: .epoll, upstream: backend.url, bad) }
            #expect(error.map { "\($0)" }?.contains("ca.pem") == true)
            let gatehouse = try GatehouseProcess(
                io: .epoll, upstream: backend.url, configuration(service, "ca: \(authority.file)"))
            try gatehouse.rewrite(upstream: backend.url, bad)
            gatehouse.child.send(1)
            _ = try gatehouse.ledger.wait(for: "config.rejected")
            _ = try RawSession(through: gatehouse, to: backend)
        }
    }
}
