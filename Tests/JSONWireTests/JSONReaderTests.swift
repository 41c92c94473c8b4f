import JSONWire
import TestSupport
import Testing

@Suite struct `JSON reader` {
    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "-", "nul", "tru", "\"\\x\"", "\"\u{1}\"", "\"",
        "[1 2]",
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "NaN", "Infinity", "'a'", "{\"a\" 1}", "1 1", "\u{FEFF}1",
    ])
    func `what isn't JSON is refused`(_ text: String) {
        #expect(throws: (any Error).self) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test func `JSON is read as it stands`() throws {
        let value = try JSONReader.read(Array(#" {"a":[1,-2.5e+3,true,null,"x\u00e9\ud83d\ude00\n"],"b":{}} "#.utf8))
        #expect(value["b"] == .object([]))
        #expect(
            value["a"]
                == .array([
                    .number(Array("1".utf8)), .number(Array("-2.5e+3".utf8)), .boolean(true), .null,
                    .string(Array("xé😀\n".utf8)),
                ]))
        #expect(throws: JSONReader.Fault.notUTF8) { try JSONReader.read(bytes(0x22, 0xFF, 0x22)) }
        #expect(throws: JSONReader.Fault.tooDeep) { try JSONReader.read([UInt8](repeating: 0x5B, count: 100_000)) }
    }

    @Test func `a name twice is refused from strangers, and stays in a file`() throws {
        let text = Array(#"{"a":1,"a":2}"#.utf8)
        #expect(throws: JSONReader.Fault.duplicateName) { try JSONReader.read(text) }
        #expect(try JSONReader.read(text, .lenient)["a"] == .number(Array("1".utf8)))
    }

    @Test func `a file may begin with a byte order mark and hold half of a pair`() throws {
        let text = Array("\u{FEFF}[\"\\ud800x\", \"\\ud800\\u0041\", \"\\ud83d\\ude00\"]".utf8)
        #expect(
            try JSONReader.read(text, .lenient)
                == .array([.string(Array("\u{FFFD}x".utf8)), .string(Array("\u{FFFD}A".utf8)), .string(Array("😀".utf8))]))
        #expect(throws: JSONReader.Fault.syntax) { try JSONReader.read(text) }
    }

    @Test func `what was escaped to be safe to print stays escaped`() throws {
        let text = Array(#"["\"\\\/", "\u001b[2J\n"]"#.utf8)
        #expect(
            try JSONReader.read(text, .printed) == .array([.string(Array(#""\/"#.utf8)), .string(Array(#"\u001b[2J\n"#.utf8))]))
        #expect(throws: JSONReader.Fault.syntax) { try JSONReader.read(bytes(0x22, 0x7F, 0x22), .printed) }
    }

    @Test func `bounds are told from faults`() throws {
        let wide = Array(("{" + (0..<201).map { "\"\($0)\":0" }.joined(separator: ",") + "}").utf8)
        #expect(throws: JSONReader.Fault.tooManyMembers) { try JSONReader.read(wide) }
        #expect(throws: Never.self) { try JSONReader.read(wide, .lenient, bounds: .wide) }
        #expect(throws: JSONReader.Fault.tooDeep) {
            try JSONReader.read([UInt8](repeating: 0x5B, count: 100_000), .lenient, bounds: .wide)
        }
    }
}
