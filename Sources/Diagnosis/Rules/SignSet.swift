/// A set of signs in 512 bits: rules are compared with what was seen by masking, never by searching.
public struct SignSet: Sendable, Hashable {
    private var words: SIMD8<UInt64>

    public init() { words = .zero }

    public init(_ signs: some Sequence<Sign>) {
        words = .zero
        for sign in signs { insert(sign) }
    }

    public var isEmpty: Bool { words == .zero }

    public mutating func insert(_ sign: Sign) {
        words[Int(sign.rawValue >> 6)] |= UInt64(1) << UInt64(sign.rawValue & 63)
    }

    public mutating func remove(_ sign: Sign) {
        words[Int(sign.rawValue >> 6)] &= ~(UInt64(1) << UInt64(sign.rawValue & 63))
    }

    public func contains(_ sign: Sign) -> Bool {
        words[Int(sign.rawValue >> 6)] >> UInt64(sign.rawValue & 63) & 1 == 1
    }

    /// Whether every sign of `self` is in `other`.
    public func isSubset(of other: SignSet) -> Bool { words & ~other.words == .zero }

    /// Whether no sign is in both.
    public func isDisjoint(with other: SignSet) -> Bool { words & other.words == .zero }

    public mutating func formUnion(_ other: SignSet) { words |= other.words }

    /// Both together.
    func union(_ other: SignSet) -> SignSet {
        var all = self
        all.formUnion(other)
        return all
    }

    /// Takes away what is in `other`.
    mutating func subtract(_ other: SignSet) { words &= ~other.words }

    /// Calls `body` with the number of every sign, in order.
    func forEach(_ body: (Int) -> Void) {
        for index in 0..<8 {
            var word = words[index]
            while word != 0 {
                body(index << 6 | word.trailingZeroBitCount)
                word &= word &- 1
            }
        }
    }

    /// The signs in the order of their declaration.
    public var signs: [Sign] { Sign.allCases.filter(contains) }
}

extension SignSet: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: Sign...) { self.init(elements) }
}
