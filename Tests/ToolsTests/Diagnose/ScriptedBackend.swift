import EventLoop
import Glibc
import HTTPWire
import Synchronization
import WebSocketWire

/// A backend on loopback whose every connection is served by a closure, each on a thread of its own.
final class ScriptedBackend: Sendable {
    /// One accepted connection, blocking.
    struct Peer {
        let descriptor: Int32

        /// Everything up to the end of the request's head.
        func readHead() -> RequestHead {
            var bytes: [UInt8] = []
            var byte: UInt8 = 0
            while bytes.suffix(4) != [13, 10, 13, 10], recv(descriptor, &byte, 1, 0) == 1 { bytes.append(byte) }
            return RequestHead(copy: bytes)
        }

        /// What comes until the other end closes.
        func readToEnd() -> [UInt8] {
            var bytes: [UInt8] = []
            var room = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &room, room.count, 0)
                guard count > 0 else { return bytes }
                bytes += room[..<count]
            }
        }

        /// False once the other end has gone.
        @discardableResult func send(_ bytes: [UInt8]) -> Bool {
            Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        }

        @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }

        /// A valid 101.
        func accept(_ head: RequestHead) {
            guard let key = head.value(of: .secWebSocketKey) else { return }
            let accept = AcceptKey(key: head.bytes.span.bytes.extracting(key)).text
            send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n\r\n"
            )
        }
    }

    let port: UInt16
    private let descriptor: Int32
    private let connections = Atomic<Int>(0)

    /// How many connections came.
    var count: Int { connections.load(ordering: .acquiring) }

    init?(_ serve: @escaping @Sendable (Peer) -> Void) {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        descriptor = listening
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(listening, raw, length) == 0 && listen(listening, 64) == 0 && getsockname(listening, raw, &length) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard isBound else { return nil }
        WorkerThread.start(name: "backend") { [weak self] in
            while true {
                let accepted = Glibc.accept(listening, nil, nil)
                guard accepted >= 0 else { return }
                self?.connections.add(1, ordering: .acquiringAndReleasing)
                WorkerThread.start(name: "peer") {
                    serve(Peer(descriptor: accepted))
                    Glibc.close(accepted)
                }
            }
        }
    }

    deinit {
        // Wakes the thread out of its accept.
        shutdown(descriptor, Int32(SHUT_RDWR))
        Glibc.close(descriptor)
    }
}
