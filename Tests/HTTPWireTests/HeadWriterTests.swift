import HTTPWire
import TestSupport
import Testing
import Wire

/// Threat D19: nothing that is written can end a line and begin another.
@Suite struct HeadWriterTests {
    private func text(_ writer: HeadWriter) -> String { String(decoding: writer.bytes, as: UTF8.self) }

    @Test func `a head is put together from constants, ranges and numbers`() {
        var writer = HeadWriter()
        let source = bytes("POST /x y")
        #expect(writer.requestLine(method: 0..<4, target: 5..<7, of: source) == true)
        #expect(writer.field("content-length", 18_446_744_073_709_551_615) == true)
        #expect(writer.field("x", 0) == true)
        #expect(writer.field("y", 7..<9, of: source) == true)
        #expect(writer.field(bytes("z"), bytes("1")) == true)
        writer.beginField("via")
        writer.append(hexadecimal: 0)
        writer.append(hexadecimal: 0x1A0)
        writer.append(text: "text")
        #expect(writer.endLine() == true)
        writer.end()
        #expect(
            text(writer)
                == "POST /x HTTP/1.1\r\ncontent-length: 18446744073709551615\r\nx: 0\r\ny:  y\r\nz: 1\r\nvia: 01a0text\r\n\r\n")
    }

    @Test func `a reset writer begins anew`() {
        var writer = HeadWriter()
        writer.field("a", bytes("\n"))
        writer.statusLine(200, reason: "OK")
        writer.reset()
        #expect(writer.bytes.isEmpty && writer.refused == 0)
        writer.statusLine(404, reason: 0..<3, of: bytes("Nope"))
        #expect(text(writer) == "HTTP/1.1 404 Nop\r\n")
    }

    @Test(arguments: [0x0D, 0x0A, 0x00])
    func `CR, LF and NUL refuse the line and leave no trace of it`(_ octet: Int) {
        for position in 0..<20 {
            var value = bytes(String(repeating: "v", count: 20))
            value[position] = UInt8(octet)
            var writer = HeadWriter()
            writer.field("before", "1")
            #expect(writer.field("x", value) == false)
            #expect(writer.field(value, bytes("1")) == false)
            #expect(writer.statusLine(200, reason: 0..<20, of: value) == false)
            #expect(writer.requestLine(method: 0..<20, target: 0..<1, of: value) == false)
            writer.beginField("y")
            writer.append(text: String(decoding: value, as: UTF8.self))
            #expect(writer.endLine() == false)
            #expect(writer.refused == 5 && text(writer) == "before: 1\r\n")
        }
    }

    @Test func `a name must be a token`() {
        var writer = HeadWriter()
        for name in ["", "a b", "a:", "a\u{7f}"] { #expect(writer.field(bytes(name), bytes("1")) == false) }
        #expect(writer.bytes.isEmpty)
    }

    @Test func `whatever octets come, each line that is written is one line`() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<2000 {
            var writer = HeadWriter()
            var written = 0
            for _ in 0..<5 {
                let value = (0..<Int(random.next() % 24)).map { _ in UInt8(truncatingIfNeeded: random.next() % 64) }
                if writer.field("x", value) { written += 1 }
            }
            #expect(writer.bytes.count { $0 == 0x0A } == written && writer.bytes.count { $0 == 0x0D } == written)
            #expect(!writer.bytes.contains(0) && writer.refused == 5 - written)
        }
    }

    @Test func `runs of lines leave as they came, odd ones rewritten`() {
        let head = request("GET / HTTP/1.1\nHost: a\nX:  1\nY: 2\nZ:3\nV: 4")
        var writer = HeadWriter()
        writer.fields(0..<5, of: head.section)
        #expect(text(writer) == "Host: a\r\nX: 1\r\nY: 2\r\nZ: 3\r\nV: 4\r\n")
        writer.reset()
        writer.fields(2..<99, of: head.section)
        #expect(text(writer) == "Y: 2\r\nZ: 3\r\nV: 4\r\n")
    }
}
