package import Wire

/// Writes a head, octet by octet, into one buffer that is used again.
///
/// Nothing that goes out is a copy of a foreign head: the writer puts a head together from ranges, constants and numbers,
/// and it refuses CR, LF and NUL in all of them (RFC 9110 §5.5), so that no value can end a line and begin another
/// (response splitting). A refused field is left out as a whole, counted, and reported by `false`. Runs of plain lines of
/// a parsed head are the exception: the parser has already looked at each octet, so they are copied in one piece.
package struct HeadWriter: Sendable {
    /// What has been written.
    package private(set) var bytes: [UInt8] = []
    /// How many lines were refused because of CR, LF or NUL.
    package private(set) var refused = 0
    /// Where the field or line began that is being written.
    private var lineStart = 0
    private var lineIsClean = true

    package init(capacity: Int = 1024) { bytes.reserveCapacity(capacity) }

    /// Begins a new head; the memory stays.
    package mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        refused = 0
        lineStart = 0
        lineIsClean = true
    }

    // MARK: Lines in pieces

    /// Begins a field line: `name: `.
    package mutating func beginField(_ name: StaticString) {
        beginLine()
        append(name, ": ")
    }

    /// Begins a field line whose name comes from elsewhere; it must be a token.
    package mutating func beginField(_ name: Range<Int>, of source: [UInt8]) {
        beginLine()
        let name = name.clamped(to: 0..<source.count)
        lineIsClean = !name.isEmpty && name.allSatisfy { source[$0].isToken }
        appendUnchecked(source, name)
        append(": ")
    }

    /// Begins a line that isn't a field.
    package mutating func beginLine() {
        lineStart = bytes.count
        lineIsClean = true
    }

    /// Adds a constant to the line.
    @inline(__always)
    package mutating func append(_ text: StaticString) {
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Adds constants in one piece, since each append looks at the array's owner and capacity anew.
    @inline(__always)
    private mutating func append(
        _ first: StaticString, _ second: StaticString, _ third: StaticString = "", _ fourth: StaticString = ""
    ) {
        let count =
            first.utf8CodeUnitCount + second.utf8CodeUnitCount + third.utf8CodeUnitCount + fourth.utf8CodeUnitCount
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { room in
            var position = 0
            @inline(__always) func put(_ text: StaticString) {
                let part = unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
                position = unsafe room[position...].initialize(fromContentsOf: part)
            }
            put(first)
            put(second)
            put(third)
            put(fourth)
            unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: room[..<position]))
        }
    }

    /// Adds octets from elsewhere; CR, LF and NUL among them refuse the line.
    package mutating func append(_ source: [UInt8], _ range: Range<Int>) {
        let range = range.clamped(to: 0..<source.count)
        if !HeadWriter.isClean(source, range) { lineIsClean = false }
        appendUnchecked(source, range)
    }

    /// Adds octets from elsewhere; CR, LF and NUL among them refuse the line.
    package mutating func append(_ source: [UInt8]) { append(source, 0..<source.count) }

    /// Adds text; CR, LF and NUL in it refuse the line.
    package mutating func append(text: String) {
        for byte in text.utf8 { append(octet: byte) }
    }

    /// Adds one octet; CR, LF and NUL refuse the line.
    @inline(__always)
    package mutating func append(octet: UInt8) {
        if octet == 0x0D || octet == 0x0A || octet == 0 { lineIsClean = false }
        bytes.append(octet)
    }

    /// Adds a number in decimal digits.
    package mutating func append(_ number: UInt64) {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { scratch in
            let count = unsafe HeadWriter.write(number, into: scratch, at: 0)
            unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: scratch[0..<count]))
        }
    }

    /// Writes the digits of `number`, at most 20, and returns the place behind them.
    @inline(__always)
    private static func write(_ number: UInt64, into scratch: UnsafeMutableBufferPointer<UInt8>, at start: Int) -> Int {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        var position = start
        while divisor > 0, position < scratch.count {
            unsafe scratch[position] = 0x30 + UInt8(truncatingIfNeeded: number / divisor % 10)
            position += 1
            divisor /= 10
        }
        return position
    }

    /// Adds a number in hexadecimal digits without leading zeros.
    package mutating func append(hexadecimal number: UInt64) {
        var shift = number == 0 ? 0 : (63 - number.leadingZeroBitCount) / 4 * 4
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
            bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            shift -= 4
        }
    }

    /// Adds an address without its port; IPv4 without building text.
    package mutating func append(_ address: SocketAddress) {
        guard address.isV4 else { return append(text: address.host) }
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { scratch in
            var count = 0
            for shift in stride(from: 24 as UInt64, through: 0, by: -8) {
                count = unsafe HeadWriter.write(address.low >> shift & 0xFF, into: scratch, at: count)
                guard shift > 0, count < scratch.count else { break }
                unsafe scratch[count] = 0x2E
                count += 1
            }
            unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: scratch[0..<count]))
        }
    }

    /// Ends the line; false if it was refused and taken back.
    @discardableResult
    package mutating func endLine() -> Bool {
        guard lineIsClean else {
            bytes.removeSubrange(min(lineStart, bytes.count)...)
            refused += 1
            return false
        }
        append("\r\n")
        return true
    }

    // MARK: Whole lines

    /// `method SP target SP HTTP/1.1`, from ranges of `source`.
    @discardableResult
    package mutating func requestLine(
        method: Range<Int>, target: Range<Int>, of source: [UInt8], version: HTTPVersion = .http11
    ) -> Bool {
        beginLine()
        append(source, method)
        append(" ")
        append(source, target)
        append(version == .http10 ? " HTTP/1.0" : " HTTP/1.1")
        return endLine()
    }

    /// `method SP target SP HTTP/1.1`.
    @discardableResult
    package mutating func requestLine(method: StaticString, target: [UInt8]) -> Bool {
        beginLine()
        append(method)
        append(" ")
        append(target)
        append(" HTTP/1.1")
        return endLine()
    }

    /// `HTTP/1.1 SP status SP reason`, the reason from a range of `source`.
    @discardableResult
    package mutating func statusLine(_ status: Int, reason: Range<Int>, of source: [UInt8]) -> Bool {
        beginLine()
        append("HTTP/1.1 ")
        append(UInt64(clamping: status))
        append(" ")
        append(source, reason)
        return endLine()
    }

    /// `HTTP/1.1 SP status SP reason`.
    @discardableResult
    package mutating func statusLine(_ status: Int, reason: StaticString) -> Bool {
        beginLine()
        append("HTTP/1.1 ")
        append(UInt64(clamping: status))
        append(" ")
        append(reason)
        return endLine()
    }

    /// A field of constants.
    @discardableResult
    package mutating func field(_ name: StaticString, _ value: StaticString) -> Bool {
        beginLine()
        append(name, ": ", value, "\r\n")
        return true
    }

    /// A field with a number.
    @discardableResult
    package mutating func field(_ name: StaticString, _ value: UInt64) -> Bool {
        beginField(name)
        append(value)
        return endLine()
    }

    /// A field whose value is a range of `source`.
    @discardableResult
    package mutating func field(_ name: StaticString, _ value: Range<Int>, of source: [UInt8]) -> Bool {
        beginField(name)
        append(source, value)
        return endLine()
    }

    /// A field whose value is `value`.
    @discardableResult
    package mutating func field(_ name: StaticString, _ value: [UInt8]) -> Bool {
        field(name, 0..<value.count, of: value)
    }

    /// A field from the configuration; the name must be a token.
    @discardableResult
    package mutating func field(_ name: [UInt8], _ value: [UInt8]) -> Bool {
        beginField(0..<name.count, of: name)
        append(value)
        return endLine()
    }

    /// The field line of a parsed head, written anew as `name: value`.
    @discardableResult
    package mutating func field(_ line: FieldLine, of source: [UInt8]) -> Bool {
        beginField(line.name, of: source)
        append(source, line.value)
        return endLine()
    }

    /// Field lines `run` of a parsed head; those that are plain are copied, neighbours in one piece.
    package mutating func fields(_ run: Range<Int>, of section: FieldSection) {
        var index = run.lowerBound
        while index < run.upperBound, index < section.fields.count {
            guard section.fields[index].isPlain else {
                field(section.fields[index], of: section.bytes)
                index += 1
                continue
            }
            var last = index
            while last + 1 < run.upperBound, last + 1 < section.fields.count, section.fields[last + 1].isPlain,
                section.fields[last + 1].nameStart == section.fields[last].valueEnd &+ 2
            {
                last += 1
            }
            let start = Int(section.fields[index].nameStart)
            let end = Int(section.fields[last].valueEnd) + 2
            appendUnchecked(section.bytes, (start..<max(start, end)).clamped(to: 0..<section.bytes.count))
            index = last + 1
        }
    }

    /// The empty line that ends the head.
    package mutating func end() { append("\r\n") }

    /// Octets `range` of a parsed head that are known to be whole lines, each with its CRLF.
    package mutating func lines(_ range: Range<Int>, of section: FieldSection) {
        appendUnchecked(section.bytes, range.clamped(to: 0..<section.bytes.count))
    }

    /// Octets behind the head: the body of a page of ours.
    package mutating func body(_ octets: [UInt8]) { bytes.append(contentsOf: octets) }

    // MARK: Octets

    @inline(__always)
    private mutating func appendUnchecked(_ source: [UInt8], _ range: Range<Int>) {
        unsafe source.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// Whether there is no CR, LF or NUL in the range.
    private static func isClean(_ source: [UInt8], _ range: Range<Int>) -> Bool {
        let span = unsafe source.span.bytes
        var position = range.lowerBound
        while position < range.upperBound {
            position = span.firstUnprintable(from: position, to: range.upperBound)
            if position == range.upperBound { return true }
            let byte = span.byte(at: position)
            if byte == 0x0D || byte == 0x0A || byte == 0 { return false }
            position += 1
        }
        return true
    }
}
