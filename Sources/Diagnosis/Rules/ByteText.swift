import HTTPWire

// Searches in text that is bytes: without strings, without regard to the case of letters.

extension [UInt8] {
    /// Where `text`, which is lower case, first begins in `range`.
    func find(_ text: StaticString, in range: Range<Int>) -> Int? {
        let length = text.utf8CodeUnitCount
        let range = range.clamped(to: 0..<count)
        guard length > 0, range.count >= length else { return nil }
        return text.withUTF8Buffer { wanted in
            let first = unsafe wanted[0]
            var start = range.lowerBound
            while start <= range.upperBound - length {
                if self[start].asLowercase == first {
                    var offset = 1
                    while offset < length, unsafe self[start + offset].asLowercase == wanted[offset] { offset += 1 }
                    if offset == length { return start }
                }
                start += 1
            }
            return nil
        }
    }

    /// Whether `text`, which is lower case, stands somewhere in `range`.
    func contains(_ text: StaticString, in range: Range<Int>) -> Bool { find(text, in: range) != nil }

    /// Whether `range` begins with `text`, which is lower case.
    func begins(_ text: StaticString, in range: Range<Int>) -> Bool {
        let length = text.utf8CodeUnitCount
        return range.count >= length && matches(text, at: range.lowerBound..<range.lowerBound + length)
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
