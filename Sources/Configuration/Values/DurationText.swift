public import Wire

/// Lengths of time as they are written: `250ms`, `10s`, `1h30m`.
public enum DurationText {
    private static let units: [(name: String, nanoseconds: UInt64)] = [
        ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
        ("d", 86_400_000_000_000),
    ]
    /// The longest that is accepted: 366 days.
    static let longest = TimeSpan.seconds(366 * 86_400)

    static let accepted = "a time with its unit: 250ms, 10s, 5m, 1h30m, 1d"

    /// The time that `text` spells, or what is wrong with it.
    static func parse(_ text: String) throws(ScalarFault) -> TimeSpan {
        let bytes = Array(text.utf8)
        if !bytes.isEmpty, bytes.allSatisfy({ (0x30...0x39).contains($0) }) {
            throw ScalarFault(
                "\(Excerpt.quoted(text)), which has no unit", accepted,
                "did you mean \(Excerpt.plain(text, limit: 12))s?")
        }
        if bytes.contains(0x2E) || bytes.contains(0x2C) {
            throw ScalarFault(
                "\(Excerpt.quoted(text)), which has a fraction", accepted,
                "write it in a smaller unit, such as 1500ms for 1.5s")
        }
        var total: UInt64 = 0
        var index = 0
        while index < bytes.count {
            var number: UInt64 = 0
            let start = index
            while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
                number = number.multipliedReportingOverflow(by: 10).partialValue &+ UInt64(bytes[index] - 0x30)
                index += 1
            }
            let unitStart = index
            while index < bytes.count, !(0x30...0x39).contains(bytes[index]) { index += 1 }
            let name = String(decoding: bytes[unitStart..<index], as: UTF8.self)
            guard (1...12).contains(unitStart - start), let unit = units.first(where: { $0.name == name }) else {
                throw ScalarFault(Excerpt.quoted(text), accepted)
            }
            let (part, overflow) = number.multipliedReportingOverflow(by: unit.nanoseconds)
            let (sum, carried) = total.addingReportingOverflow(part)
            guard !overflow, !carried, sum <= longest.nanoseconds else {
                throw ScalarFault(Excerpt.quoted(text), "a time of at most 366d")
            }
            total = sum
        }
        guard !bytes.isEmpty else { throw ScalarFault("an empty text", accepted) }
        return TimeSpan(nanoseconds: total)
    }

    /// The time that `text` spells, or nil: for flags that are no key of the configuration.
    public static func span(_ text: String) -> TimeSpan? { try? parse(text) }

    /// `span` as it would be written: in the largest unit in which it is whole.
    static func text(_ span: TimeSpan) -> String {
        let unit = units.last { span.nanoseconds >= $0.nanoseconds && span.nanoseconds % $0.nanoseconds == 0 }
        guard let unit else { return "\(span.nanoseconds / 1_000_000)ms" }
        return "\(span.nanoseconds / unit.nanoseconds)\(unit.name)"
    }
}
