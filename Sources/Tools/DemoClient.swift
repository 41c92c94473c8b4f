import EventLoop
import HTTPWire
import WebSocketWire
import Wire

/// The client of `gatehouse demo`: one opening handshake with a given Origin, and a clean close if it succeeds.
enum DemoClient {
    /// The status that came back, or nil if none came within five seconds.
    static func handshake(_ address: SocketAddress, origin: String) -> Int? {
        guard let loop = try? EventLoop(backend: .epoll, maximumConnections: 4),
            let connection = try? loop.connect(to: address, owner: 0)
        else { return nil }
        let deadline = loop.now + .seconds(5)
        var received: [UInt8] = []
        var status: Int?
        while loop.now < deadline {
            loop.wait(until: deadline)
            while let completion = loop.next() {
                switch completion {
                case .connected:
                    Array(request(address, origin).utf8).withUnsafeBytes { loop.send(connection, copying: $0) }
                    loop.startReceiving(connection)
                case .received(_, _, let chunk):
                    received.append(contentsOf: chunk.bytes)
                    loop.release(chunk)
                    guard status == nil, let found = Self.status(received) else { break }
                    status = found
                    if found != 101 { return found }
                    var close: [UInt8] = []
                    FrameWriter.appendClose(CloseCode(1000), reason: "demo over", maskingKey: 0x5EED_F00D, to: &close)
                    close.withUnsafeBytes { loop.send(connection, copying: $0) }
                case .finished, .failed:
                    loop.close(connection, .now)
                    return status
                default: break
                }
            }
        }
        return status
    }

    private static func request(_ address: SocketAddress, _ origin: String) -> String {
        """
        GET /ws HTTP/1.1\r
        Host: \(address)\r
        Connection: Upgrade\r
        Upgrade: websocket\r
        Origin: \(origin)\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Key: Z2F0ZWhvdXNlIGRlbW8gMQ==\r
        \r

        """
    }

    private static func status(_ bytes: [UInt8]) -> Int? {
        var scanner = HeadScanner(limit: 8192)
        guard case .complete(let length) = scanner.scan(bytes.span.bytes) else { return nil }
        return ResponseHead(copy: Array(bytes[..<length])).status
    }
}
