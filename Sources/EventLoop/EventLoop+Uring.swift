import CIOUring
import CLinux
import Wire

// The io_uring backend's turn: submit, wait, take completions apart (`UringState` tells how the ring is used).

extension EventLoop {
    func startUring() {
        _ = ciouring_register_buffers(uring.ring, UringState.smallGroup, 1024)
        _ = ciouring_register_buffers(uring.ring, UringState.largeGroup, 32)
        while buffers.availableLarge > spareLarge, let buffer = buffers.takeLarge() { provide(buffer) }
        fillSmall()
        ciouring_publish_buffers(uring.ring, UringState.largeGroup)
        armWake()
    }

    func waitUring(_ nanoseconds: UInt64) {
        if frugality.hasBegun { beginFrugality() }
        if !uring.starved.isEmpty { feedStarved() }
        ciouring_publish_buffers(uring.ring, UringState.smallGroup)
        ciouring_publish_buffers(uring.ring, UringState.largeGroup)
        _ = ciouring_submit_and_wait(uring.ring, nanoseconds)
    }

    /// Works through the kernel's completions until one of them means something to the owner.
    func advanceUring() {
        while ready.isEmpty {
            if uring.position == uring.taken {
                uring.position = 0
                uring.taken = Int(ciouring_take(uring.ring, uring.completions, UInt32(UringState.batch)))
                if uring.taken == 0 { return }
            }
            let completion = uring.completions[uring.position]
            uring.position += 1
            dispatch(completion)
        }
    }

    private func dispatch(_ completion: ciouring_completion) {
        guard let operation = UringState.Operation(rawValue: completion.user >> 56) else { return }
        let slot = UInt32(truncatingIfNeeded: completion.user)
        switch operation {
        case .receive: received(slot, connections.state(slot), completion)
        case .send: sent(slot, connections.state(slot), completion.result)
        case .connect: connectEnded(slot, connections.state(slot), completion.result)
        case .accept: acceptCompleted(Int(slot), completion)
        case .wake:
            ready.push(.woken)
            armWake()
        case .failure: failureTold(slot, connections.state(slot))
        case .cancel, .ignored: break
        }
    }

    private func armWake() {
        ciouring_read(uring.ring, waker.descriptor, uring.wakeBytes, 8, UringState.user(.wake, 0, 0))
    }

    // MARK: Buffers

    private func provide(_ buffer: Int32) {
        let large = buffers.isLarge(buffer)
        let size = large ? BufferPool.largeSize : isFrugal ? Frugality.receiveSize : BufferPool.smallSize
        uring.provided += 1
        if !large { uring.providedSmall += 1 }
        ciouring_provide_buffer(
            uring.ring, large ? UringState.largeGroup : UringState.smallGroup, buffers.start(buffer),
            UInt32(size), UInt16(buffer))
    }

    private func fillSmall() {
        while uring.providedSmall < uring.targetSmall, buffers.availableSmall > spareSmall, let buffer = buffers.takeSmall() {
            provide(buffer)
        }
    }

    func recycleUring(_ buffer: Int32) {
        if buffers.isLarge(buffer) || uring.providedSmall < uring.targetSmall {
            provide(buffer)
        } else {
            buffers.recycle(buffer)
        }
    }

    /// Receives that found no buffer are begun again, with more buffers at hand.
    private func feedStarved() {
        uring.ranDry = true
        uring.targetSmall = min(uring.targetSmall * 2, uring.maximumSmall)
        fillSmall()
        // As many as there are buffers, the longest waiting first: each has bytes waiting, so each takes one, and all others would only be told
        // again that there is none.
        var room = uring.providedSmall
        var index = 0
        while room > 0, index < uring.starved.count {
            let id = uring.starved[index]
            index += 1
            guard let state = connections.live(id) else { continue }
            state.pointee.flags.remove(.starved)
            guard state.pointee.flags.contains(.wantsReceive) else { continue }
            armReceive(id.slot, state)
            room -= 1
        }
        uring.starved.removeSubrange(0..<index)
    }

    // MARK: Sending

    func submitSend(_ slot: UInt32, _ state: UnsafeMutablePointer<ConnectionState>) {
        let node = sends.node(state.pointee.firstSend)
        state.pointee.flags.insert(.sendInFlight)
        state.pointee.operations += 1
        ciouring_send(
            uring.ring, state.pointee.descriptor, node.pointee.start, node.pointee.count,
            state.pointee.flags.contains(.blocked), UringState.user(.send, slot, state.pointee.generation))
    }

    private func sent(_ slot: UInt32, _ state: UnsafeMutablePointer<ConnectionState>, _ result: Int32) {
        state.pointee.operations -= 1
        state.pointee.flags.remove(.sendInFlight)
        if state.pointee.flags.contains(.closing) { return releaseIfIdle(slot, state) }
        let id = ConnectionID(slot: slot, generation: state.pointee.generation)
        if result >= 0 {
            if !took(Int(result), state) { becameBlocked(id, state) }
        } else if result == -11 /* EAGAIN */ {
            becameBlocked(id, state)
        } else if result != -4 /* EINTR */ {
            dropSends(state)
            return fail(id, state, errno: -result)
        }
        if state.pointee.firstSend >= 0 { submitSend(slot, state) } else { queueEmptied(id, state) }
    }

    // MARK: Connecting, accepting, closing

    func awaitConnect(_ id: ConnectionID, _ descriptor: Int32) {
        connections.state(id.slot).pointee.operations += 1
        ciouring_poll_writable(uring.ring, descriptor, UringState.user(.connect, id.slot, id.generation))
    }

    private func connectEnded(_ slot: UInt32, _ state: UnsafeMutablePointer<ConnectionState>, _ result: Int32) {
        state.pointee.operations -= 1
        state.pointee.flags.remove(.connecting)
        if state.pointee.flags.contains(.closing) { return releaseIfIdle(slot, state) }
        let id = ConnectionID(slot: slot, generation: state.pointee.generation)
        // The poll says whether there is an error to ask for; for most there is none.
        let mayHaveFailed = result & (CIOURING_POLL_ERROR | CIOURING_POLL_HANGUP) != 0
        let error = result < 0 ? -result : mayHaveFailed ? clinux_socket_error(state.pointee.descriptor) : 0
        guard error == 0 else { return fail(id, state, errno: error) }
        ready.push(.connected(id, owner: state.pointee.owner))
        if state.pointee.flags.contains(.wantsReceive) { armReceive(slot, state) }
        if state.pointee.firstSend >= 0 { submitSend(slot, state) }
    }

    func armAccept(_ index: Int) {
        ciouring_accept_multishot(
            uring.ring, listeners[index].descriptor, UringState.user(.accept, UInt32(index), 0))
    }

    func cancelAccept(_ index: Int) {
        ciouring_cancel(uring.ring, UringState.user(.accept, UInt32(index), 0), UringState.user(.cancel, 0, 0))
    }

    private func acceptCompleted(_ index: Int, _ completion: ciouring_completion) {
        let over = completion.flags & CIOURING_MORE == 0
        if over { listeners[index].armed = false }
        defer { if over, listeners[index].stopped, listeners[index].givenAway { gaveAway(index) } }
        if completion.result >= 0 {
            if listeners[index].stopped, !listeners[index].givenAway {
                _ = clinux_close(completion.result)
            } else {
                accepted(completion.result, listener: index)
                if over { resumeListener(tag: listeners[index].tag) }
            }
        } else if over, listeners[index].isHeld {
            // Cancelled by `holdListeners`.
        } else if !listeners[index].stopped, completion.result == -125 /* ECANCELED */ {
            // Cancelled by `holdListeners`, and let go before the cancellation came back.
            resumeListener(tag: listeners[index].tag)
        } else if !listeners[index].stopped {
            let aborted = completion.result == -103 /* ECONNABORTED */ || completion.result == -4 /* EINTR */
            if aborted { resumeListener(tag: listeners[index].tag) } else { pauseListener(index, errno: -completion.result) }
        }
    }

    func cancelOperations(_ slot: UInt32, _ state: UnsafeMutablePointer<ConnectionState>) {
        let generation = state.pointee.generation
        cancelReceive(slot, state)
        let unused = UringState.user(.cancel, 0, 0)
        if state.pointee.flags.contains(.sendInFlight) {
            ciouring_cancel(uring.ring, UringState.user(.send, slot, generation), unused)
        }
        if state.pointee.flags.contains(.connecting) {
            ciouring_cancel(uring.ring, UringState.user(.connect, slot, generation), unused)
        }
        if state.pointee.flags.contains(.failureAwaited) {
            ciouring_cancel(uring.ring, UringState.user(.failure, slot, generation), unused)
        }
    }

    func closeDescriptor(_ descriptor: Int32) {
        ciouring_close_descriptor(uring.ring, descriptor, UringState.user(.ignored, 0, 0))
    }
}
