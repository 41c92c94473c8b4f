import TestSupport
import Testing
import Wire

@testable import WebSocketWire

@Suite("Closing (RFC 6455 §5.5.1, §7.4)") struct CloseTests {
    @Test func `exactly the codes that may stand on the wire are valid`() {
        let valid = Set(Array(1000...1003) + Array(1007...1014) + Array(3000...4999))
        #expect((0...65_535).filter { CloseCode(UInt16($0)).isValidOnWire } == valid.sorted())
    }

    @Test func `every code has a name and a meaning`() {
        for number in [
            0, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015,
            3000, 3500, 4000, 5000,
        ] as [UInt16] {
            #expect(!CloseCode(number).name.isEmpty)
            #expect(CloseCode(number).meaning.hasSuffix("."))
        }
        #expect(CloseCode(1001).description == "1001 going-away")
    }

    /// E9: payload, code, fault.
    static let rows: [(payload: [UInt8], code: UInt16?, fault: FrameFault?)] = [
        ([], nil, nil),
        (bytes(0x03), nil, .closePayloadTooShort),
        (bytes(0x03, 0xE8), 1000, nil),
        (bytes(0x03, 0xE8, "done"), 1000, nil),
        (bytes(0x0B, 0xB8), 3000, nil),
        (bytes(0x13, 0x87), 4999, nil),
        (bytes(0x00, 0x00), 0, .closeCodeInvalid),
        (bytes(0x03, 0xE7), 999, .closeCodeInvalid),
        (bytes(0x03, 0xEC), 1004, .closeCodeInvalid),
        (bytes(0x03, 0xED), 1005, .closeCodeInvalid),
        (bytes(0x03, 0xEE), 1006, .closeCodeInvalid),
        (bytes(0x03, 0xF7), 1015, .closeCodeInvalid),
        (bytes(0x03, 0xF8), 1016, .closeCodeInvalid),
        (bytes(0x07, 0xD0), 2000, .closeCodeInvalid),
        (bytes(0x0B, 0xB7), 2999, .closeCodeInvalid),
        (bytes(0x13, 0x88), 5000, .closeCodeInvalid),
        (bytes(0x01, 0x93), 403, .closeCodeInvalid),
        (bytes(0xFF, 0xFF), 65_535, .closeCodeInvalid),
        (bytes(0x03, 0xE8, 0xCE, 0xBA, 0xE1, 0xBD), 1000, .closeReasonNotUTF8),
        (bytes(0x03, 0xE8, 0xED, 0xA0, 0x80), 1000, .closeReasonNotUTF8),
        (bytes(0x03, 0xE8, [UInt8](repeating: 0x2A, count: 123)), 1000, nil),
        (bytes(0x03, 0xE8, [UInt8](repeating: 0x2A, count: 124)), 1000, .controlTooLong),
    ]

    @Test(arguments: rows.indices)
    func `a close payload is read and judged`(index: Int) {
        let row = CloseTests.rows[index]
        let close = CloseFrame(payload: row.payload.span.bytes)
        #expect(close.code?.rawValue == row.code)
        #expect(close.fault == row.fault)
        #expect(close.reasonBytes == Array(row.payload.dropFirst(2).prefix(123)))
    }

    @Test func `every fault has a name of its own, a rule, a sentence and a code that may stand on the wire`() {
        #expect(Set(FrameFault.allCases.map(\.name)).count == FrameFault.allCases.count)
        for fault in FrameFault.allCases {
            #expect([1002, 1007, 1009].contains(fault.closeCode.rawValue))
            #expect(fault.section.hasPrefix("RFC "))
            #expect(fault.sentence.hasSuffix("."))
        }
    }
}
