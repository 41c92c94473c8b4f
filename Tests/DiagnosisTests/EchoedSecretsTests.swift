import HTTPWire
import TestSupport
import Testing

@testable import Diagnosis

@Suite struct `Secrets that an answer repeats` {
    private let request = RequestHead(
        copy: bytes(
            "GET /ws?token=qu3ry-s3cret&room=lobby HTTP/1.1\r\nHost: app.example\r\nAuthorization: Bearer b3arer-s3cret\r\n",
            "Cookie: session=c00kie-s3cret; theme=dark\r\nX-Api-Key: k3y-s3cret\r\nX-Page: plain\r\n\r\n"))

    private static func request(_ target: String, _ fields: String...) -> RequestHead {
        RequestHead(copy: bytes((["GET \(target) HTTP/1.1", "Host: a"] + fields).joined(separator: "\r\n"), "\r\n\r\n"))
    }

    @Test func `are left out of every text`() {
        let mask = EchoedSecrets(request)
        #expect(mask("token qu3ry-s3cret is invalid") == "token «redacted» is invalid")
        #expect(mask("b3arer-s3cret, c00kie-s3cret, k3y-s3cret") == "«redacted», «redacted», «redacted»")
        #expect(mask("Bearer b3arer-s3cret!") == "«redacted»!")
    }

    @Test func `are also a redirect's one-time values, but not where those are words`() {
        let mask = EchoedSecrets(Self.request("/cb?code=0ne-c0de&state=one-time-state"))
        #expect(mask("0ne-c0de of one-time-state was used") == "«redacted» of «redacted» was used")
        let other = EchoedSecrets(Self.request("/ws?state=open"))
        #expect(other("the door is open") == "the door is open", "a state of a few letters is a word")
    }

    @Test func `are found without their percent-encoding, too`() {
        let mask = EchoedSecrets(Self.request("/ws?token=a%2Fs3cret%3D"))
        #expect(mask("bad a%2Fs3cret%3D or a/s3cret=") == "bad «redacted» or «redacted»")
    }

    @Test func `are tokens among the subprotocols, and no names of protocols`() {
        let mask = EchoedSecrets(
            Self.request(
                "/ws", "Sec-WebSocket-Protocol: graphql-ws, bearer, announced-7", "Sec-WebSocket-Protocol: bearer-pref1xed-9"))
        #expect(mask("graphql-ws: announced-7 or pref1xed-9") == "graphql-ws: «redacted» or «redacted»")
    }

    @Test func `leave none of their rests where they overlap`() {
        var secrets = EchoedSecrets(shortest: 4, most: 8)
        for secret in ["abcdef", "defghi", "abcdefgh"] { secrets.add(Array(secret.utf8)) }
        #expect(secrets("-abcdefghi-") == "-«redacted»-")
        #expect(secrets("abcdefabcdef") == "«redacted»«redacted»")
    }

    @Test func `are given back with their places and labels, and only as many as were asked for`() {
        var secrets = EchoedSecrets(shortest: 4, most: 2)
        secrets.add(Array("abc".utf8), label: 1)
        secrets.add(Array("abcd".utf8), label: 2)
        secrets.add(Array("wxyz".utf8), label: 3)
        #expect(secrets.isFull)
        secrets.add(Array("mnop".utf8), label: 4)
        let echoes = secrets.echoes(in: Array("abc wxyz abcd mnop".utf8))
        #expect(echoes.map(\.label) == [3, 2] && echoes.map(\.range) == [4..<8, 9..<13])
    }

    @Test func `are left out of a verdict, wherever it quotes`() {
        let quote = "saw qu3ry-s3cret"
        let verdict = EchoedSecrets(request)(
            Verdict(
                cause: .unknown, title: quote, confidence: .unknown, blame: .unknown,
                answeredBy: Responder(who: .unknown, stack: quote, confidence: .unknown, because: [quote]),
                evidence: [Evidence(what: "response body", observed: quote, expected: quote)],
                probes: [ProbeRecord(change: quote, outcome: quote)], fix: [quote],
                alternatives: [Alternative(cause: .unknown, confidence: .possible, because: quote)]))
        #expect(!"\(verdict)".contains("qu3ry") && verdict.title == "saw «redacted»")
    }

    @Test func `are no other values`() {
        #expect(EchoedSecrets(request)("lobby of app.example, plain: ünïcode") == "lobby of app.example, plain: ünïcode")
    }
}
