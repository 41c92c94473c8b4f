import CIOUring
import CLinux
public import Wire

extension EventLoop {
    /// How `close` ends a connection.
    public enum Closing: Sendable {
        /// At once; what is queued is dropped. The kernel sends FIN (or RST if unread bytes lie there).
        case now
        /// With RST, so that the peer sees a failure as a failure.
        case reset
        /// When all that was sent has been taken.
        case afterSending
    }

    /// Begins to connect; `connected` or `failed` follows.
    public func connect(to address: SocketAddress, owner: UInt64) throws(LoopFailure) -> ConnectionID {
        var raw = clinux_address_make(address.high, address.low, address.port)
        let descriptor = clinux_socket(&raw)
        guard descriptor >= 0 else { throw LoopFailure(operation: "socket", errno: -descriptor) }
        let result = clinux_connect(descriptor, &raw)
        boundUnsent(descriptor)
        guard result == 0 || result == -115 /* EINPROGRESS */ else {
            _ = clinux_close(descriptor)
            throw LoopFailure(operation: "connect", errno: -result)
        }
        guard let id = connections.insert(descriptor, owner: owner, flags: .connecting) else {
            _ = clinux_close(descriptor)
            throw LoopFailure(operation: "connect", errno: 23)
        }
        switch backend {
        case .uring: awaitConnect(id, descriptor)
        case .epoll: if !watch(id, descriptor) { throw LoopFailure(operation: "epoll_ctl", errno: 28) }
        }
        return id
    }

    /// Changes the number that the connection's completions carry.
    public func setOwner(_ id: ConnectionID, _ owner: UInt64) {
        connections.live(id)?.pointee.owner = owner
    }

    /// Receives until told otherwise. May be called again at any time.
    public func startReceiving(_ id: ConnectionID) {
        guard let state = connections.live(id), !state.pointee.flags.contains(.ended) else { return }
        guard !state.pointee.flags.contains(.wantsReceive) else { return }
        state.pointee.flags.insert(.wantsReceive)
        switch backend {
        case .uring: armReceive(id.slot, state)
        case .epoll: if state.pointee.flags.contains(.readable) { makeReady(id.slot, state) }
        }
    }

    /// Receives one buffer at a time, or again as many in one go as the kernel has, as every connection does at first.
    ///
    /// A receive of io_uring goes on by itself until it is cancelled, and in one turn it may bring megabytes of a peer that sends ahead of what
    /// it may. For a connection that may have to be paused with the first buffer, one more is the most that comes after the pause.
    public func receiveBufferByBuffer(_ id: ConnectionID, _ isWanted: Bool) {
        guard let state = connections.live(id) else { return }
        if isWanted { state.pointee.flags.insert(.bufferByBuffer) } else { state.pointee.flags.remove(.bufferByBuffer) }
    }

    /// Stops receiving: the peer's window fills. Bytes that are on their way already may still come.
    public func pauseReceiving(_ id: ConnectionID) {
        guard let state = connections.live(id) else { return }
        state.pointee.flags.remove(.wantsReceive)
        if backend == .uring {
            cancelReceive(id.slot, state)
            awaitFailure(id.slot, state)
        }
    }

    /// Sends FIN after all that is queued. The peer may still send.
    public func finish(_ id: ConnectionID) {
        guard let state = connections.live(id) else { return }
        state.pointee.flags.insert(.finishRequested)
        if state.pointee.firstSend < 0 { sendFinish(state) }
    }

    /// Ends the connection. Its name is invalid from here on, except with `afterSending`, where it still counts as open.
    public func close(_ id: ConnectionID, _ how: Closing) {
        guard let state = connections.live(id) else { return }
        if how == .afterSending, state.pointee.firstSend >= 0 {
            state.pointee.flags.insert(.closeWhenSent)
            return
        }
        if how == .reset { state.pointee.flags.insert(.resetOnClose) }
        beginClose(id.slot, state)
    }

    func sendFinish(_ state: UnsafeMutablePointer<ConnectionState>) {
        state.pointee.flags.remove(.finishRequested)
        _ = clinux_shutdown_write(state.pointee.descriptor)
    }

    /// Marks the slot as closing; it is released when no operation of its tenant is with the kernel.
    func beginClose(_ slot: UInt32, _ state: UnsafeMutablePointer<ConnectionState>) {
        guard !state.pointee.flags.contains(.closing) else { return }
        state.pointee.flags.insert(.closing)
        state.pointee.flags.remove(.wantsReceive)
        switch backend {
        case .uring: cancelOperations(slot, state)
        case .epoll: break
        }
        releaseIfIdle(slot, state)
    }

    /// Closes the descriptor and frees the slot once nothing refers to them.
    func releaseIfIdle(_ slot: UInt32, _ state: UnsafeMutablePointer<ConnectionState>) {
        guard state.pointee.flags.contains(.closing), state.pointee.operations == 0,
            !state.pointee.flags.contains(.inReadyList)
        else { return }
        dropSends(state)
        if state.pointee.flags.contains(.resetOnClose) { _ = clinux_set_reset_on_close(state.pointee.descriptor) }
        switch backend {
        case .uring: closeDescriptor(state.pointee.descriptor)
        case .epoll: _ = clinux_close(state.pointee.descriptor)
        }
        connections.remove(slot)
    }

    /// The transport failed: reports it once.
    func fail(_ id: ConnectionID, _ state: UnsafeMutablePointer<ConnectionState>, errno: Int32) {
        guard !state.pointee.flags.contains(.closing) else { return }
        // A peer that has sent FIN can still fail us when we send to it.
        let first = !state.pointee.flags.contains(.failed)
        state.pointee.flags.insert([.ended, .failed])
        state.pointee.flags.remove(.wantsReceive)
        state.pointee.flags.remove(.owesDrained)
        if !state.pointee.flags.contains(.sendInFlight) { dropSends(state) }
        if state.pointee.flags.contains(.closeWhenSent) {
            beginClose(id.slot, state)
        } else if first {
            ready.push(.failed(id, owner: state.pointee.owner, errno: errno))
        }
    }
}

extension EventLoop {
    /// Ends a connection that was to be emptied and wasn't in time, if the slot still has the same tenant.
    ///
    /// - Parameter lowGeneration: the lower 16 bits of the generation that the connection had.
    public func closeIfSame(slot: UInt32, lowGeneration: UInt32) {
        let generation = connections.state(slot).pointee.generation
        guard generation & 0xFFFF == lowGeneration else { return }
        close(ConnectionID(slot: slot, generation: generation), .reset)
    }
}
