/// Reads JSON (RFC 8259) within bounds and without a trap; the only reader of the house.
///
/// Three manners, because three kinds of text are read:
///
/// | manner | for | what is different |
/// |---|---|---|
/// | `strict` | tokens and keys that strangers send | a name twice in an object (two readers would see two documents), octets that aren't UTF-8 and lone surrogates are refused |
/// | `lenient` | files that other programs wrote | repeated names stay, the first counts; half of a pair becomes U+FFFD; a byte order mark is passed by |
/// | `printed` | lines of our own ledger | escapes stand as they are, but for `\"`, `\\` and `\/`: what was safe to print stays so |
///
/// The time is linear in the input: in the strict manner the members of an object are compared with each other, and bounded.
public struct JSONReader {
    public enum Manner: Sendable { case strict, lenient, printed }

    /// How deep and how wide a document may be.
    public struct Bounds: Sendable {
        public var depth: Int
        public var members: Int

        public init(depth: Int = 12, members: Int = 200) {
            self.depth = depth
            self.members = members
        }

        /// For files and lines, whose size is bounded already.
        public static let wide = Bounds(depth: 128, members: .max)
    }

    /// Why it is none.
    public enum Fault: Error, Sendable, Hashable {
        case syntax, duplicateName, tooDeep, tooManyMembers, notUTF8
    }

    private let bytes: [UInt8]
    private let bounds: Bounds
    private let manner: Manner
    private var position = 0

    /// The value that `bytes` spell.
    public static func read(
        _ bytes: [UInt8], _ manner: Manner = .strict, bounds: Bounds = Bounds()
    ) throws(Fault) -> JSONValue {
        var reader = JSONReader(bytes: bytes, bounds: bounds, manner: manner)
        if manner == .lenient, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
        reader.skipBlanks()
        let value = try reader.value(depth: 0)
        reader.skipBlanks()
        guard reader.position == bytes.count else { throw .syntax }
        return value
    }

    private init(bytes: [UInt8], bounds: Bounds, manner: Manner) {
        self.bytes = bytes
        self.bounds = bounds
        self.manner = manner
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Fault) -> JSONValue {
        guard depth < bounds.depth else { throw .tooDeep }
        switch next {
        case 0x7B?: return try object(depth)
        case 0x5B?: return try array(depth)
        case 0x22?: return .string(try string())
        case 0x74?: return try word("true", .boolean(true))
        case 0x66?: return try word("false", .boolean(false))
        case 0x6E?: return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(Fault) -> JSONValue {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count,
            text.withUTF8Buffer({ expected in unsafe bytes[position..<position + count].elementsEqual(expected) })
        else { throw .syntax }
        position += count
        return value
    }

    private mutating func object(_ depth: Int) throws(Fault) -> JSONValue {
        position += 1
        var members: [JSONValue.Member] = []
        skipBlanks()
        if take(0x7D) { return .object(members) }
        // As many as a token has claims: an array that grows from nothing is allocated three times for them.
        members.reserveCapacity(8)
        while true {
            skipBlanks()
            guard next == 0x22 else { throw .syntax }
            let name = try string()
            if manner == .strict, members.contains(where: { $0.name == name }) { throw .duplicateName }
            guard members.count < bounds.members else { throw .tooManyMembers }
            skipBlanks()
            guard take(0x3A) else { throw .syntax }
            skipBlanks()
            members.append(JSONValue.Member(name: name, value: try value(depth: depth + 1)))
            skipBlanks()
            if take(0x7D) { return .object(members) }
            guard take(0x2C) else { throw .syntax }
        }
    }

    private mutating func array(_ depth: Int) throws(Fault) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipBlanks()
        if take(0x5D) { return .array(elements) }
        while true {
            skipBlanks()
            elements.append(try value(depth: depth + 1))
            skipBlanks()
            if take(0x5D) { return .array(elements) }
            guard take(0x2C) else { throw .syntax }
        }
    }

    private mutating func number() throws(Fault) -> [UInt8] {
        let start = position
        _ = take(0x2D)
        guard let first = next, first.isDecimalDigit else { throw .syntax }
        position += 1
        if first != 0x30 { skipDigits() }
        if take(0x2E) {
            guard let digit = next, digit.isDecimalDigit else { throw .syntax }
            skipDigits()
        }
        if take(0x65) || take(0x45) {
            if !take(0x2B) { _ = take(0x2D) }
            guard let digit = next, digit.isDecimalDigit else { throw .syntax }
            skipDigits()
        }
        return copy(start..<position)
    }

    private mutating func skipDigits() {
        while let digit = next, digit.isDecimalDigit { position += 1 }
    }

    private mutating func string() throws(Fault) -> [UInt8] {
        position += 1
        // Nearly every text is plain: ASCII without escapes, taken in one piece.
        let start = position
        position = plainEnd(from: start)
        var octets = copy(start..<position)
        if take(0x22) { return octets }
        while let byte = next {
            position += 1
            switch byte {
            case 0x22:
                guard manner == .lenient || String(validating: octets, as: UTF8.self) != nil else { throw .notUTF8 }
                return octets
            case 0x5C: try manner == .printed ? keptEscape(into: &octets) : escape(into: &octets)
            case 0..<0x20: throw .syntax
            case 0x7F where manner == .printed: throw .syntax
            default: octets.append(byte)
            }
        }
        throw .syntax
    }

    /// Where the printable ASCII without quotation mark and backslash ends that begins at `start`.
    private func plainEnd(from start: Int) -> Int {
        let span = bytes.span
        var end = start
        while end < span.count, case let byte = span[end], byte &- 0x20 < 0x5F, byte != 0x22, byte != 0x5C { end += 1 }
        return end
    }

    /// The octets of `range`, in one piece: a slice would be copied one by one.
    private func copy(_ range: Range<Int>) -> [UInt8] {
        unsafe bytes.withUnsafeBufferPointer { unsafe Array(UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// Undoes what JSON alone needs; every other escape stays to be seen.
    private mutating func keptEscape(into octets: inout [UInt8]) throws(Fault) {
        guard let byte = next else { throw .syntax }
        position += 1
        if byte != 0x22, byte != 0x5C, byte != 0x2F { octets.append(0x5C) }
        octets.append(byte)
    }

    private mutating func escape(into octets: inout [UInt8]) throws(Fault) {
        guard let byte = next else { throw .syntax }
        position += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: octets.append(byte)
        case 0x62: octets.append(0x08)
        case 0x66: octets.append(0x0C)
        case 0x6E: octets.append(0x0A)
        case 0x72: octets.append(0x0D)
        case 0x74: octets.append(0x09)
        case 0x75:
            octets.append(contentsOf: UTF8.encode(try scalar()) ?? UTF8.encodedReplacementCharacter)
        default: throw .syntax
        }
    }

    /// The character of one `\u` escape, or of two that make a pair.
    private mutating func scalar() throws(Fault) -> Unicode.Scalar {
        let code = UInt32(try hexadecimal())
        if let scalar = Unicode.Scalar(code) { return scalar }
        let before = position
        if code < 0xDC00, take(0x5C), take(0x75) {
            let low = UInt32(try hexadecimal())
            if (0xDC00..<0xE000).contains(low), let scalar = Unicode.Scalar(0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)) {
                return scalar
            }
        }
        guard manner == .lenient else { throw .syntax }
        position = before
        return "\u{FFFD}"
    }

    private mutating func hexadecimal() throws(Fault) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next else { throw .syntax }
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x37
            case 0x61...0x66: digit = byte - 0x57
            default: throw .syntax
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }
}
