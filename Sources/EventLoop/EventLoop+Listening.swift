import CIOUring
import CLinux
public import Wire

/// A bound address that accepts connections.
struct Listener {
    /// Marks a timer's owner as a listener's, to be resumed.
    static let timerMark: UInt64 = 1 << 63

    var descriptor: Int32
    var tag: UInt32
    var armed = false
    var stopped = false
    /// Stopped because another process accepts from the same socket: what the kernel had accepted by then is still served here.
    var givenAway = false
    /// Not accepting for the moment: the kernel keeps those who connect waiting.
    var isHeld = false
    /// What the backend's user data calls it.
    var generation: UInt32
}

/// A bound and listening socket that no loop serves yet.
public struct BoundSocket: Sendable {
    public let descriptor: Int32
    /// The address as bound, with the port that the kernel chose for port 0.
    public let address: SocketAddress

    /// Binds and listens.
    /// - Parameter shared: SO_REUSEPORT, so that each loop has a socket of its own.
    public static func bind(_ address: SocketAddress, shared: Bool, backlog: Int32 = 4096) throws(LoopFailure) -> BoundSocket {
        var raw = clinux_address_make(address.high, address.low, address.port)
        let descriptor = clinux_listen(&raw, shared, backlog)
        guard descriptor >= 0 else { throw LoopFailure(operation: "binding \(address)", errno: -descriptor) }
        return BoundSocket(descriptor: descriptor, address: EventLoop.localAddress(of: descriptor) ?? address)
    }

    /// Throws what `bind` would if sockets weren't shared: a second process that listens on the same port would get half of the clients.
    public static func expectFree(_ address: SocketAddress) throws(LoopFailure) {
        var raw = clinux_address_make(address.high, address.low, address.port)
        let result = clinux_is_free(&raw)
        guard result >= 0 else { throw LoopFailure(operation: "binding \(address)", errno: -result) }
    }

    /// Takes a listening socket that another process bound; it is then non-blocking and close-on-exec.
    public static func adopt(_ descriptor: Int32) throws(LoopFailure) -> BoundSocket {
        let result = clinux_prepare_listener(descriptor)
        guard result >= 0, let address = EventLoop.localAddress(of: descriptor) else {
            throw LoopFailure(operation: "taking descriptor \(descriptor) over", errno: -result)
        }
        return BoundSocket(descriptor: descriptor, address: address)
    }

    /// The same socket for one more loop.
    public func duplicated() throws(LoopFailure) -> BoundSocket {
        let copy = clinux_duplicate(descriptor)
        guard copy >= 0 else { throw LoopFailure(operation: "duplicating a listener", errno: -copy) }
        return BoundSocket(descriptor: copy, address: address)
    }

    /// Gives the socket up without having served it.
    public func close() { _ = clinux_close(descriptor) }
}

extension EventLoop {
    /// Accepts from `socket` from now on; its connections come as `accepted(listener: tag, …)`. The loop closes it.
    public func listen(_ socket: BoundSocket, tag: UInt32) {
        listeners.append(Listener(descriptor: socket.descriptor, tag: tag, generation: UInt32(listeners.count)))
        armListener(listeners.count - 1)
    }

    /// Stops accepting and closes the socket, so that the kernel refuses or another process takes what comes.
    ///
    /// - Parameter givingAway: another process has the socket too and accepts from it. Connections that the kernel had accepted for this one
    ///   still come as `accepted`, until `isStillAccepting` is false.
    public func stopListening(tag: UInt32, givingAway: Bool = false) {
        for index in listeners.indices where listeners[index].tag == tag && !listeners[index].stopped {
            listeners[index].stopped = true
            listeners[index].givenAway = givingAway
            switch backend {
            case .uring:
                if listeners[index].armed {
                    cancelAccept(index)
                    // What the kernel woke this ring for must not be left to nobody: `gaveAway`.
                    if givingAway { continue }
                }
            case .epoll:
                listeners[index].armed = false
                _ = clinux_epoll_remove(epoll.descriptor, listeners[index].descriptor)
            }
            _ = clinux_close(listeners[index].descriptor)
        }
    }

    /// Takes what waits at a listener though nobody was told of it.
    ///
    /// The kernel wakes one of the rings that wait at a socket (IORING_OP_ACCEPT waits exclusively). If that one gives the socket up before it
    /// has accepted, the connection would wait until the next one comes. Who gives up takes it along (`gaveAway`); this is for one that was
    /// killed meanwhile.
    public func acceptLeftovers() {
        guard backend == .uring else { return }
        var index = 0
        while index < listeners.count {
            if listeners[index].armed, !listeners[index].stopped, !listeners[index].isHeld { acceptLeftovers(of: index) }
            index += 1
        }
    }

    private func acceptLeftovers(of index: Int) {
        var budget = 64
        while budget > 0 {
            let descriptor = clinux_accept(listeners[index].descriptor)
            guard descriptor >= 0 else { return }
            accepted(descriptor, listener: index)
            budget -= 1
        }
    }

    /// The kernel has let go of a listener that was given away.
    func gaveAway(_ index: Int) {
        acceptLeftovers(of: index)
        _ = clinux_close(listeners[index].descriptor)
    }

    /// Stops accepting for the moment; sockets stay open, and who connects waits in the kernel's queue.
    public func holdListeners() {
        for index in listeners.indices where !listeners[index].stopped && !listeners[index].isHeld {
            listeners[index].isHeld = true
            guard listeners[index].armed else { continue }
            switch backend {
            case .uring: cancelAccept(index)
            case .epoll:
                listeners[index].armed = false
                _ = clinux_epoll_remove(epoll.descriptor, listeners[index].descriptor)
            }
        }
    }

    /// Accepts again after `holdListeners`.
    public func letListenersGo() {
        for index in listeners.indices where listeners[index].isHeld {
            listeners[index].isHeld = false
            // With io_uring the accept may still be there, its cancellation on the way: then that begins it anew.
            if !listeners[index].armed { armListener(index) }
        }
    }

    /// Whether connections may still come from a listener that was given away.
    public var isStillAccepting: Bool { listeners.contains { $0.givenAway && $0.armed } }

    func resumeListener(tag: UInt32) {
        for index in listeners.indices where listeners[index].tag == tag && !listeners[index].armed {
            armListener(index)
        }
    }

    /// Accepting failed: says so and rests for a moment, since trying on at once would spin (EMFILE).
    func pauseListener(_ index: Int, errno: Int32) {
        listeners[index].armed = false
        ready.push(.acceptFailed(listener: listeners[index].tag, errno: errno))
        _ = timers.schedule(
            owner: Listener.timerMark | UInt64(listeners[index].tag), at: now + .milliseconds(200))
    }

    /// Takes over a descriptor that the kernel accepted.
    func accepted(_ descriptor: Int32, listener index: Int) {
        guard let id = connections.insert(descriptor, owner: 0, flags: []) else {
            // The table is full: a limit of the composition should have come first.
            _ = clinux_close(descriptor)
            return
        }
        boundUnsent(descriptor)
        if backend == .epoll, !watch(id, descriptor) { return }
        ready.push(.accepted(listener: listeners[index].tag, id))
    }

    private func armListener(_ index: Int) {
        guard !listeners[index].stopped, !listeners[index].isHeld else { return }
        listeners[index].armed = true
        switch backend {
        case .uring: armAccept(index)
        case .epoll: watchListener(index)
        }
    }

    // MARK: Addresses

    /// The peer's address, or nil if the connection is gone.
    public func peerAddress(_ id: ConnectionID) -> SocketAddress? {
        guard let state = connections.live(id) else { return nil }
        var raw = clinux_address()
        guard clinux_peer(state.pointee.descriptor, &raw) >= 0 else { return nil }
        return SocketAddress(raw)
    }

    /// The address on our end, or nil if the connection is gone.
    public func localAddress(_ id: ConnectionID) -> SocketAddress? {
        connections.live(id).flatMap { EventLoop.localAddress(of: $0.pointee.descriptor) }
    }

    static func localAddress(of descriptor: Int32) -> SocketAddress? {
        var raw = clinux_address()
        return clinux_local(descriptor, &raw) >= 0 ? SocketAddress(raw) : nil
    }
}
