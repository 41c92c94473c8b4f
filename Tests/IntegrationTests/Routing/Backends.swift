import COpenSSL
import Glibc

/// Several backends of which a test answers whichever was chosen.
struct Backends {
    let all: [RawBackend]

    init(_ count: Int) throws { all = try (0..<count).map { _ in try RawBackend() } }

    /// A cluster of them, as YAML, with more of its keys.
    func cluster(_ more: String) -> String {
        "clusters: {app: {endpoints: [\(all.map(\.url).joined(separator: ", "))], \(more)}}\ncluster: app\n"
    }

    func url(_ index: Int) -> String { all[index].url }

    /// Which of them got the request that is under way, and its connection.
    func next(within seconds: Double = 10) throws -> (index: Int, connection: RawConnection) {
        guard let index = try eventually(within: seconds, { all.firstIndex { $0.waits() } }) else {
            throw HarnessFailure("no backend got a connection within \(seconds) s")
        }
        return (index, try all[index].accept())
    }

    /// Sends a request through `gatehouse` and has whoever gets it answer.
    func exchange(
        _ gatehouse: GatehouseProcess, _ target: String = "/", fields: [(String, String)] = [], answer: [String] = [],
        body: String = "ok"
    ) throws -> (index: Int, response: Response) {
        let client = try gatehouse.connect()
        let lines = fields.map { "\($0.0): \($0.1)\r\n" }.joined()
        try client.send("GET \(target) HTTP/1.1\r\nHost: app.example\r\n\(lines)\r\n")
        let (index, connection) = try next()
        _ = try connection.readHead()
        let more = answer.map { $0 + "\r\n" }.joined()
        try connection.send(
            "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\(more)\r\n\(body)")
        return (index, try client.readResponse())
    }

    /// Opens a session through `gatehouse` with whoever gets it.
    func session(_ gatehouse: GatehouseProcess, _ target: String = "/ws", fields: [(String, String)] = []) throws -> (
        index: Int, client: RawConnection, backend: RawConnection, head: String
    ) {
        let client = try gatehouse.connect()
        let head = Upgrade.request(target)
        try client.send(head.dropLast(2) + fields.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n")
        let (index, connection) = try next()
        _ = try connection.readHead()
        try connection.send(Upgrade.response())
        return (index, client, connection, try client.readHead())
    }
}

extension Response {
    /// `name=value` of a cookie that was set.
    func cookie(_ name: String) -> String? {
        fields("Set-Cookie").first { $0.hasPrefix(name + "=") }.map { String($0.prefix { $0 != ";" }) }
    }
}

/// The value of `Sec-WebSocket-Accept` that belongs to the key in a request's head.
func acceptValue(_ head: String) -> String {
    let key = Response.fields(of: head).first { $0.name.lowercased() == "sec-websocket-key" }?.value ?? ""
    let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
    var digest = [UInt8](repeating: 0, count: 20)
    _ = EVP_Digest(text, text.count, &digest, nil, EVP_sha1(), nil)
    var encoded = [UInt8](repeating: 0, count: 32)
    let count = EVP_EncodeBlock(&encoded, digest, 20)
    return String(decoding: encoded.prefix(Int(count)), as: UTF8.self)
}
