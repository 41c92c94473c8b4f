import EventLoop
import Testing
import Wire

/// Two ends of one connection on one loop, playing ping-pong with frames, without a single allocation of its own.
final class EchoLoop {
    let loop: EventLoop
    private(set) var echoes = 0
    private var client = ConnectionID.none
    private var server = ConnectionID.none
    private let message: [UInt8]
    private var outstanding = 0
    private var isBroken = false

    init(_ backend: EventLoop.Backend, messageSize: Int) throws {
        loop = try EventLoop(backend: backend, maximumConnections: 64)
        message = [UInt8](repeating: 0x61, count: messageSize)
        let socket = try BoundSocket.bind(SocketAddress(v4: 0x7F00_0001, port: 0), shared: false)
        loop.listen(socket, tag: 0)
        client = try loop.connect(to: socket.address, owner: 1)
        send()
        loop.startReceiving(client)
    }

    /// Goes on until `count` more echoes came back.
    func run(_ count: Int) throws {
        let target = echoes + count
        var turns = 0
        // No #require in here: it allocates.
        while echoes < target, !isBroken, turns < 100 * count + 1000 {
            turns += 1
            loop.wait(until: loop.now + .seconds(1))
            while let completion = loop.next() { take(completion) }
        }
        if isBroken || echoes < target { throw Stopped(echoes: echoes) }
    }

    /// The connection failed, or nothing came any more.
    private struct Stopped: Error {
        let echoes: Int
    }

    private func send() {
        outstanding = message.count
        message.withUnsafeBytes { loop.send(client, copying: $0) }
    }

    private func take(_ completion: Completion) {
        switch completion {
        case .accepted(_, let id):
            server = id
            loop.startReceiving(id)
        case .received(let id, _, let chunk) where id == server: loop.send(server, chunk)
        case .received(_, _, let chunk):
            outstanding -= chunk.count
            loop.release(chunk)
            if outstanding == 0 {
                echoes += 1
                send()
            }
        case .failed, .finished, .acceptFailed: isBroken = true
        case .connected, .blocked, .drained, .timer, .woken: break
        }
    }
}

extension EventLoop.Backend {
    static let available: [EventLoop.Backend] =
        (try? EventLoop(backend: .uring, maximumConnections: 16)) == nil ? [.epoll] : [.uring, .epoll]
}
