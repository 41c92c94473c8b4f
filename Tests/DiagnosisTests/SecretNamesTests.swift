import HTTPWire
import TestSupport
import Testing
import Wire

@testable import Diagnosis

@Suite struct `Names of secrets` {
    private func kind(_ name: String, _ place: SecretNames.Place = .parameter) -> SecretNames.Kind? {
        let name = Array(name.utf8)
        return SecretNames.kind(bytes("?") + name + bytes("=value"), 1..<1 + name.count, place)
    }

    @Test(arguments: [
        "token", "access_token", "accessToken", "Access-Token", "tok%65n", "tok%2565n", "id_token", "id_token_hint",
        "refresh_token",
        "client_secret", "client_assertion", "assertion", "SAMLResponse", "SAMLart", "wresult", "code", "device_code", "jwt", "key",
        "api_key",
        "apikey", "passphrase", "pwd", "password", "password2", "otp", "sid", "session", "sessionid", "ticket", "sig",
        "X-Amz-Signature",
        "X-Amz-Credential", "csrf", "csrf_token", "auth", "user[password]",
    ])
    func `prove who somebody is`(name: String) {
        #expect(kind(name) == .credential)
    }

    @Test(arguments: ["state", "STATE", "code_verifier", "codeVerifier", "oauth_verifier", "RelayState"])
    func `belong to one sign-in, and prove nothing`(name: String) {
        #expect(kind(name) == .oneTime)
    }

    @Test(arguments: [
        "room", "monkey", "codec", "keyboard", "estate", "states", "tokens", "max_tokens", "code_challenge", "client_id",
        "response_type",
        "token_type", "EIO", "transport", "t", "", "zip_code", "country_code", "author", "turnkey", "inside", "secure", "pas",
    ])
    func `are not everybody's`(name: String) {
        #expect(kind(name) == nil)
    }

    @Test(arguments: [
        ("X-Api-Key", true), ("X-Auth-Token", true), ("X-Key", true), ("X-Auth", true), ("X-Session", true), ("X-CSRF", true),
        ("Ocp-Apim-Subscription-Key", true), ("X-Functions-Key", true), ("Cf-Access-Jwt-Assertion", true), ("X-Session-Id", true),
        ("Key", false), ("Code", false), ("State", false), ("Sec-WebSocket-Key", false), ("Idempotency-Key", false),
        ("X-Trace", false),
        ("X-Tokens-Left", false), ("Content-Security-Policy", false),
    ])
    func `are fewer for fields than for parameters`(name: String, isSecret: Bool) {
        #expect((kind(name, .field) != nil) == isSecret)
    }

    @Test func `longer than any are nobody's, and nothing is read behind the end`() {
        #expect(kind(String(repeating: "a", count: 97) + "token") == nil)
        #expect(SecretNames.kind(bytes("token"), 0..<99, .parameter) == .credential)
        #expect(SecretNames.kind(bytes("tok%6"), 0..<5, .parameter) == nil)
        #expect(SecretNames.kind([], 0..<0, .field) == nil)
    }

    @Test func `an OAuth redirect's code is a credential to a verdict, its state alone is none`() {
        func signs(_ query: String) -> SignSet {
            let observation = HandshakeObservation(
                session: SessionID(1), openedAt: .zero, client: ClientFacts(address: SocketAddress(v4: 0, port: 0)))
            let head = RequestHead(copy: bytes("GET /ws?\(query) HTTP/1.1\r\nHost: a\r\n\r\n"))
            observation.request = head
            var reading = SignReading()
            RequestReading.read(head, observation, into: &reading)
            return reading.set
        }
        #expect(signs("code=abc&state=xyz").contains(.hasQueryToken))
        #expect(!signs("state=xyz").contains(.hasQueryToken))
        #expect(signs("state=xyz").contains(.noCredentials))
    }
}
