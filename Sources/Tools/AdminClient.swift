import Probing
import Wire

/// Asks the admin endpoints of a running Gatehouse, one exchange a connection.
struct AdminClient {
    let address: SocketAddress

    /// An answer: its status and its body.
    struct Answer {
        var status: Int
        var body: String
    }

    /// The most bytes of an answer.
    private static let longest = 16 << 20

    /// `127.0.0.1:9900`, `http://localhost:9900`.
    static func address(_ text: String) -> SocketAddress? {
        var text = text[...]
        if text.hasPrefix("http://") { text = text.dropFirst(7) }
        if text.hasSuffix("/") { text = text.dropLast() }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        let host = text[..<colon]
        return SocketAddress(host: host == "localhost" ? "127.0.0.1" : host, port: port)
    }

    /// One exchange; nil if there was none. The token is taken from the environment.
    func ask(_ method: String, _ target: String) -> Answer? {
        let deadline = Deadline.after(.seconds(10))
        guard case .open(let connection) = HandshakeConnection.open(address, until: deadline) else { return nil }
        var request = "\(method) \(target) HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n"
        if method == "POST" { request += "Content-Length: 0\r\n" }
        if let token = Terminal.environment["GATEHOUSE_ADMIN_TOKEN"], !token.isEmpty {
            request += "Authorization: Bearer \(token)\r\n"
        }
        guard connection.send(Array((request + "\r\n").utf8), until: deadline) else { return nil }
        var bytes: [UInt8] = []
        while bytes.count < AdminClient.longest, case .bytes(let more) = connection.receive(until: deadline) { bytes += more }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("HTTP/1.1 "), let status = Int(text.dropFirst(9).prefix(3)),
            let end = text.firstRange(of: "\r\n\r\n")
        else { return nil }
        return Answer(status: status, body: String(text[end.upperBound...]))
    }
}
