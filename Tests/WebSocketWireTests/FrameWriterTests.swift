import TestSupport
import Testing
import Wire

@testable import WebSocketWire

@Suite("Writing frames") struct FrameWriterTests {
    @Test(arguments: [nil, 0, 0x37FA_213D, .max] as [UInt32?])
    func `a ping of eight bytes is the same as any other ping`(_ key: UInt32?) {
        let payload: [UInt8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF]
        var room = [UInt8](repeating: 0xEE, count: 16)
        let count = room.withUnsafeMutableBytes {
            FrameWriter.writePing(0x0123_4567_89AB_CDEF, maskingKey: key, into: $0)
        }
        #expect(Array(room.prefix(count)) == FrameWriter.ping(payload, maskingKey: key))
        #expect(room[count...].allSatisfy { $0 == 0xEE })
        var small = [UInt8](repeating: 0, count: 13)
        #expect(small.withUnsafeMutableBytes { FrameWriter.writePing(1, maskingKey: key, into: $0) } == 0)
    }

    @Test func `the RFC's own frames come out byte by byte`() {
        var buffer: [UInt8] = []
        FrameWriter.appendText("Hello", to: &buffer)
        #expect(buffer == bytes(0x81, 0x05, "Hello"))
        buffer = []
        FrameWriter.appendText("Hello", maskingKey: 0x37FA_213D, to: &buffer)
        #expect(buffer == bytes(0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58))
        buffer = []
        FrameWriter.append(.text, "Hel".utf8, isFinal: false, to: &buffer)
        FrameWriter.append(.continuation, "lo".utf8, to: &buffer)
        #expect(buffer == bytes(0x01, 0x03, "Hel", 0x80, 0x02, "lo"))
        buffer = []
        FrameWriter.appendPing("Hello".utf8, to: &buffer)
        FrameWriter.appendPong("Hello".utf8, maskingKey: 0x37FA_213D, to: &buffer)
        #expect(buffer == bytes(0x89, 0x05, "Hello", 0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58))
    }

    @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
    func `a frame of any length is read as it was written`(count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        for key in [nil, 0x0102_0304] as [UInt32?] {
            var buffer: [UInt8] = []
            FrameWriter.append(.binary, payload, maskingKey: key, to: &buffer)
            let told = tell(buffer, from: key == nil ? .serverToClient : .clientToServer)
            #expect(told.fault == nil)
            #expect(told.frames.map(\.payload) == [payload])
            #expect(
                told.frames[0].header == FrameHeader(opcode: .binary, payloadLength: UInt64(count), maskingKey: key))
            #expect(told.isAtMessageBoundary)
        }
    }

    @Test func `a close has code and reason`() {
        var buffer: [UInt8] = []
        FrameWriter.appendClose(.goingAway, reason: "drain", to: &buffer)
        #expect(buffer == bytes(0x88, 0x07, 0x03, 0xE9, "drain"))
        #expect(FrameWriter.close(code: .goingAway, reason: "drain") == buffer)
        #expect(FrameWriter.ping("a".utf8) + FrameWriter.pong("b".utf8) == bytes(0x89, 0x01, "a", 0x8A, 0x01, "b"))
        buffer = []
        FrameWriter.appendClose(nil, reason: "unheard", to: &buffer)
        #expect(buffer == bytes(0x88, 0x00))
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] as [UInt16])
    func `a code that may not stand on the wire is never written`(number: UInt16) {
        var buffer: [UInt8] = []
        FrameWriter.appendClose(CloseCode(number), reason: "x", to: &buffer)
        #expect(buffer == bytes(0x88, 0x00))
    }

    @Test func `a long reason is cut between characters`() {
        var buffer: [UInt8] = []
        FrameWriter.appendClose(.normal, reason: String(repeating: "€", count: 60), to: &buffer)
        #expect(buffer.count == 2 + 2 + 123)
        let close = CloseFrame(payload: Array(buffer[2...]).span.bytes)
        #expect(close.fault == nil)
        #expect(close.reason == String(repeating: "€", count: 41))
        buffer = []
        FrameWriter.appendClose(.normal, reason: "a" + String(repeating: "€", count: 60), to: &buffer)
        #expect(buffer[1] == 2 + 1 + 120, "a character that doesn't fit is left out whole")
    }

    @Test func `a ping is cut to what a control frame may carry`() {
        var buffer: [UInt8] = []
        FrameWriter.appendPing([UInt8](repeating: 1, count: 126), to: &buffer)
        #expect(buffer.count == 127)
    }

    @Test(arguments: [nil, 0x37FA_213D] as [UInt32?], [0, 1, 125, 126, 65_535, 65_536])
    func `a frame written into room is the same as one that is appended, and takes no more than it needs`(
        _ key: UInt32?, _ count: Int
    ) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var appended: [UInt8] = []
        FrameWriter.append(.binary, payload, reservedBits: 0b100, maskingKey: key, to: &appended)
        let header = FrameHeader(opcode: .binary, payloadLength: UInt64(count), reservedBits: 0b100, maskingKey: key)
        var room = [UInt8](repeating: 0xEE, count: appended.count + 1)
        #expect(room.withUnsafeMutableBytes { FrameWriter.write(header, payload.span.bytes, into: $0) } == appended.count)
        #expect(Array(room.dropLast()) == appended && room.last == 0xEE)
        room = [UInt8](repeating: 0xEE, count: appended.count - 1)
        #expect(room.withUnsafeMutableBytes { FrameWriter.write(header, payload.span.bytes, into: $0) } == 0)
        #expect(room.allSatisfy { $0 == 0xEE })
    }
}
