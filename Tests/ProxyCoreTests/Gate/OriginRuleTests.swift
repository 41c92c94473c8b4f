import Diagnosis
import HTTPWire
import ProxyCore
import TestSupport
import Testing
import Wire

/// Threats A1–A10.
@Suite struct OriginRuleTests {
    private func rule(_ patterns: String..., missing: OriginRule.Missing = .refuse) throws -> OriginRule {
        OriginRule(allow: try patterns.map { try OriginPattern($0) }, missing: missing)
    }

    private func fault(
        _ rule: OriginRule, _ origin: String?, host: String = "app.example", fields: String = "", peer: SocketAddress = client,
        isSecure: Bool = true
    ) -> String? {
        var text = "GET /ws HTTP/1.1\nHost: \(host)"
        if let origin { text += "\nOrigin: \(origin)" }
        if !fields.isEmpty { text += "\n\(fields)" }
        let head = requestHead(text)
        let identity = ClientIdentity(peer: peer, isSecure: isSecure, trustedProxies: trusted, head: head)
        return rule.refusal(head, identity)?.fault
    }

    @Test(arguments: [
        "https://example.com", "https://EXAMPLE.com", "HTTPS://example.com", "https://example.com:443", "https://Example.COM:443",
        "https://example.com:0443",
    ])
    func `case and the default port make no difference`(_ origin: String) throws {
        #expect(fault(try rule("https://example.com"), origin) == nil)
        #expect(fault(try rule("https://EXAMPLE.com:443"), origin) == nil)
    }

    @Test(arguments: [
        "http://example.com", "http://example.com:443", "https://example.com:80", "https://example.com:8443", "wss://example.com",
        "https://www.example.com", "https://evil-example.com", "https://example.com.evil.com", "https://example.co",
        "https://example.com.", "https://evil.com", "https://xample.com", "file://example.com",
    ])
    func `another scheme, host or port is another origin`(_ origin: String) throws {
        #expect(fault(try rule("https://example.com"), origin) == "origin_not_allowed")
    }

    @Test(arguments: [
        "https://example.com@evil.com", "https://evil.com@example.com", "https://example.com%60.evil.com", "https://example.com/",
        "https://example.com/ws", "https://example.com?x", "https://example.com#x", "https://example.com:", "https://example.com:x",
        "https://example.com:99999", "https://example.com\\.evil.com", "https://[::1", "https://ex\u{430}mple.com", "https://",
        "example.com", "//example.com", "https:example.com", "https://.example.com", "https://a..example.com",
        "javascript:alert(1)",
        "https://*.example.com", "*", "null ", "NULL", "https://example.com:443:443",
    ])
    func `what is no origin matches nothing`(_ origin: String) throws {
        for pattern in ["https://example.com", "https://*.example.com", "*", "same-host"] {
            #expect(fault(try rule(pattern, "https://example.com"), origin, host: "example.com") != nil)
        }
    }

    @Test(arguments: [
        ("https://a.example.com", true), ("https://a.b.example.com", true), ("https://A.Example.com:443", true),
        ("https://example.com", false), ("https://evilexample.com", false), ("https://a.example.com.evil.com", false),
        ("http://a.example.com", false), ("https://a.example.com:8443", false), ("https://.example.com", false),
        ("null", false),
    ])
    func `a star stands for subdomains at any depth and for nothing else`(_ origin: String, _ allowed: Bool) throws {
        #expect((fault(try rule("https://*.example.com"), origin) == nil) == allowed)
    }

    @Test(arguments: [
        ("http://localhost:3000", true), ("http://localhost", true), ("https://localhost:3000", false),
        ("http://localhost.evil.com:3000", false), ("http://xlocalhost:1", false),
    ])
    func `a star behind the colon stands for the port`(_ origin: String, _ allowed: Bool) throws {
        #expect((fault(try rule("http://localhost:*"), origin) == nil) == allowed)
    }

    @Test func `null is let in only where it is named`() throws {
        #expect(fault(try rule("*"), "null") == "origin_null")
        #expect(fault(try rule("https://*.example.com", "same-host"), "null") == "origin_null")
        #expect(fault(try rule("null"), "null") == nil)
        #expect(fault(try rule("null"), "https://example.com") == "origin_not_allowed")
    }

    @Test func `without Origin the rule's word counts, and a page's plain GET passes`() throws {
        #expect(fault(try rule("*"), nil) == "origin_missing")
        #expect(fault(try rule("*", missing: .allow), nil) == nil)
        let head = requestHead("GET /poll HTTP/1.1\nHost: h")
        let post = requestHead("POST /poll HTTP/1.1\nHost: h\nContent-Length: 0")
        let identity = ClientIdentity(peer: client, isSecure: true, trustedProxies: [], head: head)
        #expect(try rule("*").refusal(head, identity, isUpgrade: false) == nil)
        #expect(try rule("*").refusal(post, identity, isUpgrade: false)?.fault == "origin_missing")
    }

    @Test func `two origins are none`() throws {
        #expect(fault(try rule("https://a.example"), "https://a.example", fields: "Origin: https://a.example") == "origin_repeated")
        #expect(fault(try rule("https://a.example"), "https://a.example https://b.example") == "origin_repeated")
        #expect(fault(try rule("https://a.example"), "https://a.example, https://b.example") == "origin_repeated")
    }

    @Test func `the same host is the same scheme, host and port`() throws {
        let rule = try rule("same-host")
        #expect(fault(rule, "https://app.example") == nil)
        #expect(fault(rule, "https://app.example", host: "App.Example:443") == nil)
        #expect(fault(rule, "http://app.example") == "origin_not_allowed")
        #expect(fault(rule, "http://app.example", isSecure: false) == nil)
        #expect(fault(rule, "https://www.app.example") == "origin_not_allowed")
        #expect(fault(rule, "https://app.example:8443") == "origin_not_allowed")
        #expect(fault(rule, "http://[0:0::1]:80", host: "[::1]", isSecure: false) == nil)
    }

    @Test func `behind an edge the forwarded host and scheme count, if the edge is trusted`() throws {
        let rule = try rule("same-host")
        let fields = "X-Forwarded-For: 198.51.100.1\nX-Forwarded-Proto: https\nX-Forwarded-Host: app.example"
        #expect(fault(rule, "https://app.example", host: "10.0.0.9:10000", fields: fields, peer: edge, isSecure: false) == nil)
        #expect(
            fault(rule, "https://app.example", host: "10.0.0.9:10000", fields: fields, peer: client, isSecure: false)
                == "origin_not_allowed")
        #expect(
            fault(rule, "https://evil.example", host: "10.0.0.9:10000", fields: fields, peer: edge, isSecure: false)
                == "origin_not_allowed")
    }

    @Test func `an Origin of our own that the browser calls cross-site is refused`() throws {
        let rule = try rule("same-host")
        #expect(fault(rule, "https://app.example", fields: "Sec-Fetch-Site: cross-site") == "origin_contradicts_fetch_site")
        #expect(fault(rule, "https://app.example", fields: "Sec-Fetch-Site: same-origin") == nil)
    }

    @Test(arguments: [
        ("https://*.com", OriginPatternFault.tooWide), ("app.example.com", .noScheme), ("https://app.example.com/", .path),
        ("https://a.*.example.com", .star), ("https://a@b.example", .userinfo), ("https://b\u{fc}cher.example", .notASCII),
        ("https://", .noHost), ("https://*.example.com:*", .star), ("https://example.com.", .noHost),
    ])
    func `an entry that could match nothing, or too much, is refused at load`(_ text: String, _ expected: OriginPatternFault) {
        #expect(throws: expected) { try OriginPattern(text) }
    }

    @Test func `a refusal names what came and what is let in`() throws {
        let head = requestHead("GET /ws HTTP/1.1\nHost: app.example\nOrigin: http://app.example")
        let identity = ClientIdentity(peer: client, isSecure: false, trustedProxies: trusted, head: head)
        let refusal = try #require(try rule("https://www.app.example").refusal(head, identity))
        #expect(refusal.status == 403 && refusal.observed == "Origin: http://app.example")
        #expect(refusal.allowed == "https://www.app.example" && refusal.fix.contains("http://app.example"))
        #expect(try OriginPattern("https://*.Example.com:8443").description == "https://*.example.com:8443")
    }
}
