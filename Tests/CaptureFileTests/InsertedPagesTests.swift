import CaptureFile
import TestSupport
import Testing
import Wire

/// Payloads that are inserted by the page make the packets that copied ones make, and stand in whole pages of the file.
@Suite struct InsertedPagesTests {
    private static let page = CaptureBuffer.alignment
    private let one = SocketAddress(v4: 0x0A00_0001, port: 5000)
    private let other = SocketAddress(v4: 0x0A00_0002, port: 80)
    private let one6 = SocketAddress(high: 0x2001_0DB8_0000_0000, low: 1, port: 5000)
    private let other6 = SocketAddress(high: 0x2001_0DB8_0000_0000, low: 2, port: 80)

    /// Bytes that stand on a page's border, as long as the test runs.
    private func pages(_ count: Int) -> UnsafeRawBufferPointer {
        let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(count, 1) * InsertedPagesTests.page, alignment: InsertedPagesTests.page)
        for index in room.indices { room[index] = UInt8(truncatingIfNeeded: index &* 251 &+ index >> 8) }
        return UnsafeRawBufferPointer(rebasing: room[..<(count * InsertedPagesTests.page)])
    }

    private func words(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        stride(from: 0, to: bytes.count, by: 4).reduce(0) { $0 &+ UInt64(bytes.loadUnaligned(fromByteOffset: $1, as: UInt32.self)) }
    }

    private func conversation(_ isV6: Bool) -> TapConversation {
        TapConversation(side: .upstream, initiator: isV6 ? one6 : one, responder: isV6 ? other6 : other)
    }

    @Test(arguments: [(0, 100), (1, 0), (1, 1), (2, 1424), (3, 4095), (14, 4095), (15, 0)], [false, true])
    func `the packet is that of copied bytes, checksum and comment included`(length: (pages: Int, rest: Int), isV6: Bool) {
        let pages = pages(length.pages)
        let rest = [UInt8](repeating: 0xA7, count: length.rest)
        var encoder = CaptureEncoder()
        var expected = CaptureEncoder()
        encoder.begin()
        expected.begin()
        var talks = (conversation(isV6), conversation(isV6))
        for comment in [nil, "gatehouse: refused"] {
            talks.0.data(
                from: .responder, pages: pages, rest.span.bytes, sum: PayloadSum(words: words(pages), rest.span.bytes), at: .zero,
                comment: comment, into: &encoder)
            talks.1.data(from: .responder, (Array(pages) + rest).span.bytes, at: .zero, comment: comment, into: &expected)
        }
        let (decoded, plain) = (Files.decode(encoder.buffer.copied()), Files.decode(expected.buffer.copied()))
        #expect(decoded.fault == nil && decoded.left == 0)
        #expect(decoded.packets.map(\.bytes) == plain.packets.map(\.bytes))
        #expect(decoded.packets.map(\.comment) == plain.packets.map(\.comment))
        let (packets, expectedPackets) = (encoder.packets, expected.packets)
        #expect(packets == expectedPackets)
    }

    @Test func `wherever a packet begins, its pages begin one of the file's, and every block is whole`() {
        let pages = pages(1)
        let sum = PayloadSum(words: words(pages), [UInt8]().span.bytes)
        for (unit, length) in stride(from: 0, to: InsertedPagesTests.page + 16, by: 4).flatMap({
            [(CaptureBuffer.sector, $0), (InsertedPagesTests.page, $0)]
        }) {
            var encoder = CaptureEncoder()
            encoder.buffer.unit = unit
            encoder.begin()
            var talk = conversation(false)
            talk.data(from: .initiator, [UInt8](repeating: 1, count: length).span.bytes, at: .zero, into: &encoder)
            talk.data(
                from: .initiator, pages: pages, [UInt8](repeating: 2, count: 5).span.bytes, sum: sum, at: .zero, into: &encoder)
            let file = encoder.buffer.copied()
            let decoded = Files.decode(file)
            #expect(decoded.fault == nil && decoded.left == 0 && decoded.packets.last?.bytes.count == 40 + pages.count + 5)
            var places: [Int] = []
            var offset = 0
            encoder.buffer.forEachPiece(from: 0, to: encoder.buffer.count) { piece in
                if piece.baseAddress == pages.baseAddress { places.append(offset) }
                offset += piece.count
            }
            #expect(places.count == 1 && places.allSatisfy { $0 % unit == 0 }, "behind \(length) bytes")
            #expect(offset == file.count)
            // The border in front of the last packet, of which a part stands elsewhere.
            let border = encoder.buffer.border(notBehind: encoder.buffer.count - 1)
            #expect(Files.decode(Array(file[..<border.offset])).left == 0)
            #expect(
                border.packets == (0, 1) && Files.decode(Array(file[..<border.offset])).packets.count == decoded.packets.count - 1)
            encoder.buffer.fillPage()
            let filled = encoder.buffer.copied()
            #expect(filled.count % InsertedPagesTests.page == 0 && filled.starts(with: file) && Files.decode(filled).left == 0)
        }
    }

    @Test func `what is forgotten takes its pages along`() {
        let pages = pages(2)
        let sum = PayloadSum(words: words(pages), [UInt8]().span.bytes)
        var encoder = CaptureEncoder()
        encoder.begin()
        var talk = conversation(false)
        talk.data(from: .initiator, pages: pages, [UInt8]().span.bytes, sum: sum, at: .zero, into: &encoder)
        let count = encoder.buffer.count
        let (total, inserted) = (encoder.buffer.total, encoder.buffer.inserted)
        #expect(inserted == pages.count && total == count + pages.count)
        let last = encoder.buffer.copied().suffix(3)
        encoder.buffer.dropFirst(count - 3)
        let (rest, left) = (encoder.buffer.copied(), encoder.buffer.inserted)
        #expect(rest == Array(last) && left == 0)
        encoder.buffer.clear()
        talk.data(from: .initiator, pages: pages, [UInt8]().span.bytes, sum: sum, at: .zero, into: &encoder)
        encoder.buffer.clear()
        let cleared = encoder.buffer.total
        #expect(cleared == 0)
    }

    @Test(arguments: Chunking.all) func `room that a dead process kept behind its last block is the end of a capture`(
        chunking: Chunking
    ) {
        var encoder = CaptureEncoder()
        encoder.begin()
        var talk = conversation(false)
        talk.data(from: .initiator, bytes("Hello").span.bytes, at: .zero, into: &encoder)
        let decoded = Files.decode(encoder.buffer.copied() + [UInt8](repeating: 0, count: 10_000), chunking)
        #expect(decoded.fault == nil && decoded.packets.count == 4)
        #expect(decoded.left == 10_000)
    }
}
