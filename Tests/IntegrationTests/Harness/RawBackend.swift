import Glibc

/// A listening socket on loopback whose connections a test accepts and drives itself.
final class RawBackend {
    let port: UInt16
    private let descriptor: Int32

    /// - Parameters:
    ///   - host: another address of loopback, for a name that has several
    ///   - port: 0 lets the kernel choose; another one is that of a service which was down and comes back
    init(backlog: Int32 = 128, host: String = "127.0.0.1", port wanted: UInt16 = 0) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        guard descriptor >= 0 else { throw HarnessFailure("socket: errno \(errno)") }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in.loopback(port: wanted)
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { throw HarnessFailure("\(host) is no address") }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, backlog) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard result else { throw HarnessFailure("listen: errno \(errno)") }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }

    var url: String { "http://127.0.0.1:\(port)" }

    /// The next connection.
    func accept(within seconds: Double = 10) throws -> RawConnection {
        guard waits(for: seconds) else { throw HarnessFailure("nobody connected to the backend within \(seconds) s") }
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw HarnessFailure("accept: errno \(errno)") }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return RawConnection(descriptor: accepted)
    }

    /// Whether a connection is there to be accepted, waiting up to `seconds`.
    func waits(for seconds: Double = 0) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&entry, 1, Int32(seconds * 1000)) > 0
    }
}
