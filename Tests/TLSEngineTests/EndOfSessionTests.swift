import COpenSSL
import TestSupport
import Testing
import Wire

@testable import TLSEngine

/// How sessions end, and what they bear until then.
@Suite struct EndOfSessionTests {
    let client: TLSContext
    let server: TLSContext

    init() throws {
        let files = TestFiles()
        let authority = TestAuthority()
        server = try TLSContext.server(.init(certificates: [files.write(authority.issue(), as: "server")]))
        client = try TLSContext.client(.init(ca: files.write(authority.subject.certificatePEM, as: "ca.pem")))
    }

    private func open() throws -> TLSPair {
        let pair = try TLSPair(client, server)
        pair.settle()
        return pair
    }

    @Test func `an end without close_notify is truncation`() throws {
        let pair = try open()
        pair.client.receive(pair.server.encrypt(bytes("half of")))
        let failure = try #require(pair.client.transportEnded())
        #expect(failure.kind == .truncated)
        #expect(failure.sentence.contains("close_notify"))
        #expect(pair.client.plaintext == bytes("half of"))
    }

    @Test func `close_notify is told after the data before it, again and again`() throws {
        let pair = try open()
        var all = pair.server.encrypt(bytes("last words"))
        pair.server.closeNotify()
        pair.server.closeNotify()
        all += pair.server.send()
        pair.client.receive(all)
        #expect(pair.client.plaintext == bytes("last words"))
        #expect(pair.client.hasClosed)
        #expect(pair.client.transportEnded() == nil)
        pair.client.hasClosed = false
        pair.client.receive([])
        #expect(pair.client.hasClosed)
    }

    @Test func `close_notify is said once`() throws {
        let pair = try open()
        pair.server.closeNotify()
        let once = pair.server.send()
        #expect(!once.isEmpty)
        pair.server.closeNotify()
        #expect(pair.server.send().isEmpty)
    }

    @Test func `closing before the handshake says nothing and breaks nothing`() throws {
        let pair = try TLSPair(client, server)
        pair.client.closeNotify()
        #expect(pair.client.send().isEmpty)
        pair.settle()
        #expect(pair.client.facts != nil && pair.server.facts != nil)
    }

    @Test func `a broken record ends the session after the data before it`() throws {
        let pair = try open()
        let good = pair.server.encrypt(bytes("good"))
        var bad = pair.server.encrypt(bytes("bad"))
        bad[bad.count - 1] ^= 1
        pair.client.receive(good + bad)
        #expect(pair.client.plaintext == bytes("good"))
        let failure = try #require(pair.client.failure)
        #expect(failure.kind == .other)
        #expect(!failure.entries.isEmpty)
        #expect(failure.alertSent == 20)
        pair.server.receive(pair.client.send())
        #expect(pair.server.failure?.kind == .alertReceived(20))
        #expect(pair.server.failure?.sentence.contains("open session") == true)
    }

    @Test func `one session's failure leaves no trace in another`() throws {
        let healthy = try open()
        let broken = TLSPeer(try TLSSession(server: server))
        broken.receive(bytes("GET / HTTP/1.1\r\n\r\n"))
        #expect(broken.failure != nil)
        // An error that somebody else left in this thread's queue doesn't count either.
        #expect(BIO_new_file("/nowhere/at/all", "r") == nil)
        #expect(ERR_peek_error() != 0)
        healthy.server.receive(healthy.client.encrypt(bytes("fine")))
        #expect(healthy.server.plaintext == bytes("fine"))
        #expect(healthy.server.failure == nil)
    }

    @Test(arguments: [1, 7, 1_000, 16_384, 16_385, 100_000])
    func `plaintext comes whole through rooms of every size`(_ room: Int) throws {
        let pair = try open()
        pair.server.room = room
        let message = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        pair.server.receive(pair.client.encrypt(message))
        #expect(pair.server.plaintext == message)
    }

    @Test(arguments: [97, 200, 16_480, 16_500, 100_000])
    func `ciphertext comes whole out of rooms of every size`(_ room: Int) throws {
        let pair = try open()
        let message = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        pair.server.receive(pair.client.encrypt(message, room: room))
        #expect(pair.server.plaintext == message)
    }

    @Test func `room(for:) takes everything at once, and too little room takes nothing`() throws {
        let pair = try open()
        for count in [1, 64, 16_384, 16_385, 65_536] {
            let message = [UInt8](repeating: 1, count: count)
            var room = [UInt8](repeating: 0, count: TLSSession.room(for: count))
            let result = room.withUnsafeMutableBytes { room in
                message.withUnsafeBytes { pair.client.session.encrypt($0, into: room) }
            }
            guard case .ciphertext(let produced, count) = result else {
                Issue.record("not everything was taken of \(count)")
                continue
            }
            pair.server.receive(Array(room[..<produced]))
        }
        var tiny = [UInt8](repeating: 0, count: 50)
        let result = tiny.withUnsafeMutableBytes { room in
            bytes("x").withUnsafeBytes { pair.client.session.encrypt($0, into: room) }
        }
        guard case .ciphertext(0, 0) = result else {
            Issue.record("something came out of too little room")
            return
        }
    }

    @Test func `what is pending goes before what is encrypted`() throws {
        let pair = try open()
        // A key update of ours waits; the data after it is under the new key.
        #expect(SSL_key_update(pair.client.session.ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1)
        SSL_do_handshake(pair.client.session.ssl)
        #expect(pair.client.pendingCiphertext > 0)
        pair.server.receive(pair.client.encrypt(bytes("new key"), room: 128))
        #expect(pair.server.plaintext == bytes("new key"))
        #expect(pair.server.failure == nil)
    }

    @Test func `a peer that asks and never reads is cut off`() throws {
        let pair = try open()
        let asking = pair.client.session.ssl
        var rounds = 0
        while pair.server.failure == nil, rounds < 100_000 {
            SSL_key_update(asking, SSL_KEY_UPDATE_REQUESTED)
            SSL_do_handshake(asking)
            pair.server.receive(pair.client.send())
            rounds += 1
            #expect(pair.server.pendingCiphertext <= CiphertextPort.pendingLimit)
        }
        #expect(pair.server.failure?.sentence.contains("without ever reading") == true)
    }
}
