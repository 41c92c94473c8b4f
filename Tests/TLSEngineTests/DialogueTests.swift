import TLSEngine
import TestSupport
import Testing
import Wire

/// A handshake and data both ways, however the bytes are cut.
@Suite struct DialogueTests {
    static let authority = TestAuthority()

    @Test(arguments: Chunking.all, [TLSContext.OldestVersion.tls12, .tls13])
    func `a dialogue gives the same for every cut of its bytes`(
        _ chunking: Chunking, _ version: TLSContext.OldestVersion
    ) throws {
        let files = TestFiles()
        let server = try TLSContext.server(.init(certificates: [files.write(Self.authority.issue(), as: "app")]))
        let ca = files.write(Self.authority.subject.certificatePEM, as: "ca.pem")
        let client = try TLSContext.client(.init(ca: ca, oldestVersion: version, newestVersion: version))
        let pair = try TLSPair(client, server)
        pair.settle(chunking)
        let facts = try #require(pair.client.facts)
        #expect(facts.version == (version == .tls12 ? "TLSv1.2" : "TLSv1.3"))
        #expect(facts.applicationProtocol == "http/1.1")
        #expect(facts.verified && facts.verification == "verified")
        #expect(facts.peer?.names == ["app.test"])
        #expect(pair.server.facts?.serverName == "app.test")

        let question = [UInt8](repeating: 0x61, count: 40_000)
        for piece in chunking.pieces(of: pair.client.encrypt(question)) { pair.server.receive(Array(piece)) }
        #expect(pair.server.plaintext == question)
        for piece in chunking.pieces(of: pair.server.encrypt(bytes("short"))) { pair.client.receive(Array(piece)) }
        #expect(pair.client.plaintext == bytes("short"))

        pair.client.closeNotify()
        pair.settle(chunking)
        #expect(pair.server.hasClosed)
        #expect(pair.server.transportEnded() == nil)
        #expect(!pair.client.hasClosed)
        // Half-closed: the other way still works.
        pair.client.receive(pair.server.encrypt(bytes("late")))
        #expect(pair.client.plaintext == bytes("shortlate"))
    }
}
