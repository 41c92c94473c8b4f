import Diagnosis
import HTTPWire
import ProxyCore
import TestSupport
import Testing

/// Where credentials are found, and where not (threats B7, B12, B13, B17).
@Suite struct CredentialTests {
    private func head(_ fields: String, target: String = "/ws") -> RequestHead {
        requestHead("GET \(target) HTTP/1.1\nHost: h.example" + (fields.isEmpty ? "" : "\n" + fields))
    }

    /// The token or `user/password`, `-` for absent, `!` for unreadable.
    private func found(_ source: CredentialSource, _ head: RequestHead) -> String {
        switch PresentedCredential.search(source, in: head) {
        case .absent: return "-"
        case .unreadable: return "!"
        case .found(let credential):
            switch credential.content {
            case .token(let token): return String(decoding: token, as: UTF8.self)
            case .password(let user, let password):
                return String(decoding: user, as: UTF8.self) + "/" + String(decoding: password, as: UTF8.self)
            case .certificate: return "certificate"
            }
        }
    }

    @Test(arguments: [
        ("Authorization: Bearer abc", "abc"), ("authorization: bearer   abc", "abc"), ("Authorization: Bearer", "-"),
        ("Authorization: Bearerabc", "-"), ("Authorization: Basic abc", "-"), ("", "-"),
        ("Authorization: Bearer a\nAuthorization: Bearer b", "!"),
    ])
    func `a bearer token`(_ fields: String, _ expected: String) { #expect(found(.bearer, head(fields)) == expected) }

    @Test(arguments: [
        ("Authorization: Basic dXNlcjpwYXNz", "user/pass"), ("Authorization: basic dXNlcjpwOmFzcw==", "user/p:ass"),
        ("Authorization: Basic dXNlcg==", "!"), ("Authorization: Basic ***", "!"), ("Authorization: Basic dXNlcjpwAA==", "!"),
        ("Authorization: Bearer dXNlcjpwYXNz", "-"),
    ])
    func `Basic`(_ fields: String, _ expected: String) { #expect(found(.basic, head(fields)) == expected) }

    @Test(arguments: [
        ("Cookie: session=abc", "abc"), ("Cookie: a=1; session=abc; b=2", "abc"), ("Cookie: session=\"abc\"", "abc"),
        ("Cookie: session=one; session=two", "one"), ("Cookie: a=1\nCookie: session=abc", "abc"), ("Cookie: xsession=abc", "-"),
        ("Cookie: Session=abc", "-"), ("Cookie: session=", "-"), ("Cookie: session", "-"), ("Cookie: a=session=abc", "-"),
        ("Cookie: ;;;=; session=abc", "abc"),
    ])
    func `a cookie`(_ fields: String, _ expected: String) {
        #expect(found(.cookie(Array("session".utf8)), head(fields)) == expected)
    }

    @Test(arguments: [
        ("/ws?token=abc", "abc"), ("/ws?a=1&token=a%2Eb+c&b", "a.b c"), ("/ws?%74oken=abc", "abc"), ("/ws?token=", "-"),
        ("/ws", "-"),
        ("/ws?Token=abc", "-"), ("/ws?token=a&token=b", "!"), ("/ws?token=a&%74oken=b", "!"), ("/ws?token=%zz", "!"),
        ("/ws?xtoken=a", "-"), ("/ws?a=token=b", "-"),
        ("/ws?token=a&token[]=b", "!"), ("/ws?token=a&x=1;token=b", "!"), ("/ws?token[]=b", "-"), ("/ws?x=1;token=b", "-"),
        ("/ws?token=a&x;y=b", "a"),
    ])
    func `a query parameter, whose name nobody can double`(_ target: String, _ expected: String) {
        #expect(found(.query(Array("token".utf8)), head("", target: target)) == expected)
    }

    @Test(arguments: [
        ("bearer, abc", "abc", "", "bearer"), ("chat, Bearer, abc", "abc", "chat", "Bearer"), ("chat", "-", "", ""),
        ("bearer", "-", "", ""),
        ("base64url.bearer.authorization.k8s.io.YWJj, chat", "abc", "chat", ""),
        ("base64url.bearer.authorization.k8s.io.YW=j", "!", "", ""),
        ("bearer, abc, base64url.bearer.authorization.k8s.io.YWJj", "!", "", ""),
        ("access_token, abc, v1, v2", "abc", "v1 v2", "access_token"),
    ])
    func `a subprotocol, which is taken out of the offer`(_ offer: String, _ expected: String, _ rest: String, _ marker: String) {
        let head = head("Sec-WebSocket-Protocol: \(offer)")
        let source = CredentialSource.subprotocol(prefix: [])
        #expect(found(source, head) == expected)
        guard case .found(let credential) = PresentedCredential.search(source, in: head) else { return }
        #expect(credential.offered?.map { head.text($0) }.joined(separator: " ") == rest)
        #expect(credential.marker.map { head.text($0) } ?? "" == marker)
    }

    @Test func `a subprotocol behind a prefix`() {
        let head = head("Sec-WebSocket-Protocol: v1\nSec-WebSocket-Protocol: auth.abc")
        #expect(found(.subprotocol(prefix: Array("auth.".utf8)), head) == "abc")
        #expect(found(.subprotocol(prefix: Array("auth-".utf8)), head) == "-")
    }

    @Test func `the first source that holds something decides, and no description shows it`() throws {
        let rule = AuthenticationRule(
            sources: [.query(Array("token".utf8)), .cookie(Array("session".utf8))], accepted: "a static key")
        let both = try rule.find(in: head("Cookie: session=fromcookie", target: "/ws?token=fromquery")).get()
        #expect(both.source == .query(Array("token".utf8)))
        #expect(!"\(both)".contains("fromquery") && !String(reflecting: both).contains("fromquery"))
        guard case .failure(let missing) = rule.find(in: head("")) else { throw Unexpected() }
        #expect(missing.refusal.status == 401 && missing.refusal.challenge == "Bearer realm=\"gatehouse\"")
        #expect(missing.refusal.allowed == "a static key in the query parameter token or the cookie session")
    }

    @Test func `a refused credential is named by its place and its fault alone`() throws {
        let rule = AuthenticationRule(sources: [.bearer], accepted: "a token")
        let credential = try rule.find(in: head("Authorization: Bearer very-secret")).get()
        let refusal = rule.refusal(.claims(.expired), of: credential)
        #expect(refusal.cause == .tokenExpired && refusal.status == 401 && refusal.fault == "token_expired")
        #expect(refusal.challenge == "Bearer realm=\"gatehouse\", error=\"invalid_token\"")
        #expect(!"\(refusal)".contains("very-secret"))
        #expect(rule.unavailable("no key set").status == 503)
        let basic = AuthenticationRule(sources: [.basic], accepted: "a password")
        #expect(basic.refusal(.wrongPassword, of: credential).challenge == "Basic realm=\"gatehouse\", charset=\"UTF-8\"")
    }
}

private struct Unexpected: Error {}
