import Configuration
import HTTPWire
import Probing
import Testing
import Wire

@testable import Tools

@Suite struct DiagnoseOptionsTests {
    private func options(_ arguments: String...) throws -> DiagnoseOptions {
        try DiagnoseOptions(FlagParser.parse(["ws://app.example:8000/ws"] + arguments, for: DiagnoseCommand.definition))
    }

    /// The field lines that would be sent, without the key.
    private func fields(_ arguments: String...) throws -> [String] {
        let options = try DiagnoseOptions(
            FlagParser.parse(["ws://app.example:8000/ws"] + arguments, for: DiagnoseCommand.definition))
        let head = RequestHead(copy: RequestComposer.head(options))
        return head.fields.map { "\(head.text($0.name)): \(head.text($0.value))" }.filter { !$0.hasPrefix("Sec-WebSocket-Key: ") }
    }

    @Test func `without options the request is the least that RFC 6455 asks for`() throws {
        #expect(
            try fields() == ["Host: app.example:8000", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"])
    }

    @Test
    func `a header replaces the field of its name in its place, a second one is a line of its own, and a bare colon leaves it out`()
        throws
    {
        let sent = try fields(
            "--header", "hOST: other.example", "--header", "X-A: 1", "--header", "X-A: 2", "--header", "Sec-WebSocket-Version:",
            "--header", "X-Empty;")
        #expect(sent == ["hOST: other.example", "Connection: Upgrade", "Upgrade: websocket", "X-A: 1", "X-A: 2", "X-Empty: "])
    }

    @Test func `origin, cookies, bearer and subprotocols become their fields`() throws {
        let sent = try fields(
            "--origin", "https://a.example", "--origin", "https://b.example", "--cookie", "a=1", "--cookie", "b=2", "--bearer",
            "t0ken", "--subprotocol", "x",
            "--subprotocol", "y")
        #expect(sent.contains("Origin: https://a.example"))
        #expect(!sent.contains { $0.contains("b.example") })
        #expect(sent.contains("Cookie: a=1; b=2"))
        #expect(sent.contains("Authorization: Bearer t0ken"))
        #expect(sent.contains("Sec-WebSocket-Protocol: x, y"))
    }

    @Test func `a browser's handshake has the page's origin and offers compression`() throws {
        let sent = try fields("--browser")
        #expect(sent.contains("Origin: http://app.example:8000"))
        #expect(sent.contains("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"))
        #expect(sent.contains { $0.hasPrefix("User-Agent: Mozilla/5.0") })
    }

    @Test func `every handshake draws a key of its own`() throws {
        let keys = (0..<50).map { _ in HandshakeKey.fresh() }
        #expect(Set(keys).count == 50)
        #expect(keys.allSatisfy { $0.utf8.count == 24 && $0.hasSuffix("==") })
    }

    @Test func `resolve takes an address with or without curl's port, of this host only`() throws {
        let address = try #require(SocketAddress(host: "127.0.0.1", port: 8000))
        #expect(try options("--resolve", "app.example:127.0.0.1").addresses == [address])
        #expect(try options("--resolve", "APP.example:8000:127.0.0.1").addresses == [address])
        #expect(try options("--resolve", "app.example:8001:127.0.0.1").addresses == [])
        #expect(try options("--resolve", "other.example:127.0.0.1").addresses == [])
        #expect(try options("--resolve", "app.example:::1").addresses == [SocketAddress(host: "::1", port: 8000)])
    }

    @Test(arguments: [
        ["--header", "secret"], ["--header", "a b: secret"], ["--header", "A: secret\r\nB: c"], ["--bearer", "secret\n"],
        ["--method", "secret method"],
        ["--resolve", "secret"], ["--resolve", "app.example:secret"], ["--max-probes", "25"], ["--max-probes", "secret"],
        ["--timeout", "5"], ["--timeout", "2h"],
    ])
    func `a value that can't be used is refused without repeating it`(_ arguments: [String]) throws {
        let flags = try FlagParser.parse(["ws://app.example/"] + arguments, for: DiagnoseCommand.definition)
        let fault = #expect(throws: DiagnoseOptions.Fault.self) { try DiagnoseOptions(flags) }
        #expect(fault?.sentence.contains("secret") == false)
    }
}
