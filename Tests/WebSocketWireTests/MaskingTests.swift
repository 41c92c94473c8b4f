import TestSupport
import Testing
import Wire

@testable import WebSocketWire

@Suite("Masking (RFC 6455 §5.3)") struct MaskingTests {
    @Test func `the RFC's own example`() {
        var payload = bytes(0x7F, 0x9F, 0x4D, 0x51, 0x58)
        Masking.apply(key: 0x37FA_213D, to: &payload)
        #expect(payload == bytes("Hello"))
    }

    @Test func `any length, alignment and phase gives what the byte-wise rule gives`() {
        let source = (0..<120).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        let key: [UInt8] = [0x01, 0xFE, 0x80, 0x7F]
        var wrong: [String] = []
        for start in 0..<20 {
            for count in 0...80 {
                for phase in 0..<4 {
                    let expected = (0..<count).map { source[start + $0] ^ key[($0 + phase) % 4] }
                    var copy: [UInt8] = [0xEE]
                    Masking.append(
                        source.span.bytes, start..<start + count, key: 0x01FE_807F, phase: UInt64(phase), to: &copy)
                    if copy != [0xEE] + expected { wrong.append("copy of \(count) from \(start), phase \(phase)") }
                    var inPlace = Array(source[start..<start + count])
                    Masking.apply(key: 0x01FE_807F, phase: UInt64(phase) + (1 << 62), to: &inPlace)
                    if inPlace != expected { wrong.append("\(count) from \(start) in place, phase \(phase)") }
                }
            }
        }
        #expect(wrong == [])
    }

    @Test func `a copy is cut to what is there`() {
        let source = bytes("abcdef")
        var copy: [UInt8] = []
        Masking.append(source.span.bytes, 4..<100, key: 0, to: &copy)
        #expect(copy == bytes("ef"))
        withUnsafeTemporaryAllocation(byteCount: 3, alignment: 1) { buffer in
            let count = Masking.copy(source.span.bytes, 1..<6, key: 0, to: buffer)
            #expect(count == 3)
            #expect(Array(buffer) == bytes("bcd"))
        }
    }
}
