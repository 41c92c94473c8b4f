import ProxyCore
import Testing
import Wire

@testable import ProxyServer

/// What a rule for payloads lets into a file, however the bytes come.
@Suite struct PayloadRuleTests {
    private let stream = PayloadTrimmer.Stream(side: .upstream, isPeers: true)

    /// How many bytes are kept of pieces that come one after another.
    private func kept(_ trimmer: PayloadTrimmer, _ pieces: [[UInt8]], isTunnel: Bool) -> Int {
        var sum = 0
        for piece in pieces {
            piece.withUnsafeBytes { bytes in
                trimmer.trim(bytes, stream, isTunnel: isTunnel) { part, kept in sum += min(kept, part.count) }
            }
        }
        return sum
    }

    @Test func `a refusal's body that comes byte by byte is cut as one that comes whole`() {
        let trimmer = PayloadTrimmer(PayloadRule(.cut, limit: 4))
        let body = [UInt8](repeating: 0x78, count: 40)
        trimmer.begin(stream)
        #expect(kept(trimmer, body.map { [$0] }, isTunnel: false) == 4)
        #expect(kept(trimmer, [body], isTunnel: false) == 0)
        // The next response has a body of its own.
        trimmer.begin(stream)
        #expect(kept(trimmer, [body], isTunnel: false) == 4)
        trimmer.begin(PayloadTrimmer.Stream(side: .downstream, isPeers: true))
        #expect(kept(trimmer, [body], isTunnel: false) == 0)
        #expect(kept(PayloadTrimmer(PayloadRule(.mask)), body.map { [$0] }, isTunnel: false) == 0)
    }

    @Test func `what isn't frames any more is cut in all, not piece by piece`() {
        let trimmer = PayloadTrimmer(PayloadRule(.cut, limit: 4))
        // An opcode that doesn't exist.
        let broken: [[UInt8]] = [[0x8F, 0x00]] + (0..<40).map { [$0] }
        #expect(kept(trimmer, broken, isTunnel: true) == 4)
    }

    @Test func `a rule for which there is no place any more keeps nothing, whatever the others keep`() throws {
        let desk = CaptureDesk()
        #expect(desk.place(of: PayloadRule()) == 0)
        for limit in 1..<4100 { _ = desk.place(of: PayloadRule(.cut, limit: limit)) }
        let rules = desk.rules
        #expect(rules.count == 4096)
        #expect(rules[Int(desk.place(of: PayloadRule(.cut, limit: 7)))] == PayloadRule(.cut, limit: 7))
        let path = try #require(MaskPath("$.token"))
        let rule = rules[Int(desk.place(of: PayloadRule(.mask, paths: [path])))]
        let frame: [UInt8] = [0x81, 0x05] + Array("Hello".utf8)
        #expect(kept(PayloadTrimmer(rule), [frame], isTunnel: true) == 2, "the header alone")
    }
}
