import HTTPWire
import ProxyCore
import TestSupport
import Testing
import Wire

/// Threat B20: the right-most hop that isn't trusted is the client.
@Suite struct ClientIdentityTests {
    private func identity(_ fields: String, peer: SocketAddress = edge, isSecure: Bool = false) -> (ClientIdentity, RequestHead) {
        let head = requestHead("GET / HTTP/1.1\nHost: h.example" + (fields.isEmpty ? "" : "\n" + fields))
        return (ClientIdentity(peer: peer, isSecure: isSecure, trustedProxies: trusted, head: head), head)
    }

    @Test(arguments: [
        ("", "10.0.0.1"), ("X-Forwarded-For: 198.51.100.1", "198.51.100.1"),
        ("X-Forwarded-For: 1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("X-Forwarded-For: 198.51.100.1, 10.0.0.2, 10.0.0.3", "198.51.100.1"),
        ("X-Forwarded-For: 198.51.100.1\nX-Forwarded-For: 10.0.0.3", "198.51.100.1"),
        ("X-Forwarded-For: 10.0.0.5, 10.0.0.6", "10.0.0.5"), ("X-Forwarded-For: 198.51.100.1, unknown", "10.0.0.1"),
        ("X-Forwarded-For: 198.51.100.1, unknown, 10.0.0.3", "10.0.0.3"), ("X-Forwarded-For: [2001:db8::1]:9", "2001:db8::1"),
        ("Forwarded: for=198.51.100.1", "198.51.100.1"), ("Forwarded: for=1.1.1.1, for=198.51.100.1:80", "198.51.100.1"),
        ("Forwarded: for=198.51.100.1, for=10.0.0.3", "198.51.100.1"), ("Forwarded: for=198.51.100.1, for=_x", "10.0.0.1"),
        ("Forwarded: for=198.51.100.1, for=10.0.0.3;;", "10.0.0.1"),
        ("Forwarded: for=1.1.1.1;proto=https;host=evil\nX-Forwarded-For: 198.51.100.1", "198.51.100.1"),
        ("Forwarded: for=1.1.1.1;proto=https;host=evil\nX-Forwarded-Proto: http", "10.0.0.1"),
    ])
    func `behind a trusted peer the lists are read from the right`(_ fields: String, _ expected: String) {
        let (found, _) = identity(fields)
        #expect(found.address.host == expected && found.peerIsTrusted && found.peer == edge)
    }

    @Test(arguments: [ForwardedFamily.extended, .standard])
    func `what the edge doesn't keep up is the client's word, and not believed`(family: ForwardedFamily) {
        let fields = "Forwarded: for=1.1.1.1;proto=https;host=a.example\nX-Forwarded-For: 2.2.2.2\nX-Forwarded-Host: b.example"
        let head = requestHead("GET / HTTP/1.1\nHost: h.example\n" + fields)
        let found = ClientIdentity(peer: edge, isSecure: false, trustedProxies: trusted, family: family, head: head)
        #expect(found.address.host == (family == .standard ? "1.1.1.1" : "2.2.2.2"))
        #expect(found.isSecure == (family == .standard))
        #expect(found.host.map { head.text($0) } == (family == .standard ? "a.example" : "b.example"))
    }

    @Test(arguments: [
        "X-Forwarded-For: 1.1.1.1", "Forwarded: for=1.1.1.1;proto=https;host=evil",
        "X-Forwarded-Proto: https\nX-Forwarded-Host: evil",
    ])
    func `an untrusted peer is the client, whatever it says`(_ fields: String) {
        let (found, head) = identity(fields, peer: client)
        #expect(found.address == client && !found.peerIsTrusted && !found.isSecure)
        #expect(found.host.map { head.text($0) } == "h.example")
    }

    @Test(arguments: [
        ("X-Forwarded-For: 198.51.100.1\nX-Forwarded-Proto: https", true), ("X-Forwarded-Proto: https", true),
        ("X-Forwarded-Proto: wss", true), ("X-Forwarded-Proto: HTTPS", true), ("X-Forwarded-Proto: http", false),
        ("X-Forwarded-Proto: nonsense", false),
        ("X-Forwarded-For: 198.51.100.1, 10.0.0.2\nX-Forwarded-Proto: https, http", true),
        ("X-Forwarded-For: 1.1.1.1, 198.51.100.1\nX-Forwarded-Proto: https, http", false),
        ("Forwarded: for=198.51.100.1;proto=https, for=10.0.0.2;proto=http", true),
        ("Forwarded: for=1.1.1.1;proto=https, for=198.51.100.1;proto=http", false),
    ])
    func `the client's scheme is what the edge said`(_ fields: String, _ expected: Bool) {
        #expect(identity(fields).0.isSecure == expected)
    }

    @Test func `without a word the scheme is the listener's`() {
        #expect(identity("", isSecure: true).0.isSecure)
        #expect(!identity("X-Forwarded-Proto: http", isSecure: true).0.isSecure)
        #expect(identity("X-Forwarded-Proto: http", peer: client, isSecure: true).0.isSecure)
    }

    @Test func `the host is the edge's word if it is a host`() {
        let (found, head) = identity("X-Forwarded-Host: app.example:8443")
        #expect(found.host.map { head.text($0) } == "app.example:8443")
        let (odd, other) = identity("X-Forwarded-Host: <b>")
        #expect(odd.host.map { other.text($0) } == "h.example")
    }
}
