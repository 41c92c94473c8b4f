import Wire

/// The head of a request: raw octets, ranges into them, and everything that is wrong with it (RFC 9112 §3, §5).
///
/// Parsing never fails and never changes an octet. Whoever wants to forward asks `isForwardable` first, and refuses with
/// `refusalStatus` otherwise. Shared by whoever reads it and never changed, therefore an object: the
/// octets and the field lines hang in it, and handing it on copies neither.
public final class RequestHead: MessageHead, @unchecked Sendable {
    public let method: HTTPMethod
    /// How the body ends.
    public let framing: BodyFraming
    let line: RequestLine

    /// Parses a head as `HeadScanner` cut it out.
    ///
    /// - Parameter input: the head with its empty line; octets behind that don't belong to it and are kept unread.
    public convenience init(parsing input: RawSpan, limits: HeadLimits = .default) {
        self.init(copy: input.copied(), limits: limits)
    }

    /// Parses a head whose octets the caller gives away.
    public init(copy bytes: [UInt8], limits: HeadLimits = .default) {
        let input = unsafe bytes.span.bytes
        var faults = FaultList()
        if input.byteCount > limits.head { faults.add(.headTooLarge, 0..<input.byteCount) }
        let line = RequestLine(parsing: input, limits: limits, faults: &faults)
        var parser = FieldSectionParser(limits: limits, expecting: input.byteCount - line.end)
        _ = parser.parse(input, from: line.end, faults: &faults)
        let section = FieldSection(bytes: bytes, fields: parser.fields, present: parser.present)
        let fieldRules = FieldRules(section, version: line.version, faults: &faults)
        let length = FramingFields(section, version: line.version, faults: &faults).length
        fieldRules.checkRequest(section, line: line, faults: &faults)

        switch length {
        case .absent: framing = .none
        case .invalid(let fault): framing = .invalid(fault)
        case .octets(let count):
            framing = .contentLength(count)
            if count > 0 { RequestHead.checkBody(line, section.value(of: .contentLength), faults: &faults) }
        case .chunked:
            framing = .chunked
            RequestHead.checkBody(line, section.value(of: .transferEncoding), faults: &faults)
        }
        self.line = line
        method = line.method
        super.init(section, faults, version: line.version, connection: fieldRules.connection)
    }

    /// TRACE must not have content (RFC 9110 §9.3.8), and what follows a CONNECT is a tunnel's.
    private static func checkBody(_ line: RequestLine, _ range: Range<Int>?, faults: inout FaultList) {
        if line.method == .trace || line.method == .connect { faults.add(.bodyNotAllowed, range ?? 0..<0) }
    }

    /// The method's octets.
    public var methodRange: Range<Int> { line.methodRange.range }
    /// The request target's octets.
    public var targetRange: Range<Int> { line.targetRange.range }
    /// Which of the four forms the target has.
    public var targetForm: TargetForm { line.form }
    /// The path, without query; empty if an absolute target has none.
    public var pathRange: Range<Int> { line.path.range }
    /// The query without its `?`, or nil if there is none.
    public var queryRange: Range<Int>? { line.hasQuery ? line.query.range : nil }
    /// `host[:port]` of an absolute or authority target.
    public var authorityRange: Range<Int>? {
        line.form == .absolute || line.form == .authority ? line.authority.range : nil
    }
    /// The request line without its end.
    public var lineRange: Range<Int> { line.start..<line.contentEnd }

    /// The octets that name the host that is meant: of an absolute target before the `Host` field (RFC 9112 §3.2.2).
    public var effectiveHost: Range<Int>? { authorityRange ?? value(of: .host) }

    /// The status code with which the request is to be refused, or nil if it may be forwarded.
    public var refusalStatus: Int? { refusal?.status }

    /// Whether the client waits for a 100 before it sends the body (RFC 9110 §10.1.1). HTTP/1.0 never does.
    public var expectsContinue: Bool {
        guard version == .http11, let value = value(of: .expect) else { return false }
        return bytes.matches("100-continue", at: value)
    }

    /// Whether the client asks to switch to `protocolName` (lower case): the name is an element of `Upgrade`, and
    /// `Connection` has `upgrade` (RFC 9110 §7.8). Nothing else is checked.
    public func isUpgrade(to protocolName: StaticString) -> Bool {
        connection.contains(.upgrade) && contains(token: protocolName, in: .upgrade)
    }
}
