import TestSupport
import Testing
import Wire

@testable import Telemetry

@Suite struct `Redaction` {
    private let redaction = LogRedaction(
        key: (0x0102_0304_0506_0708, 0x1112_1314_1516_1718), fields: ["X-Internal-Pass", "X_Trace"],
        parameters: ["room_pin"])

    /// What a secret becomes.
    private func mark(_ secret: String) -> String {
        let number = Array(secret.utf8).withUnsafeBufferPointer { redaction.fingerprint($0) }
        let digits = String(number, radix: 16)
        return "«redacted:\(String(repeating: "0", count: 8 - digits.count))\(digits)»"
    }

    private func field(_ name: String, _ value: String) throws -> String {
        try shown(Array(value.utf8), .field, name: name, by: redaction)
    }

    private func text(_ value: String, _ place: LogRedaction.Place = .text) throws -> String {
        try shown(Array(value.utf8), place, by: redaction)
    }

    private let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"

    @Test func `keeps the scheme of credentials`() throws {
        #expect(try field("Authorization", "Bearer abc.def") == "Bearer \(mark("abc.def"))")
        #expect(try field("AUTHORIZATION", "Basic dTpw") == "Basic \(mark("dTpw"))")
        #expect(
            try field("Proxy-Authorization", "Digest username=\"a\", response=\"b\"")
                == "Digest \(mark("username=\"a\", response=\"b\""))")
        #expect(try field("Authorization", "opaque") == mark("opaque"))
        #expect(try field("X-Original-Authorization", "Bearer abc") == "Bearer \(mark("abc"))")
        #expect(try field("Authorization", "") == "")
    }

    @Test func `keeps the names of cookies and the attributes of Set-Cookie`() throws {
        #expect(try field("Cookie", "a=1; sid=xyz;b=") == "a=\(mark("1")); sid=\(mark("xyz"));b=")
        #expect(try field("cookie", "loose") == mark("loose"))
        #expect(
            try field("Set-Cookie", "sid=xyz; Path=/; HttpOnly; Max-Age=60; SameSite=Lax; odd=secret")
                == "sid=\(mark("xyz")); Path=/; HttpOnly; Max-Age=60; SameSite=Lax; odd=\(mark("secret"))")
        #expect(try field("Cookie", "a=b=c") == "a=\(mark("b=c"))")
    }

    @Test(arguments: [
        ("GET /ws?token=abc HTTP/1.1", "GET /ws?token=§abc§ HTTP/1.1"),
        ("GET /ws?x=1&access_token=abc&y=2 HTTP/1.1", "GET /ws?x=1&access_token=§abc§&y=2 HTTP/1.1"),
        ("GET /ws?Token=abc HTTP/1.1", "GET /ws?Token=§abc§ HTTP/1.1"),
        ("GET /ws?tok%65n=abc HTTP/1.1", "GET /ws?tok%65n=§abc§ HTTP/1.1"),
        ("GET /ws?tok%2565n=abc HTTP/1.1", "GET /ws?tok%2565n=§abc§ HTTP/1.1"),
        ("GET /ws?token=a b HTTP/1.1", "GET /ws?token=§a b§ HTTP/1.1"),
        ("GET /ws?room-pin=abc HTTP/1.1", "GET /ws?room-pin=§abc§ HTTP/1.1"),
        ("GET /login?next=%2Fws%3Ftoken%3Dabc%26x%3D1&y=2 HTTP/1.1", "GET /login?next=%2Fws%3Ftoken%3D§abc§%26x%3D1&y=2 HTTP/1.1"),
        ("GET /login?next=%252Fws%253Ftoken%253Dabc HTTP/1.1", "GET /login?next=%252Fws%253Ftoken%253D§abc§ HTTP/1.1"),
        ("GET http://user:pw@host/ws HTTP/1.1", "GET http://§user:pw§@host/ws HTTP/1.1"),
        ("GET /ws?a=1;key=abc HTTP/1.1", "GET /ws?a=1;key=§abc§ HTTP/1.1"),
        ("GET /ws?jwt=abc#key=abc HTTP/1.1", "GET /ws?jwt=§abc§#key=§abc§ HTTP/1.1"),
        ("GET /ws?token= HTTP/1.1", "GET /ws?token= HTTP/1.1"),
        ("GET /socket.io/?EIO=4&transport=websocket&t=Pabc HTTP/1.1", "GET /socket.io/?EIO=4&transport=websocket&t=Pabc HTTP/1.1"),
        ("GET /monkey?monkey=1&codec=opus HTTP/1.1", "GET /monkey?monkey=1&codec=opus HTTP/1.1"),
        ("GET /cb?code=abc&state=def&scope=openid HTTP/1.1", "GET /cb?code=§abc§&state=§def§&scope=openid HTTP/1.1"),
        ("GET /cb?SAMLResponse=abc&RelayState=def HTTP/1.1", "GET /cb?SAMLResponse=§abc§&RelayState=§def§ HTTP/1.1"),
        ("GET /t?code_verifier=abc&client_assertion=def HTTP/1.1", "GET /t?code_verifier=§abc§&client_assertion=§def§ HTTP/1.1"),
        (
            "GET /login?next=%2Fcb%3Fcode%3Dabc%26state%3Ddef HTTP/1.1",
            "GET /login?next=%2Fcb%3Fcode%3D§abc§%26state%3D§def§ HTTP/1.1"
        ),
        ("HTTP/1.1 403 Forbidden", "HTTP/1.1 403 Forbidden"),
        ("GET", "GET"),
        ("token=abc", "token=§abc§"),
    ])
    func `hides parameters in a start line`(line: String, pattern: String) throws {
        #expect(try text(line, .startLine) == marked(pattern))
    }

    @Test(arguments: [
        ("chat, superchat", "chat, superchat"),
        ("bearer, abc", "bearer, §abc§"),
        ("chat,Bearer ,  abc , next", "chat,Bearer ,  §abc§, next"),
        (
            "graphql-transport-ws, actioncable-v1-json, wamp.2.json.batched, v4.channel.k8s.io",
            "graphql-transport-ws, actioncable-v1-json, wamp.2.json.batched, v4.channel.k8s.io"
        ),
        (
            "base64url.bearer.authorization.k8s.io.c2VjcmV0, v4.channel.k8s.io",
            "base64url.bearer.authorization.k8s.io.§c2VjcmV0§, v4.channel.k8s.io"
        ),
        (
            "realtime, openai-insecure-api-key.sk-abc123, openai-beta.realtime-v1",
            "realtime, openai-insecure-api-key.§sk-abc123§, openai-beta.realtime-v1"
        ),
        ("550e8400-e29b-41d4-a716-446655440000", "§550e8400-e29b-41d4-a716-446655440000§"),
        ("dGhpcyBpcyBhIHNlY3JldA", "§dGhpcyBpcyBhIHNlY3JldA§"),
        ("0123456789abcdef0123456789abcdef", "§0123456789abcdef0123456789abcdef§"),
        ("token.9f8e7d6c5b", "token.§9f8e7d6c5b§"),
        ("access_token, xyz", "access_token, §xyz§"),
        ("token-stream.v1", "token-stream.v1"),
        ("", ""), (",", ","), ("bearer", "bearer"), ("bearer,", "bearer,"),
    ])
    func `hides tokens among subprotocols`(value: String, pattern: String) throws {
        #expect(try field("Sec-WebSocket-Protocol", value) == marked(pattern))
    }

    /// `§secret§` in a pattern stands for the secret's mark.
    private func marked(_ pattern: String) -> String {
        pattern.split(separator: "§", omittingEmptySubsequences: false).enumerated()
            .map { $0.isMultiple(of: 2) ? String($1) : mark(String($1)) }.joined()
    }

    @Test(arguments: [
        ("X-Internal-Pass", "§a b§"), ("x-trace", "§a b§"), ("X-Api-Key", "§a b§"), ("X-Auth-Token", "§a b§"),
        ("Client-Secret", "§a b§"), ("Cf-Access-Jwt-Assertion", "§a b§"), ("X-Amz-Security-Token", "§a b§"),
        ("Authentication", "a §b§"), ("Cookie2", "§a b§"), ("Authentication-Info", "§a b§"), ("Proxy-Authentication-Info", "§a b§"),
        ("User-Agent", "a b"), ("Sec-WebSocket-Key", "a b"), ("X-Tokens-Left", "a b"), ("Server", "a b"),
    ])
    func `hides fields by their names`(name: String, pattern: String) throws {
        #expect(try field(name, "a b") == marked(pattern))
    }

    @Test func `hides who is named before a host`() throws {
        #expect(try text("user:pw@h.example:80", .authority) == "\(mark("user:pw"))@h.example:80")
        #expect(try text("h.example:80", .authority) == "h.example:80")
        #expect(try text("a@b@h", .authority) == "\(mark("a@b"))@h")
    }

    @Test func `finds secrets in any text`() throws {
        #expect(try text("failed: \(token), sorry") == "failed: \(mark(token)), sorry")
        #expect(try field("X-Whatever", "id-\(token)") == "id-\(mark(token))")
        #expect(
            try text("see https://u:p@h:1/x?token=abc and go") == "see https://\(mark("u:p"))@h:1/x?token=\(mark("abc")) and go")
        #expect(
            try text(#"{"url":"/x?key=abc","token": "a\"bc","n":1}"#)
                == #"{"url":"/x?key=\#(mark("abc"))","token": "\#(mark(#"a\"bc"#))","n":1}"#)
        #expect(try text(#"{"password":12345}"#) == #"{"password":\#(mark("12345"))}"#)
        #expect(try text(#"{\"token\":\"abc\"}"#) == #"{\"token\":\"\#(mark(#"abc\"#))"}"#)
        #expect(try text("Bearer 9f8e7d6c5b4a rejected") == "Bearer \(mark("9f8e7d6c5b4a")) rejected")
        #expect(try text("client_secret=abc def") == "client_secret=\(mark("abc")) def")
        #expect(try text("secret=\"abc def\" x") == "secret=\"\(mark("abc def"))\" x")
        #expect(try field("Referer", "https://h/?code=abc&x=y z") == "https://h/?code=\(mark("abc"))&x=y z")
        #expect(try field("Location", "/login?next=%2Fws%3Fsid%3Dabc") == "/login?next=%2Fws%3Fsid%3D\(mark("abc"))")
    }

    @Test(arguments: [
        "", "=", "&=&", "?token", "://", "http://host:80/path@x", "a.b.c", "eyJ.a", "www.example.com",
        "Mozilla/5.0 (X11; Linux x86_64)",
        "permessage-deflate; client_max_window_bits=15", "Bearer realm=\"x\", error=\"invalid_token\"",
        "Bearer authentication required", "max-age=31536000; includeSubDomains", "Invalid token: it expired",
        "default-src 'self'; script-src 'nonce-1'", "keep-alive, Upgrade", "text/html;q=0.9,*/*;q=0.8", "100% sure = yes",
        "%", "%3", "%3D", "%25", "%253D=",
    ])
    func `leaves what is no secret as it is`(value: String) throws {
        #expect(try text(value) == value)
        #expect(try field("X-Other", value) == value)
    }

    @Test func `gives equal secrets equal marks, and other keys other marks`() throws {
        let first = try field("Authorization", "Bearer canary")
        #expect(try field("Cookie", "a=canary").hasSuffix(first.dropFirst("Bearer ".count)))
        #expect(try text("?token=canary").hasSuffix(first.dropFirst("Bearer ".count)))
        let other = LogRedaction(key: (1, 2))
        #expect(try shown(bytes("Bearer canary"), .field, name: "Authorization", by: other) != first)
    }

    @Test func `does not mark what is marked already`() throws {
        #expect(try text("?token=«redacted»&x=1") == "?token=«redacted»&x=1")
        #expect(try text("?token=«redacted:01234567»") == "?token=«redacted:01234567»")
        #expect(try text("?token=«redacted:mysecret»") == "?token=\(mark("«redacted:mysecret»"))")
    }

    @Test func `shows no piece of a secret when the value is cut`() throws {
        var line = LineBuffer(valueLimit: 40)
        line.begin("e", level: .info, at: .zero, message: "m")
        line.key("v")
        line.openString()
        let value = Array("/ws?x=0123456789&token=SECRETSECRET&y=0123456789".utf8)
        value.withUnsafeBufferPointer { redaction.write($0, .target, into: &line) }
        line.closeString()
        line.finish()
        let text = try #require(ParsedLine(line.bytes()).string("v"))
        #expect(text == "/ws?x=0123456789&token=\(mark("SECRETSECRET"))&y=0123456789")
        #expect(!text.contains("SECRET"))
    }

    // The property: a secret put where secrets stand never comes out, whatever it is made of and whatever is around it.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func `never lets a canary through`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func pick(_ alphabet: String, _ count: ClosedRange<Int>) -> String {
            let letters = Array(alphabet)
            return String((0..<Int.random(in: count, using: &random)).map { _ in letters.randomElement(using: &random) ?? "x" })
        }
        let base = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        let safe = pick(base + "-_", 16...60)
        let wild = pick(base + "-_.~!$'()*+,;=:@/?%\"<>[]{}|\\^`", 16...60)
        let wildCookie = pick(base + "!#$%&'()*+-./:<=>?@[]^_`{|}~", 16...60)
        let jwt = "eyJ" + pick(base + "-_", 12...30) + "." + pick(base + "-_", 12...60) + "." + pick(base + "-_", 20...50)
        let noise = pick(base + " ,;/?&=.:%", 0...40)
        let inQuery = wild.filter { $0 != "&" && $0 != "#" }

        // (secret, where it stands, the field's name)
        var cases: [(String, String, LogRedaction.Place, String)] = []
        for name in ["Authorization", "proxy-authorization"] {
            cases += [(wild, "Bearer \(wild)", .field, name), (wild, wild, .field, name), (wild, "Digest \(wild)", .field, name)]
        }
        for name in ["X-Api-Key", "X-Internal-Pass", "x_trace", "X-CSRF-Token"] { cases.append((wild, wild, .field, name)) }
        cases.append((wildCookie, "a=1; session=\(wildCookie); b=2", .field, "Cookie"))
        cases.append((wildCookie, "session=\(wildCookie); Path=/", .field, "Set-Cookie"))
        for name in [
            "token", "access_token", "api_key", "apikey", "key", "jwt", "auth", "password", "secret", "sig", "signature", "code",
            "ticket", "id_token", "refreshToken", "client_secret", "client_assertion", "code_verifier", "state", "SAMLResponse",
            "X-Amz-Signature", "sid", "room_pin",
        ] {
            cases.append((inQuery, "GET /ws?\(name)=\(inQuery) HTTP/1.1", .startLine, ""))
            cases.append((inQuery, "GET /ws?\(noise)&\(name.uppercased())=\(inQuery)&b=2 HTTP/1.1", .startLine, ""))
            cases.append((inQuery, "https://h/x?\(name)=\(inQuery)", .field, "Referer"))
            cases.append((safe, "\(noise)?\(name)=\(safe)", .text, ""))
            cases.append((safe, "/login?next=%2Fws%3F\(name)%3D\(safe)%26b%3D2", .field, "Location"))
            cases.append((safe, "\(noise) /x?a=b&\(name)=\(safe)", .field, "X-Original-Url"))
        }
        cases.append((safe, "\(noise) https://user:\(safe)@host/", .text, ""))
        cases.append((jwt, noise + jwt + noise, .text, ""))
        cases.append((jwt, "GET /\(jwt)/ws HTTP/1.1", .startLine, ""))
        cases.append((jwt, noise + jwt, .field, "User-Agent"))
        for announced in ["bearer", "access_token", "Authorization"] {
            cases.append((safe, "chat, \(announced), \(safe)", .field, "Sec-WebSocket-Protocol"))
        }
        cases.append((safe, "base64url.bearer.authorization.k8s.io.\(safe), v4.channel.k8s.io", .field, "Sec-WebSocket-Protocol"))
        cases.append((jwt, "chat,\(jwt)", .field, "Sec-WebSocket-Protocol"))
        let long = pick(base + "-_", 24...60) + "A1b2"
        cases.append((long, "chat, \(long)", .field, "sec-websocket-protocol"))
        cases.append((safe, "{\"detail\":\"no\",\"token\":\"\(safe)\"}", .text, ""))

        for (secret, value, place, name) in cases {
            let output = try shown(Array(value.utf8), place, name: name, by: redaction)
            // No eight characters in a row of the secret, unless they were in what stands around it.
            let around = value.replacing(secret, with: "\u{0}")
            let letters = Array(secret)
            for start in 0...(letters.count - 8) {
                let piece = String(letters[start..<start + 8])
                #expect(!output.contains(piece) || around.contains(piece), "\(secret) in \(value) gave \(output)")
            }
        }
    }
}
