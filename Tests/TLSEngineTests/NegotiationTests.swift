import COpenSSL
import COpenSSLShim
import Synchronization
import TestSupport
import Testing
import Wire

@testable import TLSEngine

/// What two ends agree on, and what they can't.
@Suite struct NegotiationTests {
    let files = TestFiles()
    let authority = TestAuthority()

    private func trusting(
        oldest: TLSContext.OldestVersion = .tls12, newest: TLSContext.OldestVersion? = nil, keyLog: KeyLog? = nil
    ) throws -> TLSContext {
        let ca = files.write(authority.subject.certificatePEM, as: "ca.pem")
        return try TLSContext.client(.init(ca: ca, oldestVersion: oldest, newestVersion: newest, keyLog: keyLog))
    }

    private func serving(
        oldest: TLSContext.OldestVersion = .tls12, newest: TLSContext.OldestVersion? = nil
    ) throws -> TLSContext {
        let certificates = [files.write(authority.issue(), as: "server")]
        return try TLSContext.server(.init(certificates: certificates, oldestVersion: oldest, newestVersion: newest))
    }

    @Test(arguments: [
        ("one.test", "CN=one"), ("ONE.test", "CN=one"), ("a.two.test", "CN=two"), ("exact.two.test", "CN=exact"),
        ("a.b.two.test", "CN=default"), ("two.test", "CN=default"), ("nobody.test", "CN=default"),
        ("192.0.2.7", "CN=default"),
        ("given.test", "CN=named"), ("ungiven.test", "CN=default"),
    ])
    func `the name that is asked for chooses the certificate`(_ name: String, _ subject: String) throws {
        let identities: [(String, [String], [String])] = [
            ("default", ["DNS:default.test"], []), ("one", ["DNS:one.test"], []), ("two", ["DNS:*.two.test"], []),
            ("exact", ["DNS:exact.two.test"], []), ("later", ["DNS:one.test"], []),
            ("named", ["DNS:ungiven.test"], ["given.test"]),
        ]
        let certificates = identities.map { common, names, explicit in
            files.write(authority.issue(.init(commonName: common, names: names)), as: common, names: explicit)
        }
        let pair = try TLSPair(
            try TLSContext.client(.init(verifies: false)), try TLSContext.server(.init(certificates: certificates)),
            name: name)
        pair.settle()
        #expect(pair.client.facts?.peer?.subject == subject)
    }

    @Test func `http/1.1 is answered, h2 never, and h2 alone is refused`() throws {
        for (offer, chosen) in [
            ("\u{2}h2\u{8}http/1.1", "http/1.1"), ("\u{8}http/1.1", "http/1.1"), ("\u{2}h2\u{8}http/1.0", nil),
        ] {
            let client = try trusting()
            let list = Array(offer.utf8)
            SSL_CTX_set_alpn_protos(client.base, list, UInt32(list.count))
            let pair = try TLSPair(client, try serving())
            pair.settle()
            #expect(pair.server.facts?.applicationProtocol == chosen)
            guard chosen == nil else { continue }
            #expect(pair.server.failure?.kind == .noSharedApplicationProtocol(offered: ["h2", "http/1.0"]))
            #expect(pair.client.failure?.kind == .noSharedApplicationProtocol(offered: []))
        }
    }

    @Test func `a client without ALPN is served`() throws {
        let client = try trusting()
        SSL_CTX_set_alpn_protos(client.base, nil, 0)
        let pair = try TLSPair(client, try serving())
        pair.settle()
        let facts = try #require(pair.server.facts)
        #expect(facts.applicationProtocol == nil)
    }

    @Test func `versions that don't meet are named on both ends`() throws {
        let newClient = try TLSPair(try trusting(oldest: .tls13), try serving(newest: .tls12))
        newClient.settle()
        #expect(newClient.server.failure?.kind == .protocolVersion)
        #expect(newClient.client.failure?.kind == .protocolVersion)
        let oldClient = try TLSPair(try trusting(newest: .tls12), try serving(oldest: .tls13))
        oldClient.settle()
        #expect(oldClient.server.failure?.kind == .protocolVersion)
        #expect(oldClient.client.failure?.kind == .protocolVersion)
    }

    @Test func `TLS 1.1 is refused whoever asks for it`() throws {
        let client = try trusting()
        _ = copensslshim_set_min_proto_version(client.base, TLS1_1_VERSION)
        _ = copensslshim_set_max_proto_version(client.base, TLS1_1_VERSION)
        SSL_CTX_set_security_level(client.base, 0)
        let pair = try TLSPair(client, try serving())
        pair.settle()
        #expect(pair.server.failure?.kind == .protocolVersion)
        #expect(pair.client.failure?.kind == .protocolVersion)
    }

    @Test func `no shared cipher suite is named by the server and guessed at by the client`() throws {
        let client = try trusting(newest: .tls12)
        SSL_CTX_set_cipher_list(client.base, "AES128-SHA")
        let pair = try TLSPair(client, try serving())
        pair.settle()
        #expect(pair.server.failure?.kind == .noSharedCipher)
        #expect(pair.client.failure?.kind == .alertReceived(40))
        #expect(pair.client.failure?.sentence.contains("no shared cipher suite") == true)
    }

    @Test func `renegotiation is refused and the session goes on`() throws {
        let client = try trusting(newest: .tls12)
        SSL_CTX_clear_options(client.base, copensslshim_op_no_renegotiation())
        let pair = try TLSPair(client, try serving())
        pair.settle()
        #expect(pair.server.facts != nil)
        #expect(SSL_renegotiate(pair.client.session.ssl) == 1)
        SSL_do_handshake(pair.client.session.ssl)
        let hello = pair.client.send()
        #expect(!hello.isEmpty)
        pair.server.receive(hello)
        // One record: a warning, and not a second ServerHello.
        #expect(pair.server.send().first == 21)
        #expect(!pair.server.encrypt(bytes("on")).isEmpty)
        #expect(pair.server.failure == nil)
    }

    @Test(arguments: [TLSContext.OldestVersion.tls12, .tls13])
    func `a session is resumed with the context that made it and with no other`(_ version: TLSContext.OldestVersion)
        throws
    {
        let client = try trusting(oldest: version, newest: version)
        let server = try serving()
        let first = try TLSPair(client, server)
        first.settle()
        first.client.receive(first.server.encrypt(bytes("data")))
        #expect(first.client.facts?.resumed == false)
        let kept = try #require(first.client.resumption)

        func resumed(_ client: TLSContext, _ server: TLSContext, name: String = "app.test") throws -> Bool {
            let pair = try TLSPair(client, server, name: name, resuming: kept)
            pair.settle()
            #expect(pair.server.facts?.resumed == pair.client.facts?.resumed)
            return pair.client.facts?.resumed == true
        }
        #expect(try resumed(client, server))
        // A reload makes another context: its tickets are sealed with other keys.
        #expect(try !resumed(client, serving()))
        // What one context let pass isn't offered by another.
        #expect(try !resumed(trusting(oldest: version, newest: version), server))
        #expect(try !resumed(client, server, name: "127.0.0.1"))
    }

    @Test func `no early data is accepted`() throws {
        let client = try trusting(oldest: .tls13)
        let server = try serving()
        let first = try TLSPair(client, server)
        first.settle()
        first.client.receive(first.server.encrypt(bytes("data")))
        let session = try #require(SSL_get1_session(first.client.session.ssl))
        defer { SSL_SESSION_free(session) }
        #expect(SSL_SESSION_get_max_early_data(session) == 0)
        #expect(SSL_get_max_early_data(first.server.session.ssl) == 0)
    }

    @Test func `the key log has the secrets that Wireshark needs`() throws {
        let lines = Mutex<[String]>([])
        let log = KeyLog { line in lines.withLock { $0.append(line) } }
        let pair = try TLSPair(try trusting(oldest: .tls13, keyLog: log), try serving())
        pair.settle()
        let labels = Set(lines.withLock { $0 }.compactMap { $0.split(separator: " ").first.map(String.init) })
        #expect(
            labels.isSuperset(of: [
                "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0", "CLIENT_TRAFFIC_SECRET_0",
            ]))
    }

    @Test func `an RSA certificate serves too`() throws {
        let certificates = [files.write(authority.issue(.init(key: .rsa(bits: 2048))), as: "rsa")]
        let pair = try TLSPair(try trusting(newest: .tls12), try TLSContext.server(.init(certificates: certificates)))
        pair.settle()
        #expect(pair.client.facts?.cipher.hasPrefix("ECDHE-RSA-") == true)
    }
}
