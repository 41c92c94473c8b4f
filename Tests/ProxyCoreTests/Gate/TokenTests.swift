import JSONWire
import ProxyCore
import TestSupport
import Testing
import Wire

/// Threats B1–B8 as far as they need no key.
@Suite struct TokenTests {
    private func encoded(_ text: String) -> String { String(decoding: Tokens.encoded(Array(text.utf8)), as: UTF8.self) }

    private func fault(_ header: String, _ claims: String = "{}", signature: String = "AAAA") -> SignedToken.Fault? {
        do {
            _ = try SignedToken(Array("\(encoded(header)).\(encoded(claims)).\(signature)".utf8))
            return nil
        } catch { return error }
    }

    @Test(arguments: [
        #"{"alg":"none"}"#, #"{"alg":"None"}"#, #"{"alg":"NONE"}"#, #"{"alg":"nOnE"}"#, #"{"alg":""}"#, #"{}"#, #"{"alg":null}"#,
        #"{"alg":["HS256"]}"#, #"{"alg":"hs256"}"#, #"{"alg":"HS256 "}"#, #"{"alg":1}"#,
    ])
    func `a token without an algorithm that signs is refused`(_ header: String) {
        #expect(fault(header) == .noAlgorithm)
        #expect(fault(header, signature: "") == .noAlgorithm)
    }

    @Test(arguments: [
        #"{"alg":"HS256","crit":["exp"]}"#, #"{"alg":"HS256","crit":[]}"#, #"{"alg":"HS256","b64":false}"#,
        #"{"alg":"HS256","zip":"DEF"}"#, #"{"alg":"RSA-OAEP","enc":"A128GCM"}"#,
    ])
    func `a header that demands an extension is refused`(_ header: String) { #expect(fault(header) == .unknownDemand) }

    @Test func `what a header says of keys is not read`() throws {
        let header =
            #"{"alg":"HS256","jku":"http://evil/","jwk":{"kty":"oct","k":"AA"},"x5u":"http://evil/","kid":"../../dev/null"}"#
        let token = try SignedToken(Array("\(encoded(header)).\(encoded("{}")).AAAA".utf8))
        #expect(token.header.keyID == Array("../../dev/null".utf8) && token.header.algorithm == .hs256)
    }

    @Test func `doubled names, wrong types and junk are refused`() {
        #expect(fault(#"{"alg":"HS256","alg":"none"}"#) == .badHeader)
        #expect(fault(#"{"alg":"HS256","\u0061lg":"none"}"#) == .badHeader)
        #expect(fault(#"{"alg":"HS256","kid":7}"#) == .badHeader)
        #expect(fault(#"["alg"]"#) == .badHeader)
        #expect(fault(#"{"alg":"HS256"}"#, #"{"sub":"a","sub":"b"}"#) == .badClaims)
        #expect(fault(#"{"alg":"HS256"}"#, "7") == .badClaims)
        #expect(fault(#"{"alg":"HS256"}"#, "{} x") == .badClaims)
        #expect(fault(#"{"alg":"HS256"}"#, String(repeating: "[", count: 3000)) == .badClaims)
        #expect(fault(#"{"alg":"HS256"}"#, "{" + (0..<300).map { "\"a\($0)\":1" }.joined(separator: ",") + "}") == .badClaims)
    }

    @Test(arguments: ["", ".", "a.b", "a.b.c.d", "a.b.c.d.e", "...."])
    func `three parts and no others`(_ text: String) {
        #expect(throws: (any Error).self) { try SignedToken(Array(text.utf8)) }
    }

    @Test func `size is judged before anything else`() {
        #expect(throws: SignedToken.Fault.tooLarge) { try SignedToken([UInt8](repeating: 0x2E, count: 1 << 20)) }
        #expect(throws: SignedToken.Fault.tooLarge) { try SignedToken([UInt8](repeating: 0x41, count: 8193)) }
    }

    @Test(arguments: ["AAAA=", "AA+A", "AA/A", "AA\nA", "AAAB=", "A", "AAB", "AB", " AAAA"])
    func `base64url has one spelling`(_ text: String) { #expect(Base64URL.decode(Array(text.utf8)) == nil) }

    @Test func `base64url decodes`() {
        #expect(Base64URL.decode(Array("-_8".utf8)) == bytes(0xFB, 0xFF))
        #expect(Base64URL.decode([]) == [])
        #expect(Base64URL.decodePadded(Array("dXNlcjpwYXNz".utf8)) == Array("user:pass".utf8))
        #expect(Base64URL.decodePadded(Array("YQ==".utf8)) == Array("a".utf8))
        #expect(Base64URL.decodePadded(Array("YQ=".utf8)) == nil)
    }

    @Test func `base64url gives back what was encoded, at every length, and finds a foreign octet at every place`() {
        for length in 0...40 {
            let octets = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ length &* 31) }
            let text = Base64URL.encode(octets)
            #expect(Base64URL.decode(text) == octets)
            for place in text.indices {
                for foreign in [0x00, 0x2B, 0x2F, 0x3D, 0x40, 0x5B, 0x60, 0x7B, 0x80, 0xFF] as [UInt8] {
                    var broken = text
                    broken[place] = foreign
                    #expect(Base64URL.decode(broken) == nil)
                }
            }
        }
    }

    @Test func `a header is not read again for the token after it, unless it is another`() throws {
        func text(_ header: String, _ claims: String) -> [UInt8] { Array("\(encoded(header)).\(encoded(claims)).AAAA".utf8) }
        let first = try SignedToken(text(#"{"alg":"HS256","kid":"a"}"#, #"{"sub":"1"}"#))
        let second = try SignedToken(text(#"{"alg":"HS256","kid":"a"}"#, #"{"sub":"2"}"#), last: first.header)
        #expect(second.header == first.header && second.claims["sub"]?.text == bytes("2"))
        let third = try SignedToken(text(#"{"alg":"ES256","kid":"b"}"#, "{}"), last: first.header)
        #expect(third.header.algorithm == .es256 && third.header.keyID == bytes("b"))
        #expect(throws: SignedToken.Fault.noAlgorithm) { try SignedToken(text(#"{"alg":"none"}"#, "{}"), last: first.header) }
        // What is believed to be the same is the text, so a header that was made up changes nothing but its own reading.
        let last = TokenHeader(text: Array(encoded(#"{"alg":"HS256","kid":"a"}"#).utf8), algorithm: .hs512, keyID: nil)
        #expect(try SignedToken(text(#"{"alg":"HS256","kid":"a"}"#, "{}"), last: last).header.algorithm == .hs512)
    }

    // MARK: Claims

    private static let now = Timestamp(nanoseconds: 1_000_000 * 1_000_000_000)

    private func check(_ claims: String, _ change: (inout TokenRule) -> Void = { _ in }) throws -> String {
        var rule = TokenRule()
        rule.leeway = .seconds(10)
        change(&rule)
        do {
            let end = try rule.check(try JSONReader.read(Array(claims.utf8)), now: Self.now)
            return end.map { "until \($0.nanoseconds / 1_000_000_000)" } ?? "ever"
        } catch let fault as TokenRule.Fault { return fault.rawValue }
    }

    @Test(arguments: [
        (#"{"exp":1000100}"#, "until 1000100"), (#"{"exp":1000100.5}"#, "until 1000100"), (#"{"exp":999991}"#, "until 1000001"),
        (#"{"exp":999990}"#, "token_expired"), (#"{"exp":-5}"#, "token_expired"), (#"{"exp":0}"#, "token_expired"),
        (#"{"exp":1e400}"#, "token_time_invalid"), (#"{"exp":-1e400}"#, "token_time_invalid"), (#"{"exp":1e300}"#, "ever"),
        (#"{"exp":9223372036854775808}"#, "ever"), (#"{"exp":"1000100"}"#, "token_time_invalid"),
        (#"{"exp":null}"#, "token_time_invalid"),
        (#"{"exp":[1000100]}"#, "token_time_invalid"), (#"{"exp":true}"#, "token_time_invalid"), ("{}", "token_without_expiry"),
        (#"{"exp":1000100,"nbf":1000010}"#, "until 1000100"), (#"{"exp":1000100,"nbf":1000011}"#, "token_not_yet_valid"),
        (#"{"exp":1000100,"nbf":1e400}"#, "token_time_invalid"), (#"{"exp":1000100,"iat":"x"}"#, "token_time_invalid"),
        (#"{"exp":1000100,"iat":99999999}"#, "until 1000100"),
    ])
    func `times are finite numbers, with leeway`(_ claims: String, _ expected: String) throws {
        #expect(try check(claims) == expected)
    }

    @Test func `who is let in by the leeway stays until it is over, and who comes before the end until the end`() throws {
        #expect(try check(#"{"exp":1000001}"#) == "until 1000001")
        #expect(try check(#"{"exp":1000000}"#) == "until 1000010")
        #expect(try check(#"{"exp":999995}"#) { $0.leeway = .seconds(600) } == "until 1000055")
    }

    @Test func `leeway is a minute at most`() throws {
        #expect(try check(#"{"exp":999930}"#) { $0.leeway = .seconds(600) } == "token_expired")
        #expect(try check("{}") { $0.requiresExpiry = false } == "ever")
    }

    @Test(arguments: [
        (#""aud":"app""#, "until 1000100"), (#""aud":["x","app"]"#, "until 1000100"), (#""aud":"App""#, "token_wrong_audience"),
        (#""aud":[]"#, "token_wrong_audience"), (#""aud":["app",7]"#, "token_wrong_audience"),
        (#""aud":7"#, "token_wrong_audience"),
        (#""x":1"#, "token_wrong_audience"),
    ])
    func `the audience must be named`(_ claim: String, _ expected: String) throws {
        #expect(try check("{\"exp\":1000100,\(claim)}") { $0.audiences = ["app"] } == expected)
    }

    @Test func `a token for somebody else is refused where no audience is configured`() throws {
        #expect(try check(#"{"exp":1000100,"aud":"other"}"#) == "token_wrong_audience")
        #expect(try check(#"{"exp":1000100,"iss":"a"}"#) { $0.issuers = ["b"] } == "token_wrong_issuer")
        #expect(try check(#"{"exp":1000100,"iss":["b"]}"#) { $0.issuers = ["b"] } == "token_wrong_issuer")
        #expect(try check(#"{"exp":1000100}"#) { $0.issuers = ["b"] } == "token_wrong_issuer")
        #expect(try check(#"{"exp":1000100,"iss":"b"}"#) { $0.issuers = ["a", "b"] } == "until 1000100")
    }
}
