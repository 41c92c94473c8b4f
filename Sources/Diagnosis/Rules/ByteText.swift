import HTTPWire
import Wire

// Searches in text that is bytes: without strings, without regard to the case of letters.

extension [UInt8] {
    /// Whether `text`, which is lower case, stands at `start`, in any case of letters; the caller knows that it fits.
    func spells(_ text: StaticString, at start: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        guard start >= 0, start + length <= count else { return false }
        let span = unsafe self.span.bytes
        let letters = unsafe text.utf8Start
        for offset in 0..<length where unsafe span.byte(at: start + offset).asLowercase != letters[offset] { return false }
        return true
    }

    /// Where `text`, which is lower case, first begins in `range`.
    func find(_ text: StaticString, in range: Range<Int>) -> Int? {
        let length = text.utf8CodeUnitCount
        let range = range.clamped(to: 0..<count)
        guard length > 0, range.count >= length else { return nil }
        let span = unsafe self.span.bytes
        let first = unsafe text.utf8Start[0]
        for start in range.lowerBound...range.upperBound - length where span.byte(at: start).asLowercase == first {
            if spells(text, at: start) { return start }
        }
        return nil
    }

    /// Whether `text`, which is lower case, stands somewhere in `range`.
    func contains(_ text: StaticString, in range: Range<Int>) -> Bool { find(text, in: range) != nil }

    /// Whether `range` begins with `text`, which is lower case.
    func begins(_ text: StaticString, in range: Range<Int>) -> Bool {
        range.count >= text.utf8CodeUnitCount && spells(text, at: range.lowerBound)
    }

    /// Whether two ranges hold the same text, in any case of letters.
    func equalsIgnoringCase(_ range: Range<Int>, _ other: [UInt8], _ otherRange: Range<Int>) -> Bool {
        range.count == otherRange.count && zip(self[range], other[otherRange]).allSatisfy { $0.asLowercase == $1.asLowercase }
    }

    /// `name=value` pairs; a pair without `=` has an empty value.
    func pairs(in range: Range<Int>, separator: UInt8) -> [(name: Range<Int>, value: Range<Int>)] {
        let range = range.clamped(to: 0..<count)
        var pairs: [(name: Range<Int>, value: Range<Int>)] = []
        var start = range.lowerBound
        while start < range.upperBound, pairs.count < 64 {
            var end = start
            var equals: Int?
            while end < range.upperBound, self[end] != separator {
                if self[end] == 0x3D, equals == nil { equals = end }
                end += 1
            }
            let nameEnd = equals ?? end
            if nameEnd > start { pairs.append((start..<nameEnd, (nameEnd < end ? nameEnd + 1 : end)..<end)) }
            start = end + 1
        }
        return pairs
    }

    /// Whether `range` has the shape of a JSON Web Token: `eyJ…` with two dots.
    func isJSONWebToken(_ range: Range<Int>) -> Bool {
        begins("eyj", in: range) && range.count > 20 && self[range.clamped(to: 0..<count)].count { $0 == 0x2E } == 2
    }
}

extension UInt8 {
    /// ASCII letters in lower case, everything else as it is.
    var asLowercase: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}
