import TLSEngine
import TestSupport
import Testing
import Wire

/// Peers that speak something else than TLS, or stop in the middle of it.
@Suite struct ForeignSpeechTests {
    let server: TLSContext
    let client: TLSContext

    init() throws {
        let files = TestFiles()
        let authority = TestAuthority()
        server = try TLSContext.server(.init(certificates: [files.write(authority.issue(), as: "server")]))
        client = try TLSContext.client(.init(ca: files.write(authority.subject.certificatePEM, as: "ca.pem")))
    }

    private func serverHears(_ bytes: [UInt8], _ chunking: Chunking = .whole) throws -> TLSPeer {
        let peer = TLSPeer(try TLSSession(server: server))
        for piece in chunking.pieces(of: bytes) where peer.failure == nil { peer.receive(Array(piece)) }
        return peer
    }

    private func clientHears(_ bytes: [UInt8], _ chunking: Chunking = .whole) throws -> TLSPeer {
        let peer = TLSPeer(try TLSSession(client: client, serverName: "app.test"))
        peer.receive([])
        for piece in chunking.pieces(of: bytes) where peer.failure == nil { peer.receive(Array(piece)) }
        return peer
    }

    @Test(arguments: Chunking.all)
    func `plain HTTP to the TLS port is seen by its request`(_ chunking: Chunking) throws {
        for head in [
            "GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n", "PROPFIND / HTTP/1.1\r\n\r\n",
        ] {
            let failure = try #require(try serverHears(bytes(head), chunking).failure)
            #expect(failure.kind == .plainHTTPOnTLSPort(.request))
            #expect(failure.sentence.contains("wss://"))
        }
    }

    @Test(arguments: Chunking.all)
    func `a server that answers in plain HTTP is seen by its response`(_ chunking: Chunking) throws {
        let failure = try #require(try clientHears(bytes("HTTP/1.1 400 Bad Request\r\n\r\n"), chunking).failure)
        #expect(failure.kind == .plainHTTPOnTLSPort(.response))
        #expect(failure.sentence.contains("ws://"))
    }

    @Test func `the greeting of another protocol is shown with its first bytes`() throws {
        let failure = try #require(try clientHears(bytes("SSH-2.0-OpenSSH_9.2p1\r\n")).failure)
        #expect(failure.kind == .notTLS(firstBytes: bytes("SSH-2.0-OpenSSH_")))
        #expect(failure.sentence.contains("SSH-2.0"))
    }

    @Test(arguments: [
        bytes(0, 0, 0, 0, 0, 0, 0, 0), bytes(0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0xFA), bytes(22, 9, 9, 9, 9, 9, 9),
    ])
    func `garbage is not TLS, for either end`(_ garbage: [UInt8]) throws {
        let padded = garbage + [UInt8](repeating: 0x7B, count: 32)
        let kind = TLSFailure.Kind.notTLS(firstBytes: Array(padded.prefix(16)))
        #expect(try serverHears(padded).failure?.kind == kind)
        #expect(try clientHears(padded).failure?.kind == kind)
    }

    @Test func `random bytes never crash and never complete`() throws {
        var random = SplitMix64(seed: 7)
        for _ in 0..<500 {
            var noise = (0..<Int(random.next() % 600)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            if random.next() & 1 == 0 { noise = bytes(22, 3, 1) + noise }
            let peer = try serverHears(noise)
            #expect(peer.facts == nil)
            #expect(peer.transportEnded() != nil)
        }
    }

    @Test func `a bit flipped in the hello lets neither end complete`() throws {
        for index in stride(from: 0, to: 240, by: 3) {
            let pair = try TLSPair(client, server)
            pair.client.receive([])
            var hello = pair.client.send()
            #expect(hello.count > 240)
            hello[index] ^= 0x10
            pair.server.receive(hello)
            pair.settle()
            #expect(pair.client.facts == nil && pair.server.facts == nil, "byte \(index)")
        }
    }

    @Test(arguments: [0, 1, 5, 60])
    func `half a hello and the end is called truncated`(_ count: Int) throws {
        let talker = TLSPeer(try TLSSession(client: client, serverName: "app.test"))
        talker.receive([])
        let peer = try serverHears(Array(talker.send().prefix(count)))
        #expect(peer.failure == nil)
        let failure = try #require(peer.transportEnded())
        #expect(failure.kind == .truncated)
        #expect(failure.sentence.contains(count == 0 ? "before the client sent anything" : "in the middle"))
    }

    @Test func `after a failure the session answers nothing else`() throws {
        let peer = try serverHears(bytes("GET / HTTP/1.1\r\n\r\n"))
        let failure = try #require(peer.failure)
        var rest = UnsafeRawBufferPointer(start: nil, count: 0)
        guard case .failed(let again) = peer.session.handshake(&rest) else {
            Issue.record("the failure was forgotten")
            return
        }
        #expect(again == failure)
        #expect(peer.transportEnded() == failure)
    }
}
