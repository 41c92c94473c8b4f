/// The opening handshake that tests use, with the key and the accept value of RFC 6455 §1.3.
enum Upgrade {
    static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    /// A browser's request but for what the arguments change. A field set to nil is left out.
    static func request(
        _ target: String = "/ws", method: String = "GET", version: String = "HTTP/1.1",
        without: Set<String> = [], with more: (String, String)...
    ) -> String {
        let fields = [
            ("Host", "app.example"), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", key),
            ("Sec-WebSocket-Version", "13"),
        ]
        let lines = fields.filter { !without.contains($0.0) } + more
        return "\(method) \(target) \(version)\r\n" + lines.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
    }

    /// A valid 101 with more lines.
    static func response(_ more: String...) -> String {
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n"
            + more.map { $0 + "\r\n" }.joined() + "\r\n"
    }
}

/// Both ends of an open session through a Gatehouse, each of which the test drives.
struct RawSession {
    let client: RawConnection
    let backend: RawConnection
    /// The head that reached the backend.
    let requestHead: String
    /// The head that reached the client.
    let responseHead: String

    init(client: RawConnection, backend: RawConnection, requestHead: String, responseHead: String) {
        self.client = client
        self.backend = backend
        self.requestHead = requestHead
        self.responseHead = responseHead
    }

    init(
        through gatehouse: GatehouseProcess, to origin: RawBackend, request: String = Upgrade.request(),
        response: String = Upgrade.response()
    ) throws {
        client = try gatehouse.connect()
        try client.send(request)
        backend = try origin.accept()
        requestHead = try backend.readHead()
        try backend.send(response)
        responseHead = try client.readHead()
        guard Response.status(of: responseHead) == 101 else {
            throw HarnessFailure("the session did not open: \(responseHead.debugDescription)")
        }
    }
}
