import CLinux
import EventLoop
import Wire

/// The port between Gatehouse and the backend.
enum PrivatePort {
    /// Below the ports from which connections are made, so that none of them takes it before the backend does.
    private static let range: ClosedRange<UInt16> = 20_000...32_000

    /// A port that is free on all addresses now; nil only where none is.
    static func free() -> UInt16? {
        for _ in 0..<64 {
            let port = UInt16.random(in: range)
            if isFree(port) { return port }
        }
        return (try? BoundSocket.bind(SocketAddress(v4: 0, port: 0), shared: false)).map { socket in
            defer { socket.close() }
            return socket.address.port
        }
    }

    /// Whether a backend could listen on it.
    static func isFree(_ port: UInt16) -> Bool {
        guard let socket = try? BoundSocket.bind(SocketAddress(v4: 0, port: port), shared: false) else { return false }
        socket.close()
        return true
    }

    /// Whether a backend takes connections on 127.0.0.1 and this port.
    static func isServed(_ port: UInt16, _ table: ListeningTable?) -> Bool {
        table?.accepts(port: port) ?? accepts(port)
    }

    /// Tries a connection, and gives it up at once.
    private static func accepts(_ port: UInt16) -> Bool {
        var address = clinux_address_make(0, SocketAddress(v4: 0x7F00_0001, port: port).low, port)
        let descriptor = clinux_socket(&address)
        guard descriptor >= 0 else { return false }
        defer { _ = clinux_close(descriptor) }
        // On the loopback interface the answer is there when the call returns.
        let result = clinux_connect(descriptor, &address)
        if result == 0 { return true }
        clinux_sleep(5_000_000)
        var peer = clinux_address()
        return clinux_socket_error(descriptor) == 0 && clinux_peer(descriptor, &peer) == 0
    }
}
