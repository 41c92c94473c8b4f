import Wire

/// Reads field lines, from the first one to the empty line.
///
/// Two paths lead through a line. The fast one takes `name: value CRLF` made of tokens and printable octets: one pass,
/// eight octets of value at a time. Whatever it doesn't like goes to the slow one, which looks for the line's end
/// first and then names everything that is wrong with the line. Both record the line, so that a diagnosis can
/// show what was there; a head with a fault that forbids forwarding is never sent on.
struct FieldSectionParser {
    private(set) var fields: [FieldLine] = []
    private(set) var present: UInt64 = 0
    private let limits: HeadLimits

    init(limits: HeadLimits, expecting octets: Int) {
        self.limits = limits
        // A field line of a browser has about 35 octets; one allocation is to be enough.
        fields.reserveCapacity(min(max(octets / 24, 8), max(limits.fieldCount, 1)))
    }

    /// Parses from `start` and returns where the head ended: after the empty line, or at the end of `input`.
    mutating func parse(_ input: borrowing RawSpan, from start: Int, faults: inout FaultList) -> Int {
        let end = input.byteCount
        var position = start
        while position < end {
            let first = input.byte(at: position)
            if first == 0x0D, position + 1 < end, input.byte(at: position + 1) == 0x0A { return position + 2 }
            if fields.count >= limits.fieldCount {
                faults.add(.tooManyFields, position..<end)
                return end
            }
            if let next = parsePlainLine(input, at: position) {
                if next - position > limits.fieldLine { faults.add(.fieldLineTooLong, position..<next) }
                position = next
            } else {
                let next = parseOddLine(input, at: position, faults: &faults)
                if next.wasEmpty { return next.end }
                position = next.end
            }
        }
        faults.add(.headNotTerminated, end..<end)
        return end
    }

    /// The fast path: the offset after the line, or nil if the line needs the slow one.
    @inline(__always)
    private mutating func parsePlainLine(_ input: borrowing RawSpan, at start: Int) -> Int? {
        let end = input.byteCount
        let colon = input.firstNonToken(from: start, to: end)
        guard colon > start, colon < end, input.byte(at: colon) == 0x3A else { return nil }
        var valueStart = colon &+ 1
        let hasBlank = valueStart < end && input.byte(at: valueStart) == 0x20
        if hasBlank { valueStart &+= 1 }
        let valueEnd = input.firstUnprintable(from: valueStart, to: end)
        guard valueEnd &+ 1 < end, input.byte(at: valueEnd) == 0x0D, input.byte(at: valueEnd &+ 1) == 0x0A else {
            return nil
        }
        if valueEnd > valueStart,
            input.byte(at: valueStart) == 0x20 || input.byte(at: valueEnd &- 1) == 0x20
        {
            return nil
        }
        record(input, name: start..<colon, value: valueStart..<valueEnd, isPlain: hasBlank)
        return valueEnd &+ 2
    }

    /// The slow path: everything about a line that isn't plain.
    @inline(never)
    private mutating func parseOddLine(
        _ input: borrowing RawSpan, at start: Int, faults: inout FaultList
    ) -> (end: Int, wasEmpty: Bool) {
        let feed = input.firstLineFeed(from: start, to: input.byteCount)
        var end = feed
        if feed == input.byteCount {
            // No end of line: the caller reports the missing empty line.
        } else if feed > start, input.byte(at: feed - 1) == 0x0D {
            end -= 1
        } else {
            faults.add(.bareLineFeed, feed..<feed + 1)
        }
        let next = min(feed + 1, input.byteCount)
        guard end > start else { return (next, true) }
        let line = start..<end
        if line.count > limits.fieldLine { faults.add(.fieldLineTooLong, line) }
        let clean = FieldSectionParser.checkOctets(input, line, faults: &faults)
        if input.byte(at: start).isBlank {
            faults.add(fields.isEmpty ? .blankBeforeFirstField : .obsoleteLineFolding, line)
            return (next, false)
        }
        var colon = start
        while colon < end, input.byte(at: colon) != 0x3A { colon += 1 }
        guard colon < end else {
            faults.add(.fieldWithoutColon, line)
            return (next, false)
        }
        let name = input.withoutBlanks(start..<colon)
        if name.upperBound < colon { faults.add(.blankBeforeColon, name.upperBound..<colon) }
        var isToken = true
        if name.isEmpty {
            faults.add(.fieldNameEmpty, start..<colon + 1)
            isToken = false
        } else if let wrong = name.first(where: { !input.byte(at: $0).isToken }) {
            faults.add(.fieldNameInvalid, wrong..<wrong + 1)
            isToken = false
        }
        let value = input.withoutBlanks(colon + 1..<end)
        // Blanks around the value are legal, and a plain copy would keep them; they are simply not copied.
        let exact = clean && isToken && feed < input.byteCount && end == feed - 1 && name.upperBound == colon
        let isPlain = exact && value == colon + 2..<end && input.byte(at: colon + 1) == 0x20
        record(input, name: name, value: value, isPlain: isPlain, classify: isToken)
        return (next, false)
    }

    /// Adds the line, and its bit if the name is known.
    @inline(__always)
    private mutating func record(
        _ input: borrowing RawSpan, name: Range<Int>, value: Range<Int>, isPlain: Bool, classify: Bool = true
    ) {
        let known = classify ? KnownField.classify(input, at: name.lowerBound, length: name.count) : .other
        if known != .other { present |= known.bit }
        fields.append(FieldLine(name: name, value: value, known: known, isPlain: isPlain))
    }

    /// Names the octets of a line that may not be there; false if one forbids forwarding. obs-text is noted once.
    static func checkOctets(_ input: borrowing RawSpan, _ line: Range<Int>, faults: inout FaultList) -> Bool {
        var clean = true
        var sawObsoleteText = false
        for offset in line {
            let byte = input.byte(at: offset)
            if byte >= 0x80 {
                if !sawObsoleteText { faults.add(.obsoleteText, offset..<offset + 1) }
                sawObsoleteText = true
            } else if byte.isControl {
                let kind: HeadFault.Kind =
                    byte == 0 ? .nulOctet : byte == 0x0D ? .bareCarriageReturn : .controlOctet
                faults.add(kind, offset..<offset + 1)
                clean = false
            }
        }
        return clean
    }
}
