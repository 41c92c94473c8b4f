import Wire

/// One element of a `Sec-WebSocket-Extensions` value: an extension's name and parameters, as they were spelled.
public struct ExtensionOffer: Sendable, Hashable {
    /// A parameter; a quoted value stands here without its quotes and escapes.
    public struct Parameter: Sendable, Hashable {
        public var name: String
        public var value: String?
    }

    public var name: String
    public var parameters: [Parameter]
    /// Where the element stands in the field value that it was read from.
    public var range: Range<Int>
}

/// The elements of one or more `Sec-WebSocket-Extensions` field values (RFC 6455 §9.1), offered or answered.
///
///     extension-list = 1#( token *( ";" token [ "=" ( token | quoted-string ) ] ) )
///
/// Read in one pass over the bytes, so that a long value costs what its length costs. An element that breaks the
/// grammar is left out and noted; the next one begins after the next comma that is not quoted. A quoted value must be a token
/// once its quotes are taken off, as the RFC demands.
public struct ExtensionList: Sendable, Hashable {
    /// The most elements that are read; the rest is noted in `isCut` and counts as not offered.
    public static let longest = 64
    /// The most parameters of one element; one with more is malformed.
    public static let mostParameters = 32

    /// The elements that keep to the grammar, in their order.
    public private(set) var offers: [ExtensionOffer] = []
    /// Where the elements stand that do not.
    public private(set) var malformed: [Range<Int>] = []
    /// Whether there were more than `longest` elements.
    public private(set) var isCut = false

    public init() {}

    /// Reads one field value.
    public init(_ value: RawSpan) { append(value) }

    /// Reads a further field value of the same head.
    public mutating func append(_ value: RawSpan) {
        var cursor = ByteCursor(value)
        while true {
            skipBlanks(&cursor)
            if cursor.isAtEnd { return }
            // An empty element is to be overlooked (RFC 9110 §5.6.1.2).
            if cursor.peek() == Ascii.comma {
                cursor.offset += 1
                continue
            }
            guard offers.count + malformed.count < ExtensionList.longest else {
                isCut = true
                return
            }
            let start = cursor.offset
            if let offer = readElement(&cursor, from: start) {
                offers.append(offer)
            } else {
                skipElement(&cursor)
                malformed.append(start..<cursor.offset)
            }
            _ = cursor.next()
        }
    }

    private enum Ascii {
        static let comma: UInt8 = 0x2C
        static let semicolon: UInt8 = 0x3B
        static let equals: UInt8 = 0x3D
        static let quote: UInt8 = 0x22
        static let backslash: UInt8 = 0x5C
    }

    /// An element up to its comma or the end, or nil. On nil the cursor stands inside the element, outside quotes or
    /// at an unclosed quote's end.
    private func readElement(_ cursor: inout ByteCursor, from start: Int) -> ExtensionOffer? {
        guard let name = readToken(&cursor) else { return nil }
        var parameters: [ExtensionOffer.Parameter] = []
        var end = cursor.offset
        skipBlanks(&cursor)
        while let byte = cursor.peek(), byte != Ascii.comma {
            guard byte == Ascii.semicolon, parameters.count < ExtensionList.mostParameters else { return nil }
            cursor.offset += 1
            skipBlanks(&cursor)
            guard let name = readToken(&cursor) else { return nil }
            end = cursor.offset
            skipBlanks(&cursor)
            var value: String?
            if cursor.peek() == Ascii.equals {
                cursor.offset += 1
                skipBlanks(&cursor)
                value = cursor.peek() == Ascii.quote ? readQuoted(&cursor) : readToken(&cursor)
                guard value != nil else { return nil }
                end = cursor.offset
                skipBlanks(&cursor)
            }
            parameters.append(ExtensionOffer.Parameter(name: name, value: value))
        }
        return ExtensionOffer(name: name, parameters: parameters, range: start..<end)
    }

    private func readToken(_ cursor: inout ByteCursor) -> String? {
        let start = cursor.offset
        while let byte = cursor.peek(), ExtensionList.isTokenByte(byte) { cursor.offset += 1 }
        guard cursor.offset > start else { return nil }
        return String(decoding: cursor.bytes.copied(start..<cursor.offset), as: UTF8.self)
    }

    /// A quoted string whose content is a token. The cursor ends behind the closing quote even if it is none.
    private func readQuoted(_ cursor: inout ByteCursor) -> String? {
        cursor.offset += 1
        var content: [UInt8] = []
        var isToken = true
        while let byte = cursor.next(), byte != Ascii.quote {
            var byte = byte
            if byte == Ascii.backslash {
                guard let escaped = cursor.next() else { return nil }
                byte = escaped
            }
            isToken = isToken && ExtensionList.isTokenByte(byte)
            content.append(byte)
        }
        let isClosed = cursor.offset > 0 && cursor.bytes.byte(at: cursor.offset - 1) == Ascii.quote
        return isToken && isClosed && !content.isEmpty ? String(decoding: content, as: UTF8.self) : nil
    }

    /// Goes on to the next comma outside quotes, or the end.
    private func skipElement(_ cursor: inout ByteCursor) {
        var isQuoted = false
        while let byte = cursor.peek() {
            if byte == Ascii.comma, !isQuoted { return }
            if byte == Ascii.backslash, isQuoted { _ = cursor.next() }
            if byte == Ascii.quote { isQuoted.toggle() }
            _ = cursor.next()
        }
    }

    private func skipBlanks(_ cursor: inout ByteCursor) {
        while let byte = cursor.peek(), byte == 0x20 || byte == 0x09 { cursor.offset += 1 }
    }

    /// RFC 9110 §5.6.2: tchar.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
