import Foundation
import Testing
import Wire

@testable import Telemetry

/// A line as an independent JSON reader sees it.
struct ParsedLine {
    let object: [String: Any]

    /// Fails the test unless `bytes` are one JSON object and one newline, without a byte that a terminal takes as a command.
    init(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(bytes.last == 0x0A, "a line ends with a newline", sourceLocation: sourceLocation)
        #expect(bytes.count { $0 == 0x0A } == 1, "one record, one line", sourceLocation: sourceLocation)
        #expect(
            !bytes.dropLast().contains { $0 < 0x20 || $0 == 0x7F }, "no control byte: \(text)",
            sourceLocation: sourceLocation)
        #expect(String(validating: bytes, as: UTF8.self) != nil, "valid UTF-8", sourceLocation: sourceLocation)
        #expect(
            !text.unicodeScalars.contains { ParsedLine.isDeceptive($0) }, "nothing that hides or turns text",
            sourceLocation: sourceLocation)
        object = try #require(
            try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any], "a JSON object: \(text)",
            sourceLocation: sourceLocation)
    }

    subscript(_ key: String) -> Any? { object[key] }

    func string(_ key: String) -> String? { object[key] as? String }

    static func isDeceptive(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control: scalar != "\n"
        case .format, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
    }
}

extension LineBuffer {
    /// One finished line with whatever `fields` adds.
    static func line(_ fields: (inout LineBuffer) -> Void) -> [UInt8] {
        var line = LineBuffer()
        line.begin("test.line", level: .info, at: .zero, message: "a test")
        fields(&line)
        line.finish()
        return line.bytes()
    }
}

/// A value as `redaction` shows it.
func shown(_ value: [UInt8], _ place: LogRedaction.Place, name: String = "", by redaction: LogRedaction) throws -> String {
    let name = Array(name.utf8)
    let bytes = LineBuffer.line { line in
        line.key("value")
        line.openString()
        value.withUnsafeBufferPointer { value in
            name.withUnsafeBufferPointer { redaction.write(value, place, name: $0, into: &line) }
        }
        line.closeString()
    }
    return try #require(ParsedLine(bytes).string("value"))
}
