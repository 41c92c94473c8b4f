import CIOUring
import CLinux
import Wire

// What the ring receives: multishot into small buffers, one shot at a time into large ones, and failures of those that are paused.

extension EventLoop {
    func armReceive(_ slot: UInt32, _ state: UnsafeMutablePointer<ConnectionState>) {
        guard state.pointee.flags.isDisjoint(with: .notToReceive) else { return }
        state.pointee.flags.insert(.receiveArmed)
        state.pointee.operations += 1
        let user = UringState.user(.receive, slot, state.pointee.generation)
        if state.pointee.flags.contains(.large), !isFrugal {
            ciouring_receive_once(uring.ring, state.pointee.descriptor, UringState.largeGroup, user)
        } else if isFrugal || state.pointee.flags.contains(.bufferByBuffer) {
            ciouring_receive_once(uring.ring, state.pointee.descriptor, UringState.smallGroup, user)
        } else {
            ciouring_receive_multishot(uring.ring, state.pointee.descriptor, UringState.smallGroup, user)
        }
    }

    func cancelReceive(_ slot: UInt32, _ state: UnsafeMutablePointer<ConnectionState>) {
        guard state.pointee.flags.contains(.receiveArmed), !state.pointee.flags.contains(.receiveCancelled) else { return }
        state.pointee.flags.insert(.receiveCancelled)
        ciouring_cancel(
            uring.ring, UringState.user(.receive, slot, state.pointee.generation), UringState.user(.cancel, 0, 0))
    }

    /// While receiving is paused nothing would tell of an RST, and the other side waits for this one.
    func awaitFailure(_ slot: UInt32, _ state: UnsafeMutablePointer<ConnectionState>) {
        guard state.pointee.flags.isDisjoint(with: .notToAwaitFailure) else { return }
        state.pointee.flags.insert(.failureAwaited)
        state.pointee.operations += 1
        ciouring_poll_failure(
            uring.ring, state.pointee.descriptor, UringState.user(.failure, slot, state.pointee.generation))
    }

    func failureTold(_ slot: UInt32, _ state: UnsafeMutablePointer<ConnectionState>) {
        state.pointee.operations -= 1
        state.pointee.flags.remove(.failureAwaited)
        if state.pointee.flags.contains(.closing) { return releaseIfIdle(slot, state) }
        // A receive that is under way brings the bytes that came before the failure, and then the failure.
        guard !state.pointee.flags.contains(.wantsReceive) else { return }
        let error = clinux_socket_error(state.pointee.descriptor)
        if error != 0 { fail(ConnectionID(slot: slot, generation: state.pointee.generation), state, errno: error) }
    }

    func received(
        _ slot: UInt32, _ state: UnsafeMutablePointer<ConnectionState>, _ completion: ciouring_completion
    ) {
        let id = ConnectionID(slot: slot, generation: state.pointee.generation)
        let over = completion.flags & CIOURING_MORE == 0
        if over {
            state.pointee.flags.remove(.receiveOperation)
            state.pointee.operations -= 1
        }
        if completion.flags & CIOURING_HAS_BUFFER != 0 {
            let buffer = Int32(completion.flags >> CIOURING_BUFFER_SHIFT)
            uring.provided -= 1
            if !buffers.isLarge(buffer) { uring.providedSmall -= 1 }
            buffers.claim(buffer)
            let count = Int(completion.result)
            if count > 0, !state.pointee.flags.contains(.closing) {
                deliver(id, state, Chunk(start: buffers.start(buffer), count: count, buffer: buffer), over: over)
                return
            }
            releaseBuffer(buffer)
        }
        if state.pointee.flags.contains(.closing) { return releaseIfIdle(slot, state) }
        switch completion.result {
        case 0:
            // Behind a failure that was told already, this is not the peer's FIN.
            guard !state.pointee.flags.contains(.failed) else { return }
            state.pointee.flags.insert(.ended)
            state.pointee.flags.remove(.wantsReceive)
            ready.push(.finished(id, owner: state.pointee.owner))
        case -105 /* ENOBUFS */:
            if state.pointee.flags.contains(.large) { state.pointee.flags.remove(.large) }
            state.pointee.flags.insert(.starved)
            uring.starved.append(id)
        case -125 /* ECANCELED */, -4 /* EINTR */:
            if state.pointee.flags.contains(.wantsReceive) { armReceive(slot, state) }
        default:
            if completion.result < 0 { fail(id, state, errno: -completion.result) }
        }
    }

    private func deliver(
        _ id: ConnectionID, _ state: UnsafeMutablePointer<ConnectionState>, _ chunk: Chunk, over: Bool
    ) {
        let wasLarge = state.pointee.flags.contains(.large)
        adaptBufferSize(state, received: chunk.count)
        ready.push(.received(id, owner: state.pointee.owner, chunk))
        if over {
            if state.pointee.flags.contains(.wantsReceive) { armReceive(id.slot, state) }
        } else if wasLarge != state.pointee.flags.contains(.large) {
            // Begun again in the other size when the cancellation has come back.
            cancelReceive(id.slot, state)
        }
    }
}
