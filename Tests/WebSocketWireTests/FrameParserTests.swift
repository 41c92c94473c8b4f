import TestSupport
import Testing
import Wire

@testable import WebSocketWire

@Suite("Frames from bytes (RFC 6455 §5.2)") struct FrameParserTests {
    @Test(arguments: Chunking.all)
    func `the RFC's own frames are read wherever they are cut`(chunking: Chunking) {
        // RFC 6455 §5.7: unmasked "Hello", fragmented "Hel" + "lo", ping; then 256 bytes and 64 KiB.
        let all = bytes(
            0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F,
            0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F,
            0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F,
            0x82, 0x7E, 0x01, 0x00, [UInt8](repeating: 0xAB, count: 256),
            0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0, [UInt8](repeating: 0xCD, count: 65_536))
        let told = tell(all, chunking, from: .serverToClient)
        #expect(told.fault == nil)
        #expect(told.frames.map(\.header.opcode) == [.text, .text, .continuation, .ping, .binary, .binary])
        #expect(told.frames.map(\.header.isFinal) == [true, false, true, true, true, true])
        #expect(told.frames.map(\.payload.count) == [5, 3, 2, 5, 256, 65_536])
        #expect(told.frames.map(\.header.headerLength) == [2, 2, 2, 2, 4, 10])
        #expect(told.frames[1].payload + told.frames[2].payload == bytes("Hello"))
        #expect(told.frames.allSatisfy { $0.isEnded && $0.header.maskingKey == nil })
        #expect(told.offset == UInt64(all.count))
        #expect(told.isAtMessageBoundary)
    }

    @Test(arguments: Chunking.all)
    func `a masked frame is read with its key`(chunking: Chunking) {
        let told = tell(bytes(0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58), chunking)
        #expect(told.frames.count == 1)
        #expect(told.frames[0].header.maskingKey == 0x37FA_213D)
        #expect(told.frames[0].payload == bytes("Hello"))
    }

    @Test(arguments: Chunking.all)
    func `an empty frame has a header and an end and no payload`(chunking: Chunking) {
        let told = tell(bytes(0x82, 0x80, 1, 2, 3, 4, 0x8A, 0x80, 0, 0, 0, 0), chunking)
        #expect(told.frames.map(\.isEnded) == [true, true])
        #expect(told.frames.map(\.payload) == [[], []])
    }

    @Test func `a cut frame is at no boundary and waits for more`() {
        let frame = masked(0x81, bytes("Hello"))
        for count in 1..<frame.count {
            let told = tell(Array(frame[..<count]))
            #expect(!told.isAtFrameBoundary, "after \(count) bytes")
            #expect(told.fault == nil)
            #expect(told.frames.count == (count < 6 ? 0 : 1))
        }
    }

    @Test func `between fragments stands a frame boundary and no message boundary`() {
        let told = tell(masked(0x01, bytes("Hel")))
        #expect(told.isAtFrameBoundary)
        #expect(!told.isAtMessageBoundary)
    }

    @Test func `a control frame between fragments does not end the message`() {
        let told = tell(masked(0x01, bytes("Hel")) + masked(0x89, []) + masked(0x80, bytes("lo")))
        #expect(told.fault == nil)
        #expect(told.isAtMessageBoundary)
    }

    /// E1–E7: the bytes, whose they are, the reserved bits allowed, and the fault.
    static let faults: [(bytes: [UInt8], direction: Direction, allowed: UInt8, fault: FrameFault)] = [
        // E1
        (bytes(0x89, 0xFE, 0, 126, 1, 2, 3, 4), .clientToServer, 0, .controlTooLong),
        (bytes(0x88, 0x7E, 0, 126), .serverToClient, 0, .controlTooLong),
        (bytes(0x8A, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0), .serverToClient, 0, .controlTooLong),
        (bytes(0x09, 0x80, 1, 2, 3, 4), .clientToServer, 0, .controlFragmented),
        (bytes(0x08, 0x00), .serverToClient, 0, .controlFragmented),
        // E2
        (bytes(0xC1, 0x80, 1, 2, 3, 4), .clientToServer, 0, .reservedBits),
        (bytes(0xA1, 0x80, 1, 2, 3, 4), .clientToServer, 0, .reservedBits),
        (bytes(0x91, 0x80, 1, 2, 3, 4), .clientToServer, 0, .reservedBits),
        (bytes(0xA1, 0x80, 1, 2, 3, 4), .clientToServer, 0b100, .reservedBits),
        (bytes(0xF1, 0x00), .serverToClient, 0b100, .reservedBits),
        (bytes(0xC9, 0x00), .serverToClient, 0b100, .reservedBitMisplaced),
        (bytes(0x41, 0x01, 0x00, 0xC0, 0x01, 0x00), .serverToClient, 0b100, .reservedBitMisplaced),
        // E3
        (bytes(0x83, 0x80, 1, 2, 3, 4), .clientToServer, 0, .reservedOpcode),
        (bytes(0x84, 0x00), .serverToClient, 0, .reservedOpcode),
        (bytes(0x85, 0x00), .serverToClient, 0, .reservedOpcode),
        (bytes(0x86, 0x00), .serverToClient, 0, .reservedOpcode),
        (bytes(0x87, 0x00), .serverToClient, 0, .reservedOpcode),
        (bytes(0x8B, 0x00), .serverToClient, 0, .reservedOpcode),
        (bytes(0x8C, 0x00), .serverToClient, 0, .reservedOpcode),
        (bytes(0x8D, 0x00), .serverToClient, 0, .reservedOpcode),
        (bytes(0x8E, 0x00), .serverToClient, 0, .reservedOpcode),
        (bytes(0x8F, 0x80, 1, 2, 3, 4), .clientToServer, 0, .reservedOpcode),
        // E4
        (bytes(0x81, 0x01, "a"), .clientToServer, 0, .unmaskedFromClient),
        (bytes(0x88, 0x00), .clientToServer, 0, .unmaskedFromClient),
        (bytes(0x81, 0x81, 0, 0, 0, 0, "a"), .serverToClient, 0, .maskedFromServer),
        // E5
        (bytes(0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4), .clientToServer, 0, .lengthTooLarge),
        (bytes(0x82, 0x7F, [UInt8](repeating: 0xFF, count: 8)), .serverToClient, 0, .lengthTooLarge),
        (bytes(0x82, 0x7E, 0, 125), .serverToClient, 0, .lengthNotMinimal),
        (bytes(0x82, 0xFE, 0, 0, 1, 2, 3, 4), .clientToServer, 0, .lengthNotMinimal),
        (bytes(0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF), .serverToClient, 0, .lengthNotMinimal),
        // E7
        (bytes(0x80, 0x81, 0, 0, 0, 0, "a"), .clientToServer, 0, .continuationWithoutStart),
        (bytes(0x00, 0x00), .serverToClient, 0, .continuationWithoutStart),
        (bytes(0x01, 0x01, "a", 0x81, 0x01, "b"), .serverToClient, 0, .dataInsideMessage),
        (bytes(0x02, 0x01, "a", 0x89, 0x00, 0x02, 0x01, "b"), .serverToClient, 0, .dataInsideMessage),
    ]

    @Test(arguments: faults.indices)
    func `a breach of the framing rules is found where its frame begins`(index: Int) {
        let row = FrameParserTests.faults[index]
        let before = row.direction == .clientToServer ? masked(0x81, bytes("ok")) : unmasked(0x81, bytes("ok"))
        // The offset of the last frame in the row: its first byte is what the fault names.
        for chunking in Chunking.all {
            let told = tell(
                before + row.bytes + bytes("trailing"), chunking, from: row.direction, allowing: row.allowed)
            #expect(told.fault?.fault == row.fault, "\(chunking)")
            #expect(told.fault == tell(before + row.bytes, from: row.direction, allowing: row.allowed).fault)
            #expect(told.frames.first?.payload == bytes("ok"))
            #expect(!told.isAtFrameBoundary)
        }
    }

    @Test(arguments: Chunking.all)
    func `the offset of a fault is that of its frame's first byte`(chunking: Chunking) {
        let told = tell(
            unmasked(0x81, bytes("ok")) + bytes(0x89, 0x00, 0x82, 0x7E, 0, 5, "hello"), chunking, from: .serverToClient)
        #expect(told.fault == LocatedFault(.lengthNotMinimal, at: 6))
    }

    @Test func `two bytes are enough to find out a bad header`() {
        #expect(tell(bytes(0x83, 0xFF)).fault?.fault == .reservedOpcode)
        #expect(tell(bytes(0x48, 0x54), from: .serverToClient).fault?.fault == .reservedBits, "HTTP is not frames")
        #expect(tell(bytes(0x83)).fault == nil)
    }

    @Test func `RSV1 on the first frame of a message is fine where permessage-deflate is in force`() {
        let told = tell(bytes(0x41, 0x01, 0x00, 0x89, 0x00, 0x80, 0x00), from: .serverToClient, allowing: 0b100)
        #expect(told.fault == nil)
        #expect(told.frames.map(\.header.isCompressed) == [true, false, false])
    }

    @Test func `with an unknown extension every reserved bit is left alone`() {
        let told = tell(bytes(0xF1, 0x00, 0xC9, 0x00), from: .serverToClient, allowing: 0b111)
        #expect(told.fault == nil)
    }

    @Test(arguments: [UInt64(1) << 30, UInt64(Int.max), (UInt64(1) << 63) - 1])
    func `a declared length allocates nothing and traps nowhere`(length: UInt64) {
        // E6: the header, one byte, and then silence.
        let header = bytes(0x82, 0x7F) + (0..<8).reversed().map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
        let told = tell(header + [0x00], from: .serverToClient)
        #expect(told.frames.map(\.header.payloadLength) == [length])
        #expect(told.frames[0].payload.count == 1)
        #expect(!told.frames[0].isEnded)
    }

    @Test func `a gap inside a payload is bridged, any other loses the place`() {
        var parser = FrameParser(direction: .serverToClient)
        let start = bytes(0x82, 0x05, "ab")
        var cursor = ByteCursor(start.span.bytes)
        while (try? parser.next(&cursor)) != nil {}
        parser.missed(3)
        #expect(!parser.isDesynchronised)
        var none = ByteCursor(RawSpan())
        let event = try? parser.next(&none)
        #expect(event == .end)
        #expect(parser.isAtFrameBoundary)
        parser.missed(1)
        #expect(parser.isDesynchronised)
        #expect(parser.desynchronised == nil, "no peer is blamed for a gap")
    }

    @Test func `a parser is small`() {
        #expect(MemoryLayout<FrameParser>.stride <= 40)
    }
}
