/// Walks over `name=value` pairs by ranges: the parameters of a query (`&`) and the cookies of a `Cookie` value (`;`).
///
/// Nothing is decoded: what a gate compares, a log redacts and a rewrite removes must be the same octets. A pair without
/// `=` has an empty value; empty parts are left out. The first pair of a name is the one that counts (threat B17).
public struct NamedPairs: Sendable {
    /// A name and its value.
    public struct Pair: Sendable, Hashable {
        public let name: Range<Int>
        public let value: Range<Int>
        /// Both, with the equals sign.
        public let whole: Range<Int>
    }

    private var position: Int
    private let end: Int
    private let separator: UInt8
    private let isCookie: Bool

    /// The parameters of a query, without its `?`.
    public init(query: Range<Int>) {
        self.init(query, separator: 0x26, isCookie: false)
    }

    /// The cookies of one `Cookie` value (RFC 6265 §4.2.1): blanks around a pair and quotes around a value are left out.
    public init(cookies value: Range<Int>) {
        self.init(value, separator: 0x3B, isCookie: true)
    }

    private init(_ range: Range<Int>, separator: UInt8, isCookie: Bool) {
        position = range.lowerBound
        end = range.upperBound
        self.separator = separator
        self.isCookie = isCookie
    }

    /// The next pair, or nil at the end.
    public mutating func next(in bytes: [UInt8]) -> Pair? {
        let end = min(end, bytes.count)
        while position < end {
            let start = position
            while position < end, bytes[position] != separator { position += 1 }
            var whole = start..<position
            if position < end { position += 1 }
            if isCookie { whole = bytes.withoutBlanks(whole) }
            guard !whole.isEmpty else { continue }
            guard let equals = whole.first(where: { bytes[$0] == 0x3D }) else {
                return Pair(name: whole, value: whole.upperBound..<whole.upperBound, whole: whole)
            }
            var value = equals + 1..<whole.upperBound
            if isCookie, value.count >= 2, bytes[value.lowerBound] == 0x22, bytes[value.upperBound - 1] == 0x22 {
                value = value.lowerBound + 1..<value.upperBound - 1
            }
            return Pair(name: whole.lowerBound..<equals, value: value, whole: whole)
        }
        return nil
    }

    /// The value of the first pair with exactly this name.
    public mutating func value(of name: [UInt8], in bytes: [UInt8]) -> Range<Int>? {
        while let pair = next(in: bytes) {
            if bytes[pair.name].elementsEqual(name) { return pair.value }
        }
        return nil
    }
}
