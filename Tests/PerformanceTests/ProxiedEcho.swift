import Configuration
import EventLoop
import ProxyServer
import Testing
import WebSocketWire
import Wire

/// Gatehouse on threads of its own between a client and a backend that both live on one loop of the test, which so decides
/// when a frame flows.
final class ProxiedEcho {
    private let server: Server
    private let loop: EventLoop
    private var sessions: [Session] = []
    private(set) var echoes = 0
    private(set) var isBroken = false
    private let message: [UInt8]
    private let answer: [UInt8]
    private let answersPerMessage: Int
    private var opened = 0

    /// A client's connection and the backend's of the same session are not told apart by anything but their owner's number.
    private struct Session {
        var client: ConnectionID
        var outstanding = 0
        var isUp = false
    }

    /// - Parameters:
    ///   - answers: frames that the backend sends for each of the client's.
    ///   - more: further lines of the configuration
    init(_ backend: EventLoop.Backend, sessions count: Int, payload: Int, answers: Int = 1, _ more: String = "") throws {
        loop = try EventLoop(backend: backend, maximumConnections: 256)
        let socket = try BoundSocket.bind(SocketAddress(v4: 0x7F00_0001, port: 0), shared: false)
        let configuration = """
            listen: 127.0.0.1:0
            upstream: http://\(socket.address)
            workers: 1
            io: \(backend.rawValue)
            log: {format: json, output: /dev/null}
            admin: off
            \(more)
            """
        let snapshot = try Snapshot.decode(Array(configuration.utf8), file: nil)
        server = try Server(snapshot, version: "test") { () throws(ConfigurationError) in snapshot }
        try server.start()
        message = [0x82, 0x80 | UInt8(payload), 1, 2, 3, 4] + [UInt8](repeating: 0x61, count: payload)
        answer = Array(repeatElement([0x82, UInt8(payload)] + [UInt8](repeating: 0x62, count: payload), count: answers).joined())
        answersPerMessage = answers
        loop.listen(socket, tag: 0)
        let address = try #require(server.addresses.first)
        for index in 0..<count {
            let client = try loop.connect(to: address, owner: UInt64(index))
            sessions.append(Session(client: client))
            let key = "dGhlIHNhbXBsZSBub25jZQ=="
            let request =
                "GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: 13\r\n\r\n"
            Array(request.utf8).withUnsafeBytes { loop.send(client, copying: $0) }
            loop.startReceiving(client)
        }
        var turns = 0
        while opened < count, !isBroken {
            turns += 1
            try #require(turns < 2000, "only \(opened) of \(count) sessions were opened")
            loop.wait(until: loop.now + .milliseconds(10))
            while let completion = loop.next() { handshake(completion) }
        }
        try #require(!isBroken)
        for index in sessions.indices { send(index) }
    }

    deinit { server.stop() }

    /// Goes on until `count` more messages were answered.
    func run(_ count: Int) throws {
        let target = echoes + count
        var turns = 0
        while echoes < target, !isBroken {
            turns += 1
            try #require(turns < 1000 * count, "the echoes stopped after \(echoes)")
            loop.wait(until: loop.now + .seconds(1))
            while let completion = loop.next() { take(completion) }
        }
        try #require(!isBroken)
    }

    // MARK: Opening

    private static let backendSide: UInt64 = 1 << 32

    private func handshake(_ completion: Completion) {
        switch completion {
        case .accepted(_, let id):
            loop.setOwner(id, ProxiedEcho.backendSide)
            loop.startReceiving(id)
        case .received(let id, let owner, let chunk):
            if owner >= ProxiedEcho.backendSide {
                // The request of one head: Gatehouse writes a head at once.
                let key = Array("dGhlIHNhbXBsZSBub25jZQ==".utf8)
                let accept = key.withUnsafeBytes { AcceptKey(key: RawSpan(_unsafeBytes: $0)) }
                let response =
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: \(accept.text)\r\n\r\n"
                Array(response.utf8).withUnsafeBytes { loop.send(id, copying: $0) }
            } else if !sessions[Int(owner)].isUp {
                if chunk.bytes.starts(with: "HTTP/1.1 101".utf8) { sessions[Int(owner)].isUp = true } else { isBroken = true }
                opened += 1
            }
            loop.release(chunk)
        case .failed, .finished, .acceptFailed: isBroken = true
        case .connected, .blocked, .drained, .timer, .woken: break
        }
    }

    // MARK: Echoing

    private func send(_ index: Int) {
        sessions[index].outstanding = answer.count
        message.withUnsafeBytes { loop.send(sessions[index].client, copying: $0) }
    }

    private func take(_ completion: Completion) {
        switch completion {
        case .received(let id, let owner, let chunk):
            if owner >= ProxiedEcho.backendSide {
                answer.withUnsafeBytes { loop.send(id, copying: $0) }
            } else {
                sessions[Int(owner)].outstanding -= chunk.count
                if sessions[Int(owner)].outstanding == 0 {
                    echoes += 1
                    send(Int(owner))
                }
            }
            loop.release(chunk)
        case .failed, .finished, .acceptFailed: isBroken = true
        case .accepted, .connected, .blocked, .drained, .timer, .woken: break
        }
    }
}
