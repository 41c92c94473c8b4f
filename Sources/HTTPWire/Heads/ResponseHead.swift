import Wire

/// The head of a response: raw octets, ranges into them, and everything that is wrong with it (RFC 9112 §4, §5).
///
/// Parsing never fails and never changes an octet. A response that isn't `isForwardable` becomes a 502.
public final class ResponseHead: MessageHead, @unchecked Sendable {
    /// The status code, or 0 if there is no valid one.
    public let status: Int
    private let reason: CompactRange
    private let line: CompactRange
    private let length: FramingFields.Length

    /// Parses a head as `HeadScanner` cut it out.
    public convenience init(parsing input: RawSpan, limits: HeadLimits = .default) {
        self.init(copy: input.copied(), limits: limits)
    }

    /// Parses a head whose octets the caller gives away.
    public init(copy bytes: [UInt8], limits: HeadLimits = .default) {
        let input = unsafe bytes.span.bytes
        var faults = FaultList()
        if input.byteCount > limits.head { faults.add(.headTooLarge, 0..<input.byteCount) }
        let start = StartLine.skipEmptyLines(input, faults: &faults)
        let (contentEnd, end) = StartLine.end(of: input, from: start, faults: &faults)
        line = CompactRange(start..<contentEnd)
        let version: HTTPVersion
        (version, status, reason) = ResponseHead.parseLine(input, start..<contentEnd, faults: &faults)
        var parser = FieldSectionParser(limits: limits, expecting: input.byteCount - end)
        _ = parser.parse(input, from: end, faults: &faults)
        let section = FieldSection(bytes: bytes, fields: parser.fields, present: parser.present)
        let connection = FieldRules(section, version: version, faults: &faults).connection
        length = FramingFields(section, version: version, faults: &faults).length
        if ResponseHead.hasNoBody(status), length == .chunked || status != 304 && length.isPositive {
            let at = section.value(of: .transferEncoding) ?? section.value(of: .contentLength)
            faults.add(.lengthWithoutBody, at ?? 0..<0)
        }
        super.init(section, faults, version: version, connection: connection)
    }

    /// The reason phrase; often empty.
    public var reasonRange: Range<Int> { reason.range }
    /// The status line without its end.
    public var lineRange: Range<Int> { line.range }

    /// How the body ends, given what was asked (RFC 9112 §6.3).
    ///
    /// - Parameter ignoringStatus: what the fields say of a body that isn't there (304, or the answer to HEAD).
    public func framing(forRequestMethod method: HTTPMethod, ignoringStatus: Bool = false) -> BodyFraming {
        if case .invalid(let fault) = length { return .invalid(fault) }
        if method == .head || (ResponseHead.hasNoBody(status) && !ignoringStatus) { return .none }
        switch length {
        case .absent: return .untilClose
        case .octets(let count): return .contentLength(count)
        case .chunked: return .chunked
        case .invalid(let fault): return .invalid(fault)
        }
    }

    /// Whether this is an interim response, after which another one comes (RFC 9110 §15.2). 101 is final for HTTP.
    public var isInterim: Bool { (100..<200).contains(status) && status != 101 }

    /// 1xx, 204 and 304 have no body, whatever the fields say.
    static func hasNoBody(_ status: Int) -> Bool { (100..<200).contains(status) || status == 204 || status == 304 }

    private static func parseLine(
        _ input: borrowing RawSpan, _ line: Range<Int>, faults: inout FaultList
    ) -> (HTTPVersion, Int, CompactRange) {
        guard !line.isEmpty else {
            faults.add(.headEmpty, line)
            return (.unsupported, 0, CompactRange(line))
        }
        var position = line.lowerBound
        while position < line.upperBound, !input.byte(at: position).isBlank { position += 1 }
        let version = StartLine.version(input, line.lowerBound..<position, faults: &faults)
        let digits = min(position + 1, line.upperBound)..<min(position + 4, line.upperBound)
        var status = 0
        let isSpace = position < line.upperBound && input.byte(at: position) == 0x20
        let isEnded = digits.upperBound == line.upperBound || input.byte(at: digits.upperBound) == 0x20
        if isSpace, isEnded, digits.count == 3, digits.allSatisfy({ input.byte(at: $0).isDigit }) {
            for offset in digits { status = status * 10 + Int(input.byte(at: offset) - 0x30) }
        }
        if !(100..<600).contains(status) {
            faults.add(.statusInvalid, digits)
            status = 0
        } else if digits.upperBound == line.upperBound {
            faults.add(.reasonSeparatorMissing, line.upperBound..<line.upperBound)
        }
        let reason = min(digits.upperBound + 1, line.upperBound)..<line.upperBound
        if input.firstUnprintable(from: line.lowerBound, to: line.upperBound) < line.upperBound {
            _ = FieldSectionParser.checkOctets(input, line, faults: &faults)
        }
        return (version, status, CompactRange(reason))
    }
}

extension FramingFields.Length {
    /// Whether a body of at least one octet is announced by length.
    var isPositive: Bool {
        if case .octets(let count) = self { return count > 0 }
        return false
    }
}
