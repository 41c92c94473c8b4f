import HTTPWire
import TestSupport
import Testing

@testable import Diagnosis

@Suite struct `Secrets stay out of evidence` {
    static let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE2MDAwMDAwMDB9.c2lnbmF0dXJl"

    @Test(arguments: [
        ("Authorization: Bearer abc.def", "Authorization: Bearer «redacted»"),
        ("Authorization: secret", "Authorization: «redacted»"),
        ("Cookie: sid=1; theme=dark", "Cookie: sid=«redacted»; theme=«redacted»"),
        ("X-Api-Key: 123", "X-Api-Key: «redacted»"), ("X-Trace: 123", "X-Trace: 123"),
        ("Sec-WebSocket-Protocol: bearer, \(jwt)", "Sec-WebSocket-Protocol: bearer, «redacted»"),
        ("Sec-WebSocket-Protocol: bearer, short, chat", "Sec-WebSocket-Protocol: bearer, «redacted», chat"),
        ("Sec-WebSocket-Protocol: chat, Access_Token ,s3cret", "Sec-WebSocket-Protocol: chat, Access_Token, «redacted»"),
        (
            "Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.c2VjcmV0, v4.channel.k8s.io",
            "Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.«redacted», v4.channel.k8s.io"
        ),
        ("Sec-WebSocket-Protocol: bearer-s3cret99, token-a", "Sec-WebSocket-Protocol: bearer-«redacted», token-a"),
        ("Sec-WebSocket-Protocol: graphql-transport-ws, mqtt", "Sec-WebSocket-Protocol: graphql-transport-ws, mqtt"),
        ("Referer: https://a.example/?token=1&x=2", "Referer: https://a.example/?token=«redacted»&x=2"),
    ]) func `a field shows its name and not its secret`(_ line: String, _ shown: String) throws {
        let head = RequestHead(copy: bytes("GET / HTTP/1.1\r\n\(line)\r\n\r\n"))
        #expect(Redaction.field(head, 0) == shown)
    }

    @Test(arguments: [
        ("/ws?token=abc&room=7", "/ws?token=«redacted»&room=7"), ("/ws?x=\(jwt)", "/ws?x=«redacted»"),
        ("/ws?monkey=1", "/ws?monkey=1"), ("/ws?access_token=", "/ws?access_token=«redacted»"), ("/ws", "/ws"),
        ("/ws?\(jwt)", "/ws?«redacted»"),
        ("/cb?code=a1&state=b2&scope=openid", "/cb?code=«redacted»&state=«redacted»&scope=openid"),
        ("/cb?SAMLResponse=a&RelayState=b", "/cb?SAMLResponse=«redacted»&RelayState=«redacted»"),
        (
            "/cb?code_verifier=a&client_assertion=b&id_token=c",
            "/cb?code_verifier=«redacted»&client_assertion=«redacted»&id_token=«redacted»"
        ),
    ]) func `the target shows names and not tokens`(_ target: String, _ shown: String) {
        #expect(Redaction.target(RequestHead(copy: bytes("GET \(target) HTTP/1.1\r\n\r\n"))) == shown)
    }

    @Test func `no verdict of any vector repeats a secret`() {
        for vector in HandshakeVector.all {
            let text = "\(String(describing: vector.convict()))"
            #expect(!text.contains("eyJ") && !text.contains("YTpi"), "\(vector.cause)")
        }
    }
}
