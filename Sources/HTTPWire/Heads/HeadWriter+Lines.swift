/// Whole lines: start lines, fields, and runs of a parsed head.
extension HeadWriter {
    /// `method SP target SP HTTP/1.1`, from ranges of `source`.
    @discardableResult
    public mutating func requestLine(
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
    public mutating func requestLine(method: StaticString, target: [UInt8]) -> Bool {
        beginLine()
        append(method)
        append(" ")
        append(target)
        append(" HTTP/1.1")
        return endLine()
    }

    /// `HTTP/1.1 SP status SP reason`, the reason from a range of `source`.
    @discardableResult
    public mutating func statusLine(_ status: Int, reason: Range<Int>, of source: [UInt8]) -> Bool {
        beginLine()
        append("HTTP/1.1 ")
        append(UInt64(clamping: status))
        append(" ")
        append(source, reason)
        return endLine()
    }

    /// `HTTP/1.1 SP status SP reason`.
    @discardableResult
    public mutating func statusLine(_ status: Int, reason: StaticString) -> Bool {
        beginLine()
        append("HTTP/1.1 ")
        append(UInt64(clamping: status))
        append(" ")
        append(reason)
        return endLine()
    }

    /// A field of constants.
    @discardableResult
    public mutating func field(_ name: StaticString, _ value: StaticString) -> Bool {
        beginLine()
        append(name, ": ", value, "\r\n")
        return true
    }

    /// A field with a number.
    @discardableResult
    public mutating func field(_ name: StaticString, _ value: UInt64) -> Bool {
        beginField(name)
        append(value)
        return endLine()
    }

    /// A field whose value is a range of `source`.
    @discardableResult
    public mutating func field(_ name: StaticString, _ value: Range<Int>, of source: [UInt8]) -> Bool {
        beginField(name)
        append(source, value)
        return endLine()
    }

    /// A field whose value is `value`.
    @discardableResult
    public mutating func field(_ name: StaticString, _ value: [UInt8]) -> Bool {
        field(name, 0..<value.count, of: value)
    }

    /// A field from the configuration; the name must be a token.
    @discardableResult
    public mutating func field(_ name: [UInt8], _ value: [UInt8]) -> Bool {
        beginField(0..<name.count, of: name)
        append(value)
        return endLine()
    }

    /// The field line of a parsed head, written anew as `name: value`.
    @discardableResult
    public mutating func field(_ line: FieldLine, of source: [UInt8]) -> Bool {
        beginField(line.name, of: source)
        append(source, line.value)
        return endLine()
    }

    /// Field lines `run` of a parsed head; those that are plain are copied, neighbours in one piece.
    public mutating func fields(_ run: Range<Int>, of section: FieldSection) {
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
    public mutating func end() { append("\r\n") }

    /// Octets `range` of a parsed head that are known to be whole lines, each with its CRLF.
    public mutating func lines(_ range: Range<Int>, of section: FieldSection) {
        appendUnchecked(section.bytes, range.clamped(to: 0..<section.bytes.count))
    }
}
