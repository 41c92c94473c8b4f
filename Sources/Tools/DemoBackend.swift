import EventLoop
import HTTPWire
import Synchronization
import WebSocketWire
import Wire

/// The backend of `gatehouse demo`: an echo for WebSocket that accepts one Origin and answers 403 to all others, like an
/// application whose list of origins lacks one. On a thread and loop of its own, on a port of the kernel's choice.
final class DemoBackend: Sendable {
    /// The only Origin that it accepts.
    static let allowedOrigin = "https://app.example"

    let address: SocketAddress
    private let waker: Waker
    private let stopped = Atomic<Bool>(false)
    private let thread = Mutex<WorkerThread.Handle?>(nil)

    /// Binds and starts.
    init() throws(LoopFailure) {
        guard let waker = Waker(), let loopback = SocketAddress(host: "127.0.0.1") else {
            throw LoopFailure(operation: "eventfd", errno: 24)
        }
        self.waker = waker
        let socket = try BoundSocket.bind(loopback, shared: false)
        address = socket.address
        let started = WorkerThread.start(name: "gh-demo") { [self] in serve(socket) }
        thread.withLock { $0 = started }
    }

    func stop() {
        stopped.store(true, ordering: .relaxed)
        waker.wake()
        thread.withLock { $0 }?.join()
    }

    private func serve(_ socket: BoundSocket) {
        guard let loop = try? EventLoop(backend: .epoll, waker: waker, maximumConnections: 64) else { return }
        loop.listen(socket, tag: 0)
        var heads: [ConnectionID: [UInt8]] = [:]
        while !stopped.load(ordering: .relaxed) {
            loop.wait()
            while let completion = loop.next() {
                switch completion {
                case .accepted(_, let connection):
                    heads[connection] = []
                    loop.startReceiving(connection)
                case .received(let connection, _, let chunk):
                    // After the 101 there is no head any more: the demo's client only closes.
                    heads[connection]?.append(contentsOf: chunk.bytes)
                    loop.release(chunk)
                    if let head = heads[connection], head.suffix(4) == [0x0D, 0x0A, 0x0D, 0x0A] {
                        answer(loop, connection, RequestHead(copy: head))
                        heads[connection] = nil
                    } else if heads[connection] == nil {
                        close(loop, connection)
                    }
                case .finished(let connection, _), .failed(let connection, _, _):
                    heads[connection] = nil
                    loop.close(connection, .now)
                default: break
                }
            }
        }
    }

    private func answer(_ loop: EventLoop, _ connection: ConnectionID, _ head: RequestHead) {
        let origin = head.value(of: .origin).map { head.text($0) }
        guard origin == DemoBackend.allowedOrigin, let key = head.value(of: .secWebSocketKey) else {
            let refusal = "HTTP/1.1 403 Forbidden\r\ncontent-length: 18\r\nconnection: close\r\n\r\nOrigin not allowed"
            Array(refusal.utf8).withUnsafeBytes { loop.send(connection, copying: $0) }
            return loop.close(connection, .afterSending)
        }
        let accept = AcceptKey(key: head.bytes.span.bytes.extracting(key)).text
        let response =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n\r\n"
        Array(response.utf8).withUnsafeBytes { loop.send(connection, copying: $0) }
    }

    /// Answers the client's close frame with one of its own.
    private func close(_ loop: EventLoop, _ connection: ConnectionID) {
        var frame: [UInt8] = []
        FrameWriter.appendClose(CloseCode(1000), to: &frame)
        frame.withUnsafeBytes { loop.send(connection, copying: $0) }
        loop.close(connection, .afterSending)
    }
}
