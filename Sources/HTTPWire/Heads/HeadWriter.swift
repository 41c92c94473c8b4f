public import Wire

/// Writes a head, octet by octet, into one buffer that is used again.
///
/// Nothing that goes out is a copy of a foreign head: the writer puts a head together from ranges, constants and numbers,
/// and it refuses CR, LF and NUL in all of them (RFC 9110 §5.5), so that no value can end a line and begin another
/// (response splitting). A refused field is left out as a whole, counted, and reported by `false`. Runs of plain lines of
/// a parsed head are the exception: the parser has already looked at each octet, so they are copied in one piece.
public struct HeadWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []
    /// How many lines were refused because of CR, LF or NUL.
    public private(set) var refused = 0
    /// Where the field or line began that is being written.
    private var lineStart = 0
    private var lineIsClean = true

    public init(capacity: Int = 1024) { bytes.reserveCapacity(capacity) }

    /// Begins a new head; the memory stays.
    public mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        refused = 0
        lineStart = 0
        lineIsClean = true
    }

    // MARK: Lines in pieces

    /// Begins a field line: `name: `.
    public mutating func beginField(_ name: StaticString) {
        beginLine()
        append(name, ": ")
    }

    /// Begins a field line whose name comes from elsewhere; it must be a token.
    public mutating func beginField(_ name: Range<Int>, of source: [UInt8]) {
        beginLine()
        let name = name.clamped(to: 0..<source.count)
        lineIsClean = !name.isEmpty && name.allSatisfy { source[$0].isToken }
        appendUnchecked(source, name)
        append(": ")
    }

    /// Begins a line that isn't a field.
    public mutating func beginLine() {
        lineStart = bytes.count
        lineIsClean = true
    }

    /// Adds a constant to the line.
    @inline(__always)
    public mutating func append(_ text: StaticString) {
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Adds constants in one piece, since each append looks at the array's owner and capacity anew.
    @inline(__always)
    mutating func append(
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
    public mutating func append(_ source: [UInt8], _ range: Range<Int>) {
        let range = range.clamped(to: 0..<source.count)
        if !HeadWriter.isClean(source, range) { lineIsClean = false }
        appendUnchecked(source, range)
    }

    /// Adds octets from elsewhere; CR, LF and NUL among them refuse the line.
    public mutating func append(_ source: [UInt8]) { append(source, 0..<source.count) }

    /// Adds text; CR, LF and NUL in it refuse the line.
    public mutating func append(text: String) {
        for byte in text.utf8 { append(octet: byte) }
    }

    /// Adds one octet; CR, LF and NUL refuse the line.
    @inline(__always)
    public mutating func append(octet: UInt8) {
        if octet == 0x0D || octet == 0x0A || octet == 0 { lineIsClean = false }
        bytes.append(octet)
    }

    /// Adds a number in decimal digits.
    public mutating func append(_ number: UInt64) {
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
    public mutating func append(hexadecimal number: UInt64) {
        var shift = number == 0 ? 0 : (63 - number.leadingZeroBitCount) / 4 * 4
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
            bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            shift -= 4
        }
    }

    /// Adds an address without its port; IPv4 without building text.
    public mutating func append(_ address: SocketAddress) {
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
    public mutating func endLine() -> Bool {
        guard lineIsClean else {
            bytes.removeSubrange(min(lineStart, bytes.count)...)
            refused += 1
            return false
        }
        append("\r\n")
        return true
    }

    // MARK: Octets

    /// Octets behind the head: the body of a page of ours.
    public mutating func body(_ octets: [UInt8]) { bytes.append(contentsOf: octets) }

    @inline(__always)
    mutating func appendUnchecked(_ source: [UInt8], _ range: Range<Int>) {
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
