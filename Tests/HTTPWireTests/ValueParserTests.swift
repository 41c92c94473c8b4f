import HTTPWire
import TestSupport
import Testing
import Wire

@Suite struct ValueParserTests {
    private func elements(_ text: String) -> (elements: [String], sawEmpty: Bool) {
        let octets = bytes(text)
        var list = ListElements(0..<octets.count)
        var all: [String] = []
        while let element = list.next(in: octets) { all.append(octets.printable(element)) }
        return (all, list.sawEmpty)
    }

    @Test(
        arguments: [
            ("", [], false), ("a", ["a"], false), (" a , b\t", ["a", "b"], false), ("a,,b", ["a", "b"], true),
            (",a", ["a"], true), ("a,", ["a"], true), (",", [], true), ("\"a,b\", c", ["\"a,b\"", "c"], false),
            ("\"a\\\\\",b\" , c", ["\"a\\\\\\\\\"", "b\" , c"], false), ("\"a\\\",b\",c", ["\"a\\\\\",b\"", "c"], false),
            ("\"open, c", ["\"open, c"], false), ("\"a\\", ["\"a\\\\"], false),
        ] as [(String, [String], Bool)])
    func `a comma list is parted outside of quoted strings`(_ text: String, _ expected: [String], _ sawEmpty: Bool) {
        let found = elements(text)
        #expect(found.elements == expected)
        #expect(found.sawEmpty == sawEmpty)
    }

    @Test func `parameters are told apart by name, value and form`() {
        let octets = bytes("permessage-deflate; server_max_window_bits=\"10\"; client_max_window_bits ;a = b; c=\"x\\\"y\";d=\"z")
        var parameters = FieldParameters(0..<octets.count)
        var found: [String] = []
        while let part = parameters.next(in: octets) {
            let value = part.value.map { String(decoding: octets.unescaped($0), as: UTF8.self) } ?? "nil"
            found.append("\(octets.printable(part.name))|\(value)|\(part.isQuoted)|\(part.isWellFormed)")
        }
        #expect(
            found == [
                "permessage-deflate|nil|false|true", "server_max_window_bits|10|true|true",
                "client_max_window_bits|nil|false|true", "a|b|false|false", "c|x\"y|true|true", "d|\"z|false|false",
            ])
    }

    @Test(arguments: [
        ("application/json", MediaPreference.json), ("text/html, application/json", .html), ("*/*", .html), ("", .html),
        ("application/json, */*;q=0.8", .json), ("text/html;q=0.5, application/json;q=0.6", .json),
        ("text/html,application/xhtml+xml,*/*;q=0.8", .html), ("application/json;q=0", .html),
        ("application/*", .json), ("application/json;q=0.1, text/html;q=0", .json), ("APPLICATION/JSON", .json),
        ("application/json;q=nonsense, text/html;q=0.1", .html), ("image/png", .html),
    ])
    func `Accept decides between a page and JSON`(_ accept: String, _ expected: MediaPreference) {
        #expect(MediaPreference(request("GET / HTTP/1.1\nHost: a\nAccept: \(accept)")) == expected)
    }

    @Test func `a request without Accept gets a page`() {
        #expect(MediaPreference(request("GET / HTTP/1.1\nHost: a")) == .html)
    }

    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1:0"), ("10.0.0.1:80", "10.0.0.1:80"), ("::1", "[::1]:0"), ("[::1]", "[::1]:0"),
        ("[2001:db8::1]:443", "[2001:db8::1]:443"),
    ])
    func `a node that is an address is one`(_ text: String, _ expected: String) {
        let octets = bytes(text)
        #expect(ForwardedElement.address(octets, 0..<octets.count)?.description == expected)
    }

    @Test(arguments: ["unknown", "_hidden", "", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:70000", "[::1", "[::1]x", "10.0.0.256", "a b"])
    func `a node that is none is nil`(_ text: String) {
        let octets = bytes(text)
        #expect(ForwardedElement.address(octets, 0..<octets.count) == nil)
    }

    @Test func `a Forwarded element has for, proto and host once each`() {
        let octets = bytes("For=\"[::1]:80\";PROTO=https;host=\"a:8\";by=_x")
        let element = ForwardedElement(octets, 0..<octets.count)
        #expect(element.isWellFormed)
        #expect(element.node.map { octets.printable($0) } == "[::1]:80")
        #expect(element.scheme.map { octets.printable($0) } == "https")
        #expect(element.host.map { octets.printable($0) } == "a:8")
        for bad in ["for=a;for=b", "for", "for = a", "for=a;;proto=b", "for=\"a", "for=a b"] {
            #expect(!ForwardedElement(bytes(bad), 0..<bad.utf8.count).isWellFormed, "\(bad)")
        }
    }

    @Test func `query parameters are raw ranges, and the first of a name counts`() {
        let octets = bytes("a=1&&b&=x&a=2&token=%41=%42")
        var pairs = NamedPairs(query: 0..<octets.count)
        var found: [String] = []
        while let pair = pairs.next(in: octets) {
            found.append("\(octets.printable(pair.name))>\(octets.printable(pair.value))>\(octets.printable(pair.whole))")
        }
        #expect(found == ["a>1>a=1", "b>>b", ">x>=x", "a>2>a=2", "token>%41=%42>token=%41=%42"])
        var first = NamedPairs(query: 0..<octets.count)
        #expect(first.value(of: bytes("a"), in: octets).map { octets.printable($0) } == "1")
    }

    @Test func `B17 cookies lose blanks and quotes, nothing else`() {
        let octets = bytes(" a=1; b=\"x y\" ;c; =v; a=2;; d=\"e", 0xFF)
        var pairs = NamedPairs(cookies: 0..<octets.count)
        var found: [String] = []
        while let pair = pairs.next(in: octets) { found.append("\(octets.printable(pair.name))>\(octets.printable(pair.value))") }
        #expect(found == ["a>1", "b>x y", "c>", ">v", "a>2", "d>\"e\\xff"])
    }

    static let spellings: [(String, CanonicalPath)] = [
        ("/admin", .canonical(bytes("/admin"))), ("/%61dmin", .canonical(bytes("/admin"))),
        ("/%61%64%6d%69%6E", .canonical(bytes("/admin"))), ("/admin/", .canonical(bytes("/admin/"))),
        ("/ADMIN", .canonical(bytes("/ADMIN"))), ("/a%20b", .canonical(bytes("/a%20b"))),
        ("/%c3%a9", .canonical(bytes("/%C3%A9"))), ("/%252e%252e/admin", .canonical(bytes("/%252e%252e/admin"))),
        ("/a.b/..c/...", .canonical(bytes("/a.b/..c/..."))), ("/", .canonical(bytes("/"))),
        ("//admin", .refused(.emptySegment)), ("/x//admin", .refused(.emptySegment)), ("/admin//", .refused(.emptySegment)),
        ("/./admin", .refused(.dotSegment)), ("/x/../admin", .refused(.dotSegment)), ("/%2e/admin", .refused(.dotSegment)),
        ("/x/%2e%2E/admin", .refused(.dotSegment)), ("/x/.%2e/admin", .refused(.dotSegment)), ("/..", .refused(.dotSegment)),
        ("/x/..;/admin", .refused(.dotSegment)), ("/x/..%3b/admin", .refused(.dotSegment)),
        ("/admin;x", .refused(.parameter)), ("/admin%3bx", .refused(.parameter)), ("/;/admin", .refused(.parameter)),
        ("/%2fadmin", .refused(.escapedSlash)), ("/x%2F..%2Fadmin", .refused(.escapedSlash)),
        ("/x%5cadmin", .refused(.backslash)), ("/x\\admin", .refused(.backslash)),
        ("/admin%00", .refused(.escapedControl)), ("/admin%0d%0a", .refused(.escapedControl)),
        ("/admin%7f", .refused(.escapedControl)), ("/admin%", .refused(.escapeInvalid)),
        ("/admin%4", .refused(.escapeInvalid)), ("/admin%zz", .refused(.escapeInvalid)),
        ("admin", .refused(.notAbsolute)), ("", .refused(.notAbsolute)), ("*", .refused(.notAbsolute)),
    ]

    @Test(arguments: spellings)
    func `A15 each spelling of a path is one path or refused`(_ path: String, _ expected: CanonicalPath) {
        let octets = bytes(path)
        #expect(CanonicalPath(octets, 0..<octets.count) == expected)
        if case .canonical(let canonical) = expected {
            #expect(CanonicalPath(canonical, 0..<canonical.count) == expected, "canonical stays canonical")
        }
    }

    @Test func `the asterisk and an absolute target without a path have a canonical form too`() {
        #expect(CanonicalPath(request("OPTIONS * HTTP/1.1\nHost: a")) == .canonical(bytes("*")))
        #expect(CanonicalPath(request("GET http://a?q HTTP/1.1\nHost: a")) == .canonical(bytes("/")))
        #expect(CanonicalPath(request("GET /%61/../b HTTP/1.1\nHost: a")) == .refused(.dotSegment))
    }

    @Test func `what is let through on wish stays as it came, and dot segments never pass`() {
        for path in ["//a", "/a;b", "/a%2Fb"] {
            #expect(CanonicalPath(bytes(path), 0..<path.utf8.count, allowing: .all) == .canonical(bytes(path)))
        }
        for path in ["/..;x/", "//..", "/a\\b", "/%2e", "/a%00"] {
            if case .canonical = CanonicalPath(bytes(path), 0..<path.utf8.count, allowing: .all) { Issue.record("\(path)") }
        }
    }

    @Test func `a list of 64 KiB is walked in one pass`() {
        let octets = bytes(String(repeating: "a;b=\"c\",", count: 8192))
        var list = ListElements(0..<octets.count)
        var count = 0
        while let element = list.next(in: octets) {
            count += 1
            #expect(element.count == 7)
        }
        #expect(count == 8192)
    }
}
