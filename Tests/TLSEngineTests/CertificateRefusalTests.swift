import TLSEngine
import TestSupport
import Testing
import Wire

/// What a client says about a server's certificate that it refuses.
@Suite struct CertificateRefusalTests {
    let files = TestFiles()
    let authority = TestAuthority()

    /// The client's view of a handshake with a server that shows `identity`.
    private func connect(
        _ identity: TestIdentity, chain: [TestIdentity] = [], name: String = "app.test",
        options: TLSContext.ClientOptions? = nil
    ) throws -> TLSPair {
        let server = try TLSContext.server(
            .init(certificates: [files.write(identity, chain: chain, as: "server")], allowsInvalidDates: true))
        let trusting = TLSContext.ClientOptions(ca: files.write(authority.subject.certificatePEM, as: "ca.pem"))
        let pair = try TLSPair(try TLSContext.client(options ?? trusting), server, name: name)
        pair.settle()
        return pair
    }

    @Test func `a good certificate is verified`() throws {
        let pair = try connect(authority.issue(.init(commonName: "App", names: ["DNS:app.test", "IP:192.0.2.1"])))
        let peer = try #require(pair.client.facts?.peer)
        #expect(peer.subject == "CN=App")
        #expect(peer.issuer == "CN=Test Root")
        #expect(peer.names == ["app.test", "192.0.2.1"])
        #expect(peer.notAfter - peer.notBefore == .seconds(90_000))
        #expect(pair.client.facts?.verified == true)
        #expect(pair.server.facts != nil)
    }

    @Test func `an expired certificate is said to have expired, and when`() throws {
        let pair = try connect(authority.issue(.init(notBefore: -200_000, notAfter: -100_000)))
        let failure = try #require(pair.client.failure)
        #expect(failure.kind == .certificateExpired)
        #expect(failure.verifyCode == 10)
        #expect(failure.sentence.contains("expired on 20"))
        #expect(failure.alertSent == 45)
        #expect(failure.entries.contains { $0.text == "certificate verify failed" })
        // The alert reached the server, which is told what the client holds against it.
        #expect(pair.server.failure?.kind == .alertReceived(45))
    }

    @Test func `a certificate of tomorrow is not valid yet`() throws {
        let pair = try connect(authority.issue(.init(notBefore: 50_000)))
        #expect(pair.client.failure?.kind == .certificateNotYetValid)
        #expect(pair.client.failure?.verifyCode == 9)
    }

    @Test func `a certificate for other names is refused with the names that it has`() throws {
        let pair = try connect(authority.issue(.init(names: ["DNS:other.test", "DNS:*.more.test"])))
        let failure = try #require(pair.client.failure)
        #expect(failure.kind == .certificateWrongName(names: ["other.test", "*.more.test"]))
        #expect(failure.verifyCode == 62)
        #expect(failure.sentence.contains("app.test was expected"))
    }

    @Test func `the common name counts for nothing`() throws {
        let pair = try connect(authority.issue(.init(commonName: "app.test", names: [])))
        #expect(pair.client.failure?.kind == .certificateWrongName(names: []))
    }

    @Test(arguments: ["192.0.2.1", "2001:db8::1", "[2001:db8::1]"])
    func `an IP address is checked as an address and not sent as a name`(_ address: String) throws {
        let good = try connect(authority.issue(.init(names: ["IP:192.0.2.1", "IP:2001:db8::1"])), name: address)
        #expect(good.client.facts?.verified == true)
        #expect(good.server.facts?.serverName == nil)
        let dns = try connect(authority.issue(.init(names: ["DNS:192.0.2.1", "IP:192.0.2.2"])), name: address)
        #expect(dns.client.failure?.kind == .certificateWrongName(names: ["192.0.2.1", "192.0.2.2"]))
        #expect(dns.client.failure?.verifyCode == 64)
    }

    @Test func `a self-signed certificate is called that`() throws {
        let pair = try connect(TestAuthority.selfSigned())
        #expect(pair.client.failure?.kind == .certificateNotTrusted(.selfSigned))
        #expect(pair.client.failure?.verifyCode == 18)
    }

    @Test func `a self-signed certificate that is named as ca is trusted`() throws {
        let identity = TestAuthority.selfSigned()
        let ca = files.write(identity.certificatePEM, as: "own.pem")
        #expect(try connect(identity, options: .init(ca: ca)).client.facts?.verified == true)
    }

    @Test func `an issuer that nobody knows is called unknown`() throws {
        let pair = try connect(TestAuthority(name: "Stranger").issue())
        let failure = try #require(pair.client.failure)
        #expect(failure.kind == .certificateNotTrusted(.unknownIssuer))
        #expect(failure.verifyCode == 20)
        #expect(failure.sentence.contains("CN=Stranger"))
    }

    @Test func `a private root that is sent along is no more trusted`() throws {
        let stranger = TestAuthority(name: "Stranger")
        let pair = try connect(stranger.issue(), chain: [stranger.subject])
        #expect(pair.client.failure?.kind == .certificateNotTrusted(.unknownIssuer))
        #expect(pair.client.failure?.verifyCode == 19)
    }

    @Test func `a missing intermediate is found, and sending it mends that`() throws {
        let middle = authority.intermediate()
        let leaf = middle.issue(.init(issuerAddress: true))
        let broken = try connect(leaf)
        #expect(broken.client.failure?.kind == .certificateNotTrusted(.missingIntermediate))
        #expect(broken.client.failure?.sentence.contains("CN=Test Intermediate") == true)
        #expect(try connect(leaf, chain: [middle.subject]).client.facts?.verified == true)
    }

    @Test func `an intermediate that is named as ca is enough`() throws {
        let middle = authority.intermediate()
        let ca = files.write(middle.subject.certificatePEM, as: "middle.pem")
        #expect(try connect(middle.issue(), options: .init(ca: ca)).client.facts?.verified == true)
    }

    @Test func `every problem is kept, the weightiest first`() throws {
        let stranger = TestAuthority(name: "Stranger")
        let identity = stranger.issue(.init(names: ["DNS:other.test"], notBefore: -200_000, notAfter: -100_000))
        let failure = try #require(try connect(identity).client.failure)
        #expect(failure.kind == .certificateExpired)
        #expect(Set(failure.problems.map(\.code)).isSuperset(of: [10, 62, 20]))
        #expect(failure.sentence.contains("Also: "))
    }

    @Test func `without verification the handshake completes and the facts say what was wrong`() throws {
        let pair = try connect(
            TestAuthority.selfSigned(.init(names: ["DNS:other.test"])), options: .init(verifies: false))
        let facts = try #require(pair.client.facts)
        #expect(!facts.verified)
        #expect(facts.verification.contains("self-signed"))
        #expect(facts.verification.contains("for other names"))
        #expect(try TLSContext.client(.init(verifies: false)).notices.contains { $0.contains("not verified") })
    }

    @Test func `the system's store does not trust what a test makes up`() throws {
        let pair = try connect(authority.issue(), options: TLSContext.ClientOptions())
        #expect(pair.client.failure?.kind == .certificateNotTrusted(.unknownIssuer))
    }

    @Test func `server_name stands in for the name of the URL`() throws {
        let ca = files.write(authority.subject.certificatePEM, as: "ca.pem")
        let pair = try connect(authority.issue(), name: "127.0.0.1", options: .init(ca: ca, serverName: "app.test"))
        #expect(pair.client.facts?.verified == true)
        #expect(pair.server.facts?.serverName == "app.test")
    }

    @Test(arguments: ["", " ", "a b", "b\u{e4}d.test", String(repeating: "a", count: 254), "nul\0.test"])
    func `a name that can't be one is refused before anything is sent`(_ name: String) throws {
        let context = try TLSContext.client()
        #expect(throws: TLSFailure.self) { _ = try TLSSession(client: context, serverName: name).isOpen }
    }
}
