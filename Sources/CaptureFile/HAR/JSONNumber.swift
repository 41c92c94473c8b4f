/// A number of JSON with the digits that were written: a name of 19 digits is not rounded to what a double holds.
public struct JSONNumber: Sendable, Hashable {
    /// As it stands in the document.
    public let text: String

    init(_ text: String) { self.text = text }

    /// The nearest double; nil beyond all of them.
    public var value: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// What numbers are compared by: `1`, `1.0` and `1e0` are one number, and those that doubles don't tell apart are not.
    private enum Measure: Hashable {
        case double(Double)
        case decimal(Decimal)
        case text(String)
    }

    private var measure: Measure {
        // Below 2^53 each integer is a double of its own.
        if let value, value.magnitude < 0x1p53 { return .double(value) }
        return Decimal(text).map { .decimal($0) } ?? .text(text)
    }

    public static func == (one: JSONNumber, other: JSONNumber) -> Bool { one.text == other.text || one.measure == other.measure }

    public func hash(into hasher: inout Hasher) { hasher.combine(measure) }

    /// A number without what its spelling adds to it: `1e20` and `100000000000000000000` have one.
    private struct Decimal: Hashable {
        let isNegative: Bool
        /// From the first digit that isn't zero to the last.
        let digits: [UInt8]
        /// The last digit's power of ten.
        let exponent: Int

        private static let zero: UInt8 = 0x30

        /// Nil where the exponent is beyond all reason.
        init?(_ text: String) {
            var digits: [UInt8] = []
            var exponent = 0
            var isFraction = false
            var rest = text.utf8[...]
            isNegative = rest.first == 0x2D
            if isNegative { rest = rest.dropFirst() }
            while let byte = rest.first, byte == 0x2E || (0x30...0x39).contains(byte) {
                rest = rest.dropFirst()
                guard byte != 0x2E else {
                    isFraction = true
                    continue
                }
                digits.append(byte)
                if isFraction { exponent -= 1 }
            }
            if !rest.isEmpty {
                guard let told = Int(String(decoding: rest.dropFirst(), as: UTF8.self)), told.magnitude < 1 << 40 else {
                    return nil
                }
                exponent += told
            }
            while digits.last == Decimal.zero {
                digits.removeLast()
                exponent += 1
            }
            self.digits = Array(digits.drop { $0 == Decimal.zero })
            self.exponent = exponent
        }
    }
}
