import TestSupport
import Testing
import Wire

@testable import Telemetry

@Suite struct `A log line` {
    private func shown(_ value: [UInt8]) throws -> String {
        try #require(ParsedLine(LineBuffer.line { $0.field("v", value.span.bytes) }).string("v"))
    }

    @Test func `begins with time, level, event, session and message in this order`() {
        var line = LineBuffer()
        line.begin(
            "session.opened", level: .warning, at: Timestamp(nanoseconds: 1_700_000_000_123_456_789),
            session: SessionID(1), message: "a session opened")
        line.field("n", 7)
        line.finish()
        let expected =
            #"{"time":"2023-11-14T22:13:20.123456Z","level":"warning","event":"session.opened","#
            + #""session":"0000000000001","message":"a session opened","n":7}"# + "\n"
        #expect(String(decoding: line.bytes(), as: UTF8.self) == expected)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (951_782_399, "2000-02-28T23:59:59.000000Z"),
        (951_782_400, "2000-02-29T00:00:00.000000Z"), (1_709_251_200, "2024-03-01T00:00:00.000000Z"),
        (1_735_689_599, "2024-12-31T23:59:59.000000Z"), (4_107_542_400, "2100-03-01T00:00:00.000000Z"),
    ])
    func `has its time in RFC 3339`(seconds: UInt64, text: String) throws {
        let bytes = LineBuffer.line { $0.field("t", time: Timestamp(nanoseconds: seconds * 1_000_000_000)) }
        #expect(try ParsedLine(bytes).string("t") == text)
    }

    @Test func `takes the new date when a second has passed`() throws {
        var line = LineBuffer()
        for (nanoseconds, text) in [
            (1_999_999_999 as UInt64, "1970-01-01T00:00:01.999999Z"), (2_000_000_000, "1970-01-01T00:00:02.000000Z"),
            (1_000_001_000, "1970-01-01T00:00:01.000001Z"),
        ] {
            line.begin("e", level: .info, at: Timestamp(nanoseconds: nanoseconds), message: "m")
            line.finish()
            #expect(try ParsedLine(line.bytes()).string("time") == text)
        }
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func `shows every byte without harm, wherever it stands`(byte: UInt8) throws {
        for value in [[byte], bytes("ab", [byte], "cd"), Array(repeating: byte, count: 40), bytes("é", [byte])] {
            let text = try shown(value)
            if byte >= 0x20, byte < 0x7F { #expect(text == String(decoding: value, as: UTF8.self)) }
        }
    }

    @Test func `keeps what may be shown and names what may not`() throws {
        #expect(try shown(bytes("grün 漢字 🙂")) == "grün 漢字 🙂")
        #expect(try shown(bytes("a\"b\\c\td\r\n")) == "a\"b\\c\td\r\n")
        let raw = String(decoding: LineBuffer.line { $0.field("v", "\u{1B}[31m\u{7F}\u{9B}\u{202E}\u{E0041}") }, as: UTF8.self)
        #expect(raw.contains(#""v":"\u001b[31m\u007f\u009b\u202e\udb40\udc41""#))
    }

    @Test(arguments: [
        bytes(0xC3), bytes(0xC3, 0x28), bytes(0xC0, 0xAF), bytes(0xE0, 0x80, 0x80), bytes(0xED, 0xA0, 0x80),
        bytes(0xF0, 0x80, 0x80, 0x80), bytes(0xF4, 0x90, 0x80, 0x80), bytes(0xF8, 0x88, 0x80, 0x80, 0x80), bytes(0x80),
        bytes(0xE2, 0x82),
    ])
    func `spells bytes that are not UTF-8`(value: [UInt8]) throws {
        let text = try shown(value)
        let odd = value.filter { $0 >= 0x80 }.map { #"\x"# + String($0, radix: 16) }.joined()
        #expect(text == odd + (value.contains(0x28) ? "(" : ""))
    }

    @Test func `cuts a long value between characters and says how much is missing`() throws {
        var line = LineBuffer(valueLimit: 33)
        line.begin("e", level: .info, at: .zero, message: "m")
        line.field("v", String(repeating: "é", count: 20))
        line.finish()
        #expect(try ParsedLine(line.bytes()).string("v") == String(repeating: "é", count: 16) + "…[+8 bytes]")
    }

    @Test func `stays whole when there is far too much to say`() throws {
        var line = LineBuffer(lineLimit: 10_000)
        line.begin("e", level: .info, at: .zero, message: "m")
        line.beginArray("values")
        for _ in 0..<1000 { line.element(String(repeating: "\u{1}", count: 500)) }
        line.endArray()
        line.finish()
        #expect(line.bytes().count < 400_000)
        #expect((try ParsedLine(line.bytes())["values"] as? [String])?.count == 1000)
    }

    @Test func `has commas where JSON wants them`() throws {
        let bytes = LineBuffer.line { line in
            line.beginObject("o")
            line.endObject()
            line.beginArray("a")
            line.beginArray()
            line.element("[")
            line.element("{")
            line.endArray()
            line.beginObject()
            line.field("x", -3)
            line.field("y", true)
            line.field("z", milliseconds: TimeSpan(nanoseconds: 1_234_567))
            line.endObject()
            line.endArray()
            line.field("e", "")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasSuffix(#""message":"a test","o":{},"a":[["[","{"],{"x":-3,"y":true,"z":1.234}],"e":""}"# + "\n"))
        _ = try ParsedLine(bytes)
    }

    @Test(
        arguments: [
            (0, 0x0000_FFFF_CB00_7107), (0, 0x0000_FFFF_0000_0000), (0, 0x0000_FFFF_FFFF_FFFF), (0, 0), (0, 1),
            (0x2001_0DB8_0000_0000, 1), (0x0001_0000_0000_0002, 3), (0xFE80_0000_0000_0001, 1),
            (0x0001_0002_0003_0004, 0x0005_0006_0007_0008), (0x0001_0000_0000_0000, 0),
            (0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001),
            (0, 0x0002_0000), (0x0ABC_00DE_000F_1000, 0xFFFF_0000_0000_0000),
        ] as [(UInt64, UInt64)])
    func `writes addresses as SocketAddress does`(high: UInt64, low: UInt64) throws {
        let address = SocketAddress(high: high, low: low, port: 65535)
        let line = try ParsedLine(
            LineBuffer.line {
                $0.field("a", address: address)
                $0.field("h", host: address)
            })
        #expect(line.string("a") == address.description)
        #expect(line.string("h") == address.host)
    }

    @Test func `writes numbers of every length`() throws {
        var number: UInt64 = 1
        for _ in 0..<19 {
            for value in [number - 1, number, number + 1] {
                let text = String(decoding: LineBuffer.line { $0.field("n", value) }, as: UTF8.self)
                #expect(text.contains("\"n\":\(value)}"))
            }
            number *= 10
        }
        #expect(String(decoding: LineBuffer.line { $0.field("n", UInt64.max) }, as: UTF8.self).contains("\(UInt64.max)"))
        #expect(String(decoding: LineBuffer.line { $0.field("n", Int.min) }, as: UTF8.self).contains("\(Int.min)"))
    }
}
