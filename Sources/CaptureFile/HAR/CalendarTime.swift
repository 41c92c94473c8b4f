public import Wire

/// RFC 3339's date and time.
public enum CalendarTime {
    /// The time that `2026-01-31T12:00:00.123Z` spells, with any offset; nil if it spells none that a `Timestamp` can hold.
    public static func parse(_ text: String) -> Timestamp? {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int? {
            guard range.upperBound <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        guard bytes.count >= 20, let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), (1970...9999).contains(year), (1...12).contains(month),
            (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var position = 19
        var fraction = 0
        var scale = 1_000_000_000
        if bytes[position] == 0x2E {
            position += 1
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
                if scale > 1 {
                    scale /= 10
                    fraction += Int(bytes[position] - 0x30) * scale
                }
                position += 1
            }
        }
        var offset = 0
        guard position < bytes.count else { return nil }
        if bytes[position] == 0x2B || bytes[position] == 0x2D {
            guard let hours = number(position + 1..<position + 3), let minutes = number(position + 4..<position + 6) else {
                return nil
            }
            offset = (hours * 60 + minutes) * (bytes[position] == 0x2B ? 60 : -60)
        } else if bytes[position] != 0x5A {
            return nil
        }
        // Days since 1970, from years that begin in March, so that the leap day ends one.
        let march = month > 2 ? month - 3 : month + 9
        let years = month > 2 ? year : year - 1
        let days = years * 365 + years / 4 - years / 100 + years / 400 + (march * 153 + 2) / 5 + day - 1 - 719_468
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        guard seconds >= 0 else { return nil }
        // 64 bits of nanoseconds end in July 2554.
        let (whole, isBeyond) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isJustBeyond) = whole.addingReportingOverflow(UInt64(fraction))
        guard !isBeyond, !isJustBeyond else { return nil }
        return Timestamp(nanoseconds: sum)
    }
}
