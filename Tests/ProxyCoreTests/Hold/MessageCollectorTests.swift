import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import ProxyCore

@Suite struct MessageCollectorTests {
    private typealias Item = MessageCollector.Item

    private func collect(
        _ bytes: [UInt8], _ direction: Direction, _ chunking: Chunking, limit: Int = 1000, mayStream: Bool = true
    ) -> [Item] {
        var collector = MessageCollector(direction: direction, limit: limit)
        var items: [Item] = []
        for piece in chunking.pieces(of: bytes) {
            let piece = Array(piece)
            var cursor = ByteCursor(piece.span.bytes)
            while let item = collector.next(&cursor, mayStream: mayStream) { items.append(item) }
        }
        return items
    }

    @Test(arguments: Chunking.all)
    func `messages come out whole and as they came, control frames at once`(chunking: Chunking) {
        let first = HoldFrames.client(.text, "one".utf8, isFinal: false)
        let ping = HoldFrames.client(.ping, "p".utf8)
        let last = HoldFrames.client(.continuation, " two".utf8)
        let single = HoldFrames.client(.binary, [1, 2, 3])
        let close = HoldFrames.close(1000, masked: true)
        #expect(
            collect(first + ping + last + single + close, .clientToServer, chunking) == [
                .control(.ping, payload: Array("p".utf8), frame: ping), .message(first + last), .message(single),
                .control(.close, payload: [0x03, 0xE8], frame: close),
            ])
    }

    @Test(arguments: Chunking.all)
    func `a message above the limit goes on as it comes`(chunking: Chunking) {
        let payload = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        let big = HoldFrames.client(.binary, payload, isFinal: false) + HoldFrames.client(.continuation, payload)
        let small = HoldFrames.text("after")
        var parts: [UInt8] = []
        let items = collect(big + small, .clientToServer, chunking, limit: 100)
        for item in items.dropLast() {
            switch item {
            case .part(let bytes, _), .message(let bytes): parts += bytes
            default: Issue.record("\(item)")
            }
        }
        #expect(parts == big)
        #expect(items.last == .message(small))
        guard items.count > 2 else { return }
        guard case .part(_, true)? = items.dropLast().last else {
            Issue.record("\(items)")
            return
        }
    }

    @Test(arguments: Chunking.all)
    func `a control frame between the fragments of a message above the limit stands behind the fragment before it`(
        chunking: Chunking
    ) throws {
        let payload = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        let bytes =
            HoldFrames.client(.binary, payload, isFinal: false) + HoldFrames.client(.ping, "p".utf8)
            + HoldFrames.client(.continuation, payload, isFinal: false) + HoldFrames.client(.pong, "q".utf8)
            + HoldFrames.client(.continuation, payload) + HoldFrames.close(1000, masked: true)
        // Cut within the first fragment, so that its beginning has gone when the ping comes.
        for cut in [150, 200, 250] {
            var collector = MessageCollector(direction: .clientToServer, limit: 100)
            var sent: [UInt8] = []
            for piece in [bytes[..<cut]] + chunking.pieces(of: Array(bytes[cut...])).map({ Array($0)[...] }) {
                let piece = Array(piece)
                var cursor = ByteCursor(piece.span.bytes)
                while let item = collector.next(&cursor, mayStream: true) {
                    switch item {
                    case .part(let bytes, _), .control(_, _, let bytes), .message(let bytes), .unreadable(let bytes): sent += bytes
                    }
                }
            }
            #expect(sent == Array(bytes), "cut at \(cut)")
        }
    }

    @Test(arguments: Chunking.all)
    func `towards the client each part is whole frames, so that a close frame has its place`(chunking: Chunking) throws {
        let payload = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        let big =
            HoldFrames.server(.text, payload, isFinal: false) + HoldFrames.server(.ping, "x".utf8)
            + HoldFrames.server(.continuation, payload)
        var reader = FrameReader(.serverToClient)
        var read: [FrameReader.Message] = []
        for item in collect(big, .serverToClient, chunking, limit: 100) {
            switch item {
            case .part(let bytes, _), .control(_, _, let bytes), .message(let bytes), .unreadable(let bytes):
                read += try reader.read(bytes)
                var copy = reader
                #expect(try copy.read(HoldFrames.close(1012, masked: false)).last?.opcode == .close, "at a frame boundary")
            }
        }
        #expect(read.filter { $0.opcode == .text } == [.init(opcode: .text, payload: payload + payload)])
        #expect(read.filter { $0.opcode == .ping }.count == 1)
    }

    @Test(arguments: Chunking.all)
    func `a message above the limit waits where it may not go`(chunking: Chunking) {
        let big = HoldFrames.client(.binary, [UInt8](repeating: 7, count: 300))
        #expect(collect(big, .clientToServer, chunking, limit: 100, mayStream: false) == [.message(big)])
    }

    @Test(arguments: Chunking.all)
    func `what is no frame comes out with all that waited, byte for byte`(chunking: Chunking) {
        let bytes = HoldFrames.text("fine") + HoldFrames.client(.text, "half".utf8, isFinal: false) + bytes(0xFF, 0x80, "rubbish")
        var rest: [UInt8] = []
        let items = collect(bytes, .clientToServer, chunking)
        #expect(items.first == .message(HoldFrames.text("fine")))
        for case .unreadable(let part) in items { rest += part }
        #expect(HoldFrames.text("fine") + rest == bytes)
    }
}
