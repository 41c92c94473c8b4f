/// Walks over `name; a=b; c="d"`: an extension offer, a media range, a Forwarded element (RFC 9110 §5.6.6).
public struct FieldParameters: Sendable {
    /// One part between semicolons.
    public struct Parameter: Sendable, Hashable {
        /// The name; for the first part the thing itself (`permessage-deflate`, `text/html`).
        public let name: Range<Int>
        /// The value without its quotes, or nil if there is no `=`. Escapes inside quotes are left as they are.
        public let value: Range<Int>?
        /// Whether the value was a quoted string.
        public let isQuoted: Bool
        /// Whether name and value have the form that RFC 9110 §5.6.6 gives them.
        public let isWellFormed: Bool
    }

    private var parts: ListElements

    /// - Parameter element: one element of a comma list.
    public init(_ element: Range<Int>) { parts = ListElements(element, separator: 0x3B) }

    /// Whether there was nothing between two semicolons.
    public var sawEmpty: Bool { parts.sawEmpty }

    /// The next part, or nil at the end.
    public mutating func next(in bytes: [UInt8]) -> Parameter? {
        guard let part = parts.next(in: bytes) else { return nil }
        var equals = part.lowerBound
        while equals < part.upperBound, bytes[equals] != 0x3D, bytes[equals] != 0x22 { equals += 1 }
        guard equals < part.upperBound, bytes[equals] == 0x3D else {
            return Parameter(name: part, value: nil, isQuoted: false, isWellFormed: bytes.isToken(part))
        }
        let name = bytes.withoutBlanks(part.lowerBound..<equals)
        let value = bytes.withoutBlanks(equals + 1..<part.upperBound)
        // RFC 9110 allows no blanks around the equals sign.
        let isTight = name.upperBound == equals && value.lowerBound == equals + 1
        if value.count >= 2, bytes[value.lowerBound] == 0x22, bytes[value.upperBound - 1] == 0x22 {
            let inside = value.lowerBound + 1..<value.upperBound - 1
            let isWhole = FieldParameters.isQuotedContent(bytes, inside)
            return Parameter(
                name: name, value: inside, isQuoted: true, isWellFormed: isTight && isWhole && bytes.isToken(name))
        }
        return Parameter(
            name: name, value: value, isQuoted: false,
            isWellFormed: isTight && bytes.isToken(name) && bytes.isToken(value))
    }

    /// Whether no quote stands there unescaped.
    private static func isQuotedContent(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        var position = range.lowerBound
        while position < range.upperBound {
            if bytes[position] == 0x22 { return false }
            if bytes[position] == 0x5C {
                position += 1
                if position == range.upperBound { return false }
            }
            position += 1
        }
        return true
    }
}

extension [UInt8] {
    /// Whether the octets of `range` form a token: at least one, and only token characters.
    public func isToken(_ range: Range<Int>) -> Bool {
        !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= count && range.allSatisfy { self[$0].isToken }
    }

    /// The octets of a quoted string's inside with the escapes undone.
    public func unescaped(_ range: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        var isEscaped = false
        for index in range.clamped(to: 0..<count) {
            if self[index] == 0x5C, !isEscaped {
                isEscaped = true
            } else {
                result.append(self[index])
                isEscaped = false
            }
        }
        return result
    }
}
