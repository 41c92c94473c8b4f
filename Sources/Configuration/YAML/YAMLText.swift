/// What a file must be before YAML is read from it: bounded, UTF-8, without control characters, indented by spaces.
///
/// libyaml would refuse some of these too, but with the words of a scanner; here each gets its place and its remedy.
struct YAMLText {
    /// The largest file, in bytes.
    static let largest = 1 << 20

    /// The bytes for the parser, without a byte order mark.
    let bytes: [UInt8]
    private(set) var problems: [ConfigurationProblem] = []
    private let file: String

    init(_ bytes: [UInt8], file: String) {
        self.file = file
        self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        guard bytes.count <= YAMLText.largest else {
            report(0, 0, "more than \(YAMLText.largest) bytes", "a configuration of at most 1 MiB", nil)
            return
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            report(1, 1, "UTF-16", "UTF-8", "save the file as UTF-8")
            return
        }
        let lines = self.bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            check(line, number: index + 1)
            if problems.count >= 20 { return }
        }
    }

    private mutating func check(_ line: ArraySlice<UInt8>, number: Int) {
        guard String(validating: line, as: UTF8.self) != nil else {
            let column = String(decoding: line, as: UTF8.self).unicodeScalars.prefix { $0 != "\u{FFFD}" }.count + 1
            report(number, column, "bytes that are not UTF-8", "UTF-8", "save the file as UTF-8")
            return
        }
        for (offset, byte) in line.enumerated() where byte < 0x20 && byte != 0x09 || byte == 0x7F {
            if byte == 0x0D, offset == line.count - 1 { continue }
            let name = "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            report(number, offset + 1, "the control character \(name)", "text", "remove it")
            return
        }
        let indentation = line.prefix { $0 == 0x20 || $0 == 0x09 }
        guard let tab = indentation.firstIndex(of: 0x09) else { return }
        report(
            number, tab - line.startIndex + 1, "a tab in the indentation", "spaces",
            "YAML does not allow tabs here; replace it by spaces, two for each level")
    }

    private mutating func report(_ line: Int, _ column: Int, _ observed: String, _ expected: String, _ remedy: String?) {
        problems.append(
            ConfigurationProblem(
                source: .file(file, line: line, column: column), key: "", observed: observed, expected: expected,
                remedy: remedy))
    }
}
