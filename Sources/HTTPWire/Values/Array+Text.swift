import Wire

/// Text questions to octets that nobody decodes.
extension [UInt8] {
    /// The octets of `range`, cut to what is there and to `limit`, as printable ASCII; others become `\xHH`.
    public func printable(_ range: Range<Int>, limit: Int = .max) -> String {
        let kept = range.clamped(to: 0..<count)
        let shown = kept.prefix(Swift.max(limit, 0))
        // Nearly every field is plain text, which is taken over as it stands.
        var isPlain = true
        let span = unsafe self.span.bytes
        for index in shown {
            let byte = span.byte(at: index)
            isPlain = isPlain && byte &- 0x20 < 0x5F && byte != 0x5C
        }
        if isPlain { return String(decoding: self[shown], as: UTF8.self) }
        var text = ""
        text.reserveCapacity(shown.count)
        let digits = Swift.Array("0123456789abcdef".unicodeScalars)
        for index in shown {
            let byte = self[index]
            if byte == 0x5C {
                text += "\\\\"
            } else if (0x20..<0x7F).contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x"
                text.unicodeScalars.append(digits[Int(byte >> 4)])
                text.unicodeScalars.append(digits[Int(byte & 15)])
            }
        }
        return text
    }

    /// Whether the octets of `range` spell `text`, which is lower case, in any case of letters.
    public func matches(_ text: StaticString, at range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount, range.lowerBound >= 0, range.upperBound <= count else {
            return false
        }
        return text.withUTF8Buffer { expected in
            for offset in 0..<expected.count
            where unsafe self[range.lowerBound + offset].lowercased != expected[offset] { return false }
            return true
        }
    }

    /// Whether the octets of `range` are exactly those of `text`.
    public func equals(_ text: StaticString, at range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount, range.lowerBound >= 0, range.upperBound <= count else {
            return false
        }
        return text.withUTF8Buffer { unsafe $0.elementsEqual(self[range]) }
    }
}
