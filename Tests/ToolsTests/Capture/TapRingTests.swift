import ProxyCore
import Testing
import Wire

@testable import ProxyServer

/// What a black box keeps of what went through it, and where it says that something is missing.
@Suite struct TapRingTests {
    private enum Part: Equatable {
        case bytes([UInt8])
        case gap(Int)
    }

    private func append(_ ring: TapRing, _ bytes: [UInt8]) {
        let record = TapRecord(.relayed, .downstream, flags: .tunnel, key: 1, at: .zero, length: bytes.count, kept: bytes.count)
        bytes.withUnsafeBytes { if let from = $0.baseAddress { ring.append(record, from) } }
    }

    /// What stands in a ring of bytes that were relayed: as received from the client, and as sent to the server.
    private func parts(_ ring: TapRing) -> (received: [Part], sent: [Part]) {
        var received: [Part] = []
        var sent: [Part] = []
        ring.drain { place, record in
            if record.kind == .missed {
                let isReceived = record.extra == TapRecord.Kind.received.rawValue
                #expect(record.side == (isReceived ? .downstream : .upstream))
                if isReceived { received.append(.gap(record.length)) } else { sent.append(.gap(record.length)) }
            } else {
                let bytes = [UInt8](UnsafeRawBufferPointer(start: place + TapRecord.headerSize, count: record.kept))
                received.append(.bytes(bytes))
                sent.append(.bytes(bytes))
            }
        } gap: { streams in
            received.append(.gap(Int(streams.receivedDownstream)))
            sent.append(.gap(Int(streams.sentUpstream)))
        }
        return (joined(received), joined(sent))
    }

    /// Gaps that touch are one: of a stretch that is missing on both streams, one stream's word may be pushed out before the other's.
    private func joined(_ parts: [Part]) -> [Part] {
        parts.reduce(into: []) { joined, part in
            if case .gap(let count) = part {
                if count == 0 { return }
                if case .gap(let before)? = joined.last {
                    joined[joined.count - 1] = .gap(before + count)
                    return
                }
            }
            joined.append(part)
        }
    }

    private func pattern(_ range: Range<Int>) -> [UInt8] { range.map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) } }

    @Test func `what is left out of a long record stands in its middle, behind a frame's header`() {
        let ring = TapRing(capacity: 8 << 10)
        let long = pattern(181..<5081)
        append(ring, pattern(0..<181))
        append(ring, long)
        append(ring, [1, 2, 3])
        let expected: [Part] = [
            .bytes(pattern(0..<181)), .bytes(Array(long.prefix(14))), .gap(4900 - ring.longest),
            .bytes(Array(long.suffix(ring.longest - 14))), .bytes([1, 2, 3]),
        ]
        let (received, sent) = parts(ring)
        #expect((received == expected) == true)
        #expect((sent == expected) == true)
    }

    @Test(arguments: [1 << 10, 3000, 8 << 10])
    func `whatever goes through a ring, all that comes out stands at its place`(capacity: Int) {
        for _ in 0..<100 {
            let ring = TapRing(capacity: capacity)
            var end = 0
            for _ in 0..<Int.random(in: 1...40) {
                let count = Int.random(in: 1...Int.random(in: 1...2 * capacity))
                append(ring, pattern(end..<end + count))
                end += count
            }
            let (received, sent) = parts(ring)
            #expect((received == sent) == true)
            var place = 0
            var isRight = true
            for part in received {
                switch part {
                case .gap(let count): place += count
                case .bytes(let bytes):
                    isRight = isRight && bytes == pattern(place..<place + bytes.count)
                    place += bytes.count
                }
            }
            #expect(isRight)
            #expect(place == end)
        }
    }
}
