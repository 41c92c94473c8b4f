/// A set of signs in 512 bits: rules are compared with what was seen by masking, never by searching.
package struct SignSet: Sendable, Hashable {
    private var words: SIMD8<UInt64>

    package init() { words = .zero }

    package init(_ signs: some Sequence<Sign>) {
        words = .zero
        for sign in signs { insert(sign) }
    }

    package var isEmpty: Bool { words == .zero }

    package mutating func insert(_ sign: Sign) {
        words[Int(sign.rawValue >> 6)] |= UInt64(1) << UInt64(sign.rawValue & 63)
    }

    package mutating func remove(_ sign: Sign) {
        words[Int(sign.rawValue >> 6)] &= ~(UInt64(1) << UInt64(sign.rawValue & 63))
    }

    package func contains(_ sign: Sign) -> Bool {
        words[Int(sign.rawValue >> 6)] >> UInt64(sign.rawValue & 63) & 1 == 1
    }

    /// Whether every sign of `self` is in `other`.
    package func isSubset(of other: SignSet) -> Bool { words & ~other.words == .zero }

    /// Whether no sign is in both.
    package func isDisjoint(with other: SignSet) -> Bool { words & other.words == .zero }

    package mutating func formUnion(_ other: SignSet) { words |= other.words }

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
    package var signs: [Sign] { Sign.allCases.filter(contains) }
}

extension SignSet: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: Sign...) { self.init(elements) }
}
