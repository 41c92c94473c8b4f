import HTTPWire
import TestSupport
import Testing
import Wire

/// Every odd thing in a request head is a fault with a name, and what is ambiguous is never forwarded (threats D1–D16).
@Suite struct RequestFaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let threat: String
        let head: [UInt8]
        let kind: HeadFault.Kind
        let status: Int
        var testDescription: String { "\(threat) \(head.printable(0..<head.count, limit: 90))" }
    }

    /// `fields` behind a good request line and Host.
    private static func post(_ threat: String, _ fields: String, _ kind: HeadFault.Kind, _ status: Int = 400) -> Case {
        Case(threat: threat, head: wire("POST / HTTP/1.1\nHost: a\n" + fields), kind: kind, status: status)
    }

    private static func raw(_ threat: String, _ head: String, _ kind: HeadFault.Kind, _ status: Int = 400) -> Case {
        Case(threat: threat, head: bytes(head), kind: kind, status: status)
    }

    private static func line(_ line: String, _ kind: HeadFault.Kind, _ status: Int = 400) -> Case {
        Case(threat: "D12", head: wire(line + "\nHost: a"), kind: kind, status: status)
    }

    private static func host(_ fields: String, _ kind: HeadFault.Kind) -> Case {
        Case(threat: "D13", head: wire("GET / HTTP/1.1" + fields), kind: kind, status: 400)
    }

    static let framing: [Case] = [
        post("D1", "Content-Length: 4\nTransfer-Encoding: chunked", .transferEncodingWithContentLength),
        post("D1", "Transfer-Encoding: chunked\nContent-Length: 0", .transferEncodingWithContentLength),
        post("D1", "Transfer-Encoding: xchunked\nContent-Length: 4", .transferEncodingWithContentLength),
        post("D4", "Content-Length: 4\nContent-Length: 5", .contentLengthRepeated),
        post("D4", "Content-Length: 4\nContent-Length: 4", .contentLengthRepeated),
        post("D4", "Content-Length: 4, 4", .contentLengthRepeated),
        post("D4", "Content-Length: +4", .contentLengthInvalid),
        post("D4", "Content-Length: -4", .contentLengthInvalid),
        post("D4", "Content-Length: 0x4", .contentLengthInvalid),
        post("D4", "Content-Length: 1_0", .contentLengthInvalid),
        post("D4", "Content-Length: 1 0", .contentLengthInvalid),
        post("D4", "Content-Length:", .contentLengthInvalid),
        post("D4", "Content-Length: 4;", .contentLengthInvalid),
        post("D4", "Content-Length: 4.0", .contentLengthInvalid),
        post("D4", "Content-Length: \"4\"", .contentLengthInvalid),
        post("D4", "Content-Length: 18446744073709551616", .contentLengthInvalid),
        post("D4", "Content-Length: 18446744073709551620", .contentLengthInvalid),
        post("D4", "Content-Length: 4\u{0B}", .controlOctet),
        post("D4", "Content-Length: 4\u{a0}", .contentLengthInvalid),
        post("D4", "Content_Length: 4", .framingFieldLookalike),
        post("D5", "Transfer-Encoding: identity", .transferEncodingInvalid),
        post("D5", "Transfer-Encoding: xchunked", .transferEncodingInvalid),
        post("D5", "Transfer-Encoding: ,chunked", .transferEncodingInvalid),
        post("D5", "Transfer-Encoding: chunked,", .transferEncodingInvalid),
        post("D5", "Transfer-Encoding:", .transferEncodingInvalid),
        post("D5", "Transfer-Encoding: chunked, identity", .transferEncodingNotFinal),
        post("D5", "Transfer-Encoding: chunked\nTransfer-Encoding: gzip", .transferEncodingNotFinal),
        post("D5", "Transfer-Encoding: chunked, chunked", .transferEncodingChunkedRepeated),
        post("D5", "Transfer-Encoding: chunked\nTransfer-Encoding: chunked", .transferEncodingChunkedRepeated),
        post("D5", "Transfer-Encoding: identity, chunked", .transferEncodingInvalid),
        post("D5", "Transfer-Encoding: \"chunked\"", .transferEncodingInvalid),
        post("D5", "Transfer-Encoding: chunked;q=1", .transferEncodingInvalid),
        post("D5", "Transfer-Encoding: chunked\u{a0}", .transferEncodingInvalid),
        post("D5", "Transfer-Encoding: \u{0B}chunked", .controlOctet),
        post("D5", "Transfer_Encoding: chunked", .framingFieldLookalike),
        post("D5", "Transfer-Encoding: gzip, chunked", .transferEncodingUnsupported, 501),
        raw("D5", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
        Case(threat: "D2", head: wire("TRACE / HTTP/1.1\nHost: a\nContent-Length: 1"), kind: .bodyNotAllowed, status: 400),
    ]

    static let lines: [Case] = [
        post("D6", "X : 1", .blankBeforeColon), post("D6", "X\t: 1", .blankBeforeColon),
        post("D6", "Transfer-Encoding : chunked", .blankBeforeColon),
        raw("D6", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", .blankBeforeFirstField),
        post("D6", "X: 1\n folded", .obsoleteLineFolding), post("D6", "X: 1\n\tfolded", .obsoleteLineFolding),
        raw("D7", "GET / HTTP/1.1\nHost: a\r\n\r\n", .bareLineFeed),
        raw("D7", "GET / HTTP/1.1\r\nHost: a\n\r\n", .bareLineFeed),
        raw("D7", "GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLineFeed),
        raw("D7", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\n\r\n", .bareCarriageReturn),
        raw("D7", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\r\n\r\n", .bareCarriageReturn),
        raw("D7", "GET / HTTP/1.1\r\nHost: a\r\n\rX: 1\r\n\r\n", .bareCarriageReturn),
        raw("D7", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", .targetInvalid),
        post("D7", "X: a\0b", .nulOctet), post("D7", "X\0: b", .nulOctet),
        raw("D7", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", .targetInvalid),
        post("D7", "X: a\u{1B}b", .controlOctet), post("D7", "X: a\u{7F}b", .controlOctet),
        post("D15", ": x", .fieldNameEmpty), post("D15", " : x", .obsoleteLineFolding),
        post("D15", "X(: x", .fieldNameInvalid), post("D15", "X\u{e9}: x", .fieldNameInvalid),
        post("D15", "X\u{01}: x", .controlOctet), post("D15", "X Y: x", .fieldNameInvalid),
        post("D15", "Content-Length\u{0B}: 1", .controlOctet), post("D15", "nonsense", .fieldWithoutColon),
        raw("D15", "GET / HTTP/1.1\r\nHost: a\r\n", .headNotTerminated),
        raw("D15", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .leadingEmptyLines),
        raw("D15", "\r\n\r\n", .headEmpty), raw("D15", "", .headEmpty),
    ]

    static let startLines: [Case] = [
        line("GET  / HTTP/1.1", .requestLineBlanks), line("GET /  HTTP/1.1", .requestLineBlanks),
        line(" GET / HTTP/1.1", .requestLineBlanks), line("GET\t/ HTTP/1.1", .requestLineBlanks),
        line("GET /\tHTTP/1.1", .requestLineBlanks), line("GET / HTTP/1.1 ", .requestLineBlanks),
        line("GET /a b HTTP/1.1", .requestLineBlanks), line("GET /", .versionMissing), line("GET", .methodInvalid),
        line("GET / HTTP/0.9", .versionUnsupported, 505), line("GET / HTTP/2.0", .versionUnsupported, 505),
        line("GET / HTTP/1.32", .versionInvalid), line("GET / HTTP/11", .versionInvalid),
        line("GET / http/1.1", .versionInvalid), line("GET / HTTP/ 1.1", .versionInvalid),
        line("GET / HTTP/1", .versionInvalid), line("GET / ICY/1.1", .versionInvalid),
        line("GET HTTP/1.1", .versionMissing), line("GET  HTTP/1.1", .targetMissing),
        line("G(T / HTTP/1.1", .methodInvalid), line("G\u{e9}T / HTTP/1.1", .methodInvalid),
        line(String(repeating: "M", count: 33) + " / HTTP/1.1", .methodTooLong, 501),
        line("GET /\u{01} HTTP/1.1", .targetInvalid), line("GET /\u{7F} HTTP/1.1", .targetInvalid),
        line("GET /\u{e9} HTTP/1.1", .targetInvalid), line("GET /a#b HTTP/1.1", .targetFragment),
        line("GET # HTTP/1.1", .targetFragment), line("GET foo HTTP/1.1", .targetInvalid),
        line("GET a:80 HTTP/1.1", .targetInvalid), line("GET ftp://a/ HTTP/1.1", .targetInvalid),
        line("GET * HTTP/1.1", .targetFormMismatch), line("CONNECT / HTTP/1.1", .targetFormMismatch),
        line("CONNECT http://a/ HTTP/1.1", .targetFormMismatch),
        line("GET http:///x HTTP/1.1", .hostInvalid), line("GET http://u:p@a/ HTTP/1.1", .hostInvalid),
        line("GET http://a:99999/ HTTP/1.1", .hostInvalid),
        line("GET /" + String(repeating: "a", count: 8192) + " HTTP/1.1", .targetTooLong, 414),
    ]

    static let hosts: [Case] = [
        host("", .hostMissing), host("\nHost: a\nHost: a", .hostRepeated), host("\nHost: a\nhost: b", .hostRepeated),
        host("\nHost: a, b", .hostInvalid), host("\nHost: u@a", .hostInvalid), host("\nHost: a/b", .hostInvalid),
        host("\nHost:", .hostInvalid), host("\nHost: a b", .hostInvalid), host("\nHost: a\0", .nulOctet),
        host("\nHost: <script>", .hostInvalid), host("\nHost: a:", .hostInvalid), host("\nHost: a:b", .hostInvalid),
        host("\nHost: a:65536", .hostInvalid), host("\nHost: a:-1", .hostInvalid), host("\nHost: a:80:80", .hostInvalid),
        host("\nHost: [::1", .hostInvalid), host("\nHost: [::1]x", .hostInvalid), host("\nHost: []", .hostInvalid),
        host("\nHost: ::1", .hostInvalid), host("\nHost: a..b", .hostInvalid), host("\nHost: .a", .hostInvalid),
        host("\nHost: a%00b", .hostInvalid), host("\nHost: a?b", .hostInvalid), host("\nHost: a#b", .hostInvalid),
        host("\nHost: \u{e9}", .hostInvalid), host("\nHost: a;b", .hostInvalid), host("\nHost: a\\b", .hostInvalid),
    ]

    @Test(arguments: framing + lines + startLines + hosts)
    func `is named, forbids forwarding, and tells the status`(_ test: Case) {
        let head = RequestHead(copy: test.head)
        #expect(head.faults.contains { $0.kind == test.kind }, "found \(head.faults.map(\.kind))")
        #expect(!head.isForwardable)
        #expect(head.refusalStatus == test.status)
        #expect(test.kind.status == test.status && test.kind.severity != .odd)
        for fault in head.faults { #expect(fault.at.upperBound <= test.head.count) }
    }

    @Test(arguments: framing)
    func `contradicting framing never gives a body`(_ test: Case) {
        let head = RequestHead(copy: test.head)
        if case .contentLength(let count) = head.framing { #expect(count == 1 && head.method == .trace) }
        #expect(head.framing != .chunked)
    }

    static let sizes: [(String, HeadFault.Kind, Int)] = [
        ("X: " + String(repeating: "a", count: 16 << 10), .fieldLineTooLong, 431),
        (String(repeating: "a", count: 16 << 10) + ": x", .fieldLineTooLong, 431),
        ((0..<200).map { "X\($0): 1" }.joined(separator: "\n"), .tooManyFields, 431),
        ((0..<5).map { "X\($0): " + String(repeating: "a", count: 8000) }.joined(separator: "\n"), .headTooLarge, 431),
    ]

    @Test(arguments: sizes)
    func `D16 what is too large or too many is refused with 431`(_ fields: String, _ kind: HeadFault.Kind, _ status: Int) {
        let head = request("GET / HTTP/1.1\nHost: a\n" + fields)
        #expect(head.kinds.contains(kind) && head.refusalStatus == status)
        #expect(head.fields.count <= 128)
    }

    @Test func `D16 exactly the limit is fine`() {
        let limits = HeadLimits(fieldCount: 3)
        #expect(RequestHead(copy: wire("GET / HTTP/1.1\nHost: a\nB: 1\nC: 1"), limits: limits).isForwardable)
        #expect(!RequestHead(copy: wire("GET / HTTP/1.1\nHost: a\nB: 1\nC: 1\nD: 1"), limits: limits).isForwardable)
    }

    @Test func `D21 an unknown expectation is refused with 417, in HTTP 1_0 it is ignored`() {
        #expect(request("POST / HTTP/1.1\nHost: a\nExpect: gold").refusalStatus == 417)
        #expect(request("POST / HTTP/1.1\nHost: a\nExpect: 100-continue\nExpect: x").refusalStatus == 417)
        #expect(request("POST / HTTP/1.0\nExpect: gold").isForwardable)
    }

    @Test(arguments: [
        ("POST / HTTP/1.1\nHost: a\nContent-Length: 0", BodyFraming.contentLength(0)),
        ("POST / HTTP/1.1\nHost: a\nContent-Length: 007", .contentLength(7)),
        ("GET / HTTP/1.1\nHost: a\nContent-Length: 5", .contentLength(5)),
        ("OPTIONS / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked", .chunked),
        ("GET / HTTP/1.1\nHost: a\nTransfer-Encoding:   Chunked ", .chunked),
        ("POST / HTTP/1.1\nHost: a", .none), ("POST / HTTP/1.0\nContent-Length: 3", .contentLength(3)),
    ])
    func `D2 D3 any method may have a body, and it is framed`(_ text: String, _ framing: BodyFraming) {
        let head = request(text)
        #expect(head.isForwardable && head.framing == framing)
    }

    @Test(arguments: [
        ("\nGET / HTTP/1.1\nHost: a", HeadFault.Kind.leadingEmptyLine),
        ("GET /?a={\"x\":[1]} HTTP/1.1\nHost: a", .targetUnusualOctet),
        ("GET / HTTP/1.2\nHost: a", .versionNewerMinor), ("GET / HTTP/1.1\nHost: a\nX: \u{e9}", .obsoleteText),
    ])
    func `what is allowed but worth knowing is odd and goes on`(_ text: String, _ kind: HeadFault.Kind) {
        let head = request(text)
        #expect(head.kinds == [kind] && head.isForwardable)
        #expect(kind.severity == .odd)
    }

    @Test(arguments: ["a", "A-b.example.", "10.0.0.1:80", "[::1]", "[2001:db8::1]:65535", "a_b", "xn--a.example:0"])
    func `D13 a name, an address or a literal with or without a port is a host`(_ host: String) {
        #expect(request("GET / HTTP/1.1\nHost: \(host)").faults.isEmpty)
    }

    @Test func `names of faults are stable and differ`() {
        let names = HeadFault.Kind.allCases.map(\.rawValue)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F || $0.isDigit } })
    }
}
