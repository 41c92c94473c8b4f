import CZlib
import TestSupport
import Testing
import Wire

@testable import WebSocketWire

@Suite("Inflating messages (RFC 7692 §7.2.2)") struct InflaterTests {
    /// Inflates messages one after another; each is a message's compressed payload.
    private func inflate(
        _ messages: [[UInt8]], _ chunking: Chunking = .whole, with inflater: Inflater = Inflater()
    ) throws(FrameFault) -> [[UInt8]] {
        var plain: [[UInt8]] = []
        for message in messages {
            var content: [UInt8] = []
            for piece in chunking.pieces(of: message) {
                let piece = Array(piece)
                try inflater.inflate(piece.span.bytes) { content += $0.copied() }
            }
            try inflater.endMessage { content += $0.copied() }
            plain.append(content)
        }
        return plain
    }

    private func fault(_ messages: [[UInt8]], with inflater: Inflater = Inflater()) -> FrameFault? {
        do throws(FrameFault) {
            _ = try inflate(messages, with: inflater)
            return nil
        } catch {
            return error
        }
    }

    /// RFC 7692 §7.2.3.1–§7.2.3.6, payloads of "Hello" and of nothing.
    static let hello: [(what: String, payload: [UInt8], plain: String)] = [
        ("one block, compressed", bytes(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00), "Hello"),
        ("one block, stored", bytes(0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00), "Hello"),
        (
            "BFINAL set, then the header of the block that the tail belongs to",
            bytes(0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00), "Hello"
        ),
        ("two blocks", bytes(0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00), "Hello"),
        ("an empty message as one byte", bytes(0x00), ""),
        ("an empty message without a byte", [], ""),
        ("an empty fixed block", bytes(0x02, 0x00), ""),
    ]

    @Test(arguments: hello.indices)
    func `the RFC's examples inflate wherever they are cut`(index: Int) throws {
        let row = InflaterTests.hello[index]
        for chunking in Chunking.all {
            let plain = try inflate([row.payload], chunking)
            #expect(plain == [bytes(row.plain)], "\(row.what), \(chunking)")
        }
    }

    @Test(arguments: Chunking.all)
    func `a second Hello refers to the first`(chunking: Chunking) throws {
        // RFC 7692 §7.2.3.2.
        let both = [bytes(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00), bytes(0xF2, 0x00, 0x11, 0x00, 0x00)]
        #expect(try inflate(both, chunking) == [bytes("Hello"), bytes("Hello")])
        #expect(fault(both, with: Inflater(takesOverContext: false)) == .deflateInvalid)
    }

    @Test(arguments: Chunking.all)
    func `a window lasts beyond a block with BFINAL`(chunking: Chunking) throws {
        let both = [bytes(0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00), bytes(0xF2, 0x00, 0x11, 0x00, 0x00)]
        #expect(try inflate(both, chunking) == [bytes("Hello"), bytes("Hello")])
    }

    @Test(arguments: [true, false])
    func `what zlib deflates inflates to what it was`(takesOverContext: Bool) throws {
        var random = SplitMix64(seed: 7)
        for windowBits in [9, 12, 15] as [Int32] {
            for level in [0, 1, 9] as [Int32] {
                let deflater = Deflater(windowBits: windowBits, takesOverContext: takesOverContext, level: level)
                let inflater = Inflater(windowBits: UInt8(windowBits), takesOverContext: takesOverContext)
                let plain = (0..<12).map { round in
                    (0..<(round * round * 90)).map { UInt8(truncatingIfNeeded: $0 / 7) ^ UInt8(random.next() % 3) }
                }
                #expect(try inflate(plain.map(deflater.message), .random(seed: 3), with: inflater) == plain)
            }
        }
    }

    /// E14: junk, and what is missing.
    static let junk: [(what: String, payload: [UInt8])] = [
        ("a reserved block type", bytes(0x07)),
        ("a stored block whose lengths disagree", bytes(0x00, 0x05, 0x00, 0x00, 0x00, 0x48)),
        ("a stored block that is cut", bytes(0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65)),
        ("a compressed block that is cut", bytes(0xF2, 0x48, 0xCD)),
        ("the tail is there twice", bytes(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00, 0x00, 0xFF, 0xFF)),
        ("garbage behind the last block", bytes(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0xFF, 0xEE)),
        ("BFINAL and no byte behind it for the tail", bytes(0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00)),
        ("garbage behind BFINAL", bytes(0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x07)),
        ("a distance before the start", bytes(0xF2, 0x00, 0x11, 0x00, 0x00)),
        ("a gzip header", bytes(0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00)),
        ("plain text", bytes("Hello, world")),
    ]

    @Test(arguments: junk.indices)
    func `junk is a fault, whatever came before`(index: Int) {
        let row = InflaterTests.junk[index]
        #expect(fault([row.payload]) == .deflateInvalid, "\(row.what)")
        if row.what != "a distance before the start" {
            #expect(
                fault([bytes(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00), row.payload]) == .deflateInvalid, "\(row.what)")
        }
    }

    @Test func `a broken inflater stays broken and holds nothing`() {
        let inflater = Inflater()
        #expect(fault([bytes(0x07)], with: inflater) == .deflateInvalid)
        #expect(!inflater.holdsState)
        #expect(fault([bytes(0x00)], with: inflater) == .deflateInvalid)
    }

    // E12

    @Test func `a bomb of zeros is stopped by the size`() {
        let bomb = Deflater(level: 9).message([UInt8](repeating: 0, count: 64 << 20))
        #expect(bomb.count < 70_000)
        var handedOut = 0
        let inflater = Inflater(limits: .init(size: 1 << 20, ratio: 2000))
        let clock = ContinuousClock()
        let spent = clock.measure {
            do throws(FrameFault) {
                try inflater.inflate(bomb.span.bytes) { handedOut += $0.byteCount }
                Issue.record("the bomb went through")
            } catch {
                #expect(error == .messageTooLarge)
            }
        }
        #expect(handedOut <= 1 << 20)
        #expect(!inflater.holdsState)
        #expect(spent < .seconds(2), "debug builds on a busy machine; release takes about a millisecond")
    }

    @Test func `a bomb is stopped by the ratio once the floor is passed`() {
        let bomb = Deflater(level: 9).message([UInt8](repeating: 0, count: 8 << 20))
        let limits = Inflater.Limits(size: 1 << 40, ratio: 200, ratioFloor: 1 << 20)
        #expect(fault([bomb], with: Inflater(limits: limits)) == .inflationTooLarge)
    }

    @Test func `under the floor zeros are nothing bad`() throws {
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        let limits = Inflater.Limits(size: 1 << 40, ratio: 200, ratioFloor: 1 << 20)
        #expect(try inflate([Deflater().message(zeros)], with: Inflater(limits: limits)) == [zeros])
    }

    @Test func `the size counts for each message, not for the session`() throws {
        let deflater = Deflater()
        let inflater = Inflater(limits: .init(size: 2000))
        let plain = [UInt8](repeating: 7, count: 1500)
        #expect(try inflate((0..<5).map { _ in deflater.message(plain) }, with: inflater).count == 5)
        #expect(fault([deflater.message(plain + plain)], with: inflater) == .messageTooLarge)
    }

    @Test func `a run of final blocks costs what its length costs`() throws {
        // Each two bytes end zlib's stream once.
        let payload = (0..<20_000).flatMap { _ in bytes(0x03, 0x00) } + bytes(0x00)
        #expect(try inflate([payload]) == [[]])
    }

    // E13

    @Test func `without context takeover nothing is held between messages`() throws {
        let inflater = Inflater(takesOverContext: false)
        #expect(!inflater.holdsState)
        let hello = bytes(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00)
        try inflater.inflate(hello.span.bytes) { _ in }
        #expect(inflater.holdsState)
        try inflater.endMessage { _ in }
        #expect(!inflater.holdsState)
        #expect(try inflate([hello, hello], with: inflater) == [bytes("Hello"), bytes("Hello")])
    }

    @Test func `an inflater goes when its owner does`() throws {
        weak var seen: Inflater?
        do {
            let inflater = Inflater()
            try inflater.inflate(bytes(0xF2, 0x48).span.bytes) { _ in }
            seen = inflater
            #expect(seen?.holdsState == true)
        }
        #expect(seen == nil)
    }
}
