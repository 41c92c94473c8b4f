/// A JSON value as octets, as it was read.
///
/// Texts are octets and compare as octets: two spellings of one character are two names, whoever else may take them for the same.
/// A number keeps its digits as they were written, so that no account number is rounded.
public enum JSONValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case number([UInt8])
    case string([UInt8])
    case array([JSONValue])
    case object([Member])

    public struct Member: Sendable, Hashable {
        public let name: [UInt8]
        public let value: JSONValue

        public init(name: [UInt8], value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The member of an object; nil if there is none, or this is no object.
    public subscript(_ name: StaticString) -> JSONValue? {
        name.withUTF8Buffer { wanted in member { unsafe $0.elementsEqual(wanted) } }
    }

    /// The same for a name from the configuration.
    public subscript(_ name: [UInt8]) -> JSONValue? { member { $0 == name } }

    private func member(_ isWanted: ([UInt8]) -> Bool) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { isWanted($0.name) }?.value
    }

    /// The octets of a text.
    public var text: [UInt8]? {
        if case .string(let octets) = self { octets } else { nil }
    }

    /// A number as a finite Double; nil for anything else, an overflow included (threat B5).
    public var finiteNumber: Double? {
        guard case .number(let digits) = self else { return nil }
        if let whole = JSONValue.whole(digits.span) { return Double(whole) }
        guard let number = Double(String(decoding: digits, as: UTF8.self)), number.isFinite else { return nil }
        return number
    }

    /// The number that at most 15 digits alone spell, which a Double holds exactly: what a token's times are.
    private static func whole(_ digits: Span<UInt8>) -> Int? {
        guard (1...15).contains(digits.count) else { return nil }
        var number = 0
        for index in digits.indices {
            guard digits[index].isDecimalDigit else { return nil }
            number = number * 10 + Int(digits[index] - 0x30)
        }
        return number
    }

    /// What the value says where it is compared with a text: a text itself, a whole number's digits, `true` or `false`.
    public var comparableText: [UInt8]? {
        switch self {
        case .string(let octets): octets
        case .number(let digits) where digits.allSatisfy({ $0.isDecimalDigit || $0 == 0x2D }): digits
        case .boolean(let value): Array((value ? "true" : "false").utf8)
        default: nil
        }
    }
}

extension UInt8 {
    /// Whether it is one of the ten digits of ASCII.
    var isDecimalDigit: Bool { self &- 0x30 < 10 }
}
