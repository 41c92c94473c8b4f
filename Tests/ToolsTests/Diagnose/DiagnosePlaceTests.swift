import Probing
import Testing

@testable import Tools

@Suite struct DiagnosePlaceTests {
    @Test(
        arguments: [
            ("ws://app.example/ws", "app.example", 80, false, "/ws", "app.example"),
            ("wss://app.example", "app.example", 443, true, "/", "app.example"),
            ("WSS://app.example:8443/a?b=c#d", "app.example", 8443, true, "/a?b=c", "app.example:8443"),
            ("http://[::1]:8000?x", "::1", 8000, false, "/?x", "[::1]:8000"),
            ("https://127.0.0.1:443/a%20b", "127.0.0.1", 443, true, "/a%20b", "127.0.0.1"),
        ] as [(String, String, UInt16, Bool, String, String)])
    func `a URL is read as a WebSocket's`(
        _ text: String, _ host: String, _ port: UInt16, _ isSecure: Bool, _ target: String, _ authority: String
    ) throws {
        let place = try DiagnosePlace(text)
        #expect(place.host == host)
        #expect(place.port == port)
        #expect(place.isSecure == isSecure)
        #expect(place.target == target)
        #expect(place.authority == authority)
    }

    @Test(arguments: [
        "", "app.example/ws", "ftp://app.example/", "ws://", "ws:///ws", "ws://user:secret@app.example/", "ws://app.example:0/",
        "ws://app.example:65536/",
        "ws://app.example:8o/", "ws://::1/", "ws://[::1/", "ws://[::g]/", "ws://[::1]8000/", "ws://a b/", "ws://app.example/a b",
        "ws://app.example/\n",
        "ws://app.ex\u{E4}mple/", "ws://" + String(repeating: "a", count: 254) + "/",
    ])
    func `what is no URL of a WebSocket is refused without repeating its secrets`(_ text: String) {
        let fault = #expect(throws: DiagnosePlace.Fault.self) { try DiagnosePlace(text) }
        #expect(fault?.sentence.contains("secret") == false)
    }
}
