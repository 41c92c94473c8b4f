import Glibc

/// A TCP connection on which a test decides every byte, and sees how it ended.
///
/// Blocking, with a deadline on each call. Accepted and opened connections are the same type.
final class RawConnection {
    /// How the other end finished.
    enum End: Hashable { case fin, reset }

    private var descriptor: Int32
    /// Bytes that were received and not asked for yet.
    private(set) var pending: [UInt8] = []
    private(set) var end: End?
    let timeout: Double

    init(descriptor: Int32, timeout: Double = 10) {
        self.descriptor = descriptor
        self.timeout = timeout
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Opens a connection to loopback.
    ///
    /// - Parameter receiveBuffer: bytes of the kernel's receive buffer, small for a reader that shall be slow
    init(port: UInt16, timeout: Double = 10, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.timeout = timeout
        guard descriptor >= 0 else { throw HarnessFailure("socket: errno \(errno)") }
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in.loopback(port: port)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let reason = errno
            Glibc.close(descriptor)
            throw HarnessFailure("connect to port \(port): \(String(cString: strerror(reason)))")
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close() }

    // MARK: Sending

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        let sent = try sendWhatFits(bytes, within: timeout)
        if sent < bytes.count { throw HarnessFailure("sent \(sent) of \(bytes.count) bytes within \(timeout) s") }
    }

    /// Sends as long as the other end takes bytes: gives up when nothing moved for `seconds`, and says how many went.
    func sendWhatFits(_ bytes: [UInt8], within seconds: Double) throws -> Int {
        var sent = 0
        while sent < bytes.count {
            guard poll(for: POLLOUT, seconds: seconds) else { return sent }
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count >= 0 {
                sent += count
            } else if errno != EAGAIN, errno != EINTR {
                throw HarnessFailure("send: \(String(cString: strerror(errno)))")
            }
        }
        return sent
    }

    // MARK: Receiving

    /// Exactly `count` bytes.
    func read(_ count: Int) throws -> [UInt8] {
        while pending.count < count {
            guard try receive() else {
                throw HarnessFailure(
                    "\(end.map { "\($0)" } ?? "silence") after \(pending.count) of \(count) bytes: \(shown(pending))")
            }
        }
        defer { pending.removeFirst(count) }
        return Array(pending[..<count])
    }

    /// Bytes through the first `CRLF CRLF`, as text.
    func readHead() throws -> String {
        var searched = 0
        while true {
            if let at = pending.firstIndex(ofSequence: [13, 10, 13, 10], from: max(0, searched - 3)) {
                return String(decoding: try read(at + 4), as: UTF8.self)
            }
            searched = pending.count
            guard try receive() else {
                throw HarnessFailure("\(end.map { "\($0)" } ?? "silence") in place of a head: \(shown(pending))")
            }
        }
    }

    /// Everything until the other end finishes; `end` says how it did.
    func readToEnd() throws -> [UInt8] {
        while try receive() {}
        guard end != nil else {
            throw HarnessFailure("still open after \(timeout) s of silence; so far: \(shown(pending))")
        }
        defer { pending = [] }
        return pending
    }

    /// Whether nothing comes for `seconds`, neither bytes nor an end.
    func isSilent(for seconds: Double) throws -> Bool {
        guard pending.isEmpty, end == nil else { return false }
        return !poll(for: POLLIN, seconds: seconds)
    }

    /// Whether anything is there to be received, waiting up to `seconds`.
    func hasInput(within seconds: Double) -> Bool { !pending.isEmpty || end != nil || poll(for: POLLIN, seconds: seconds) }

    /// Receives once; false if the other end finished or nothing came in time.
    func receive() throws -> Bool {
        guard end == nil, poll(for: POLLIN, seconds: timeout) else { return false }
        let count = withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { pending.append(contentsOf: buffer[..<count]) }
            return count
        }
        if count > 0 { return true }
        if count == 0 {
            end = .fin
        } else if errno == ECONNRESET {
            end = .reset
        } else {
            throw HarnessFailure("recv: \(String(cString: strerror(errno)))")
        }
        return false
    }

    // MARK: Ending

    /// FIN: nothing more is sent, reading goes on.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// RST.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }

    private func poll(for events: Int32, seconds: Double) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            let milliseconds = max(
                0, Int32(left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000))
            let result = Glibc.poll(&entry, 1, milliseconds)
            if result > 0 { return true }
            if result == 0 || errno != EINTR { return false }
        }
    }
}

extension [UInt8] {
    func firstIndex(ofSequence sequence: [UInt8], from start: Int = 0) -> Int? {
        guard count >= sequence.count else { return nil }
        return (start...(count - sequence.count)).first { self[$0..<($0 + sequence.count)].elementsEqual(sequence) }
    }
}

extension sockaddr_in {
    static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}

/// Bytes for a failure's text: printable ones as they are, the rest as `\xHH`, cut after 200.
func shown(_ bytes: [UInt8]) -> String {
    let text = bytes.prefix(200).map { byte in
        (32..<127).contains(byte) ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
    }
    return text.joined() + (bytes.count > 200 ? "… (\(bytes.count) bytes)" : "")
}
