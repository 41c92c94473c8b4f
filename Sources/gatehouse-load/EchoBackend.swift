import EventLoop
import Glibc
import Wire

/// The backend behind a measured proxy: one loop that echoes.
///
/// It keeps no message: frames are unmasked where the kernel put them and sent back from there, whatever their size, so that it
/// costs the machine as little as it can while the proxy is measured.
final class EchoBackend {
    private let loop: EventLoop
    private var sessions: [BackendSession?] = []
    private var free: [Int] = []
    private let port: UInt16

    init(_ options: ServeOptions) throws(LoopFailure) {
        loop = try EventLoop(backend: options.backend, maximumConnections: 1 << 17)
        let socket = try BoundSocket.bind(SocketAddress(v4: 0x7F00_0001, port: options.port), shared: false)
        port = socket.address.port
        loop.listen(socket, tag: 0)
    }

    /// Serves until the process is ended.
    func run() -> Never {
        print("{\"event\":\"listener.ready\",\"address\":\"127.0.0.1:\(port)\",\"io\":\"\(loop.backend.rawValue)\"}")
        fflush(nil)
        while true {
            loop.wait()
            while let completion = loop.next() { take(completion) }
        }
    }

    private func take(_ completion: Completion) {
        switch completion {
        case .accepted(_, let id):
            let session = BackendSession(id)
            let place: Int
            if let reused = free.popLast() {
                place = reused
                sessions[place] = session
            } else {
                place = sessions.count
                sessions.append(session)
            }
            loop.setOwner(id, UInt64(place))
            loop.startReceiving(id)
        case .received(let id, let owner, let chunk):
            guard let session = sessions[Int(owner)], session.id == id else { return loop.release(chunk) }
            if !session.received(chunk, loop) { end(id, owner, .afterSending) }
        case .finished(let id, let owner): end(id, owner, .afterSending)
        case .failed(let id, let owner, _): end(id, owner, .reset)
        case .blocked(let id, _): loop.pauseReceiving(id)
        case .drained(let id, _): loop.startReceiving(id)
        case .acceptFailed(_, let errno): Usage.complain("accept failed: errno \(errno)")
        case .connected, .timer, .woken: break
        }
    }

    private func end(_ id: ConnectionID, _ owner: UInt64, _ how: EventLoop.Closing) {
        guard sessions[Int(owner)]?.id == id else { return }
        sessions[Int(owner)] = nil
        free.append(Int(owner))
        loop.close(id, how)
    }
}
