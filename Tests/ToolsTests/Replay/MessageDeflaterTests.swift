import Testing
import WebSocketWire
import Wire

@testable import Tools

/// What replay compresses, the product's own inflater reads.
@Suite struct MessageDeflaterTests {
    private func inflated(_ messages: [[UInt8]], _ agreed: PermessageDeflate) throws -> [[UInt8]] {
        let deflater = try #require(MessageDeflater(agreed))
        let inflater = Inflater(
            windowBits: agreed.windowBits(.clientToServer), takesOverContext: agreed.takesOverContext(.clientToServer))
        return try messages.map { message in
            let packed = try #require(deflater.message(message))
            var plain: [UInt8] = []
            try inflater.inflate(packed.span.bytes) { plain += $0.copied() }
            try inflater.endMessage { plain += $0.copied() }
            return plain
        }
    }

    @Test(arguments: [9, 10, 15] as [UInt8], [false, true])
    func `messages come back with every window, with and without the context before`(_ bits: UInt8, _ startsAnew: Bool) throws {
        var agreed = PermessageDeflate()
        agreed.clientMaxWindowBits = bits
        agreed.clientNoContextTakeover = startsAnew
        let long = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
        let messages = [
            Array("hello hello hello".utf8), [], long, Array("hello hello hello".utf8), Array(repeating: 0, count: 70_000),
        ]
        #expect(try inflated(messages, agreed) == messages)
    }

    @Test func `with the context taken over, what was said before costs next to nothing`() throws {
        let text = Array("a sentence that is said twice, word for word".utf8)
        let keeping = try #require(MessageDeflater(PermessageDeflate()))
        let first = try #require(keeping.message(text))
        #expect(try #require(keeping.message(text)).count < first.count / 3)
        var agreed = PermessageDeflate()
        agreed.clientNoContextTakeover = true
        let forgetting = try #require(MessageDeflater(agreed))
        #expect(forgetting.message(text) == forgetting.message(text))
    }

    @Test func `a window of 256 bytes isn't written`() {
        var agreed = PermessageDeflate()
        agreed.clientMaxWindowBits = 8
        #expect(MessageDeflater(agreed) == nil)
    }
}
