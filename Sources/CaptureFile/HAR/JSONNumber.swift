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

    /// What numbers are compared by: `1`, `1.0` and `1e0` are one number, and integers that doubles don't tell apart are not.
    private enum Measure: Hashable {
        case double(Double)
        case digits(String)
    }

    private var measure: Measure {
        guard let value else { return .digits(text) }
        // Below 2^53 each integer is a double of its own.
        if value.magnitude >= 0x1p53, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D }) { return .digits(text) }
        return .double(value)
    }

    public static func == (one: JSONNumber, other: JSONNumber) -> Bool { one.text == other.text || one.measure == other.measure }

    public func hash(into hasher: inout Hasher) { hasher.combine(measure) }
}
