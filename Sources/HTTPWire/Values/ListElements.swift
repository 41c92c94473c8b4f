/// Walks over the elements of a comma list (RFC 9110 §5.6.1) without copying.
///
/// A comma inside a quoted string parts nothing, a backslash there escapes the next octet. Blanks around an element
/// are left out, and so are empty elements, as §5.6.1.2 asks of recipients; `sawEmpty` remembers them for those
/// who must be stricter. A quoted string that doesn't end reaches to the end of the value.
public struct ListElements: Sendable {
    private var position: Int
    private let end: Int
    private let separator: UInt8
    /// Whether an empty element was passed over (a value without any content has none).
    public private(set) var sawEmpty = false
    private var sawSeparator = false

    /// - Parameter separator: `,` for lists, `;` for parameters.
    public init(_ value: Range<Int>, separator: UInt8 = 0x2C) {
        position = value.lowerBound
        end = value.upperBound
        self.separator = separator
    }

    /// The next element that isn't empty, or nil at the end.
    public mutating func next(in bytes: [UInt8]) -> Range<Int>? {
        let end = min(end, bytes.count)
        while position < end || sawSeparator {
            sawSeparator = false
            let start = position
            var quoted = false
            while position < end {
                let byte = bytes[position]
                if quoted {
                    if byte == 0x5C {
                        position = min(position + 1, end - 1)
                    } else if byte == 0x22 {
                        quoted = false
                    }
                } else if byte == 0x22 {
                    quoted = true
                } else if byte == separator {
                    break
                }
                position += 1
            }
            var element = start..<position
            if position < end {
                position += 1
                sawSeparator = true
            }
            element = bytes.withoutBlanks(element)
            if !element.isEmpty { return element }
            sawEmpty = true
        }
        return nil
    }
}

extension [UInt8] {
    /// `range` without SP and HTAB at its ends, cut to what is there.
    public func withoutBlanks(_ range: Range<Int>) -> Range<Int> {
        let range = range.clamped(to: 0..<count)
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, self[start].isBlank { start += 1 }
        while end > start, self[end - 1].isBlank { end -= 1 }
        return start..<end
    }
}
