import CLinux
import Wire

// epoll, edge-triggered: each descriptor is registered once, and what the kernel told is kept as flags (`readable`,
// `writable`). Connections with something to do lie on a list; `advanceEpoll` takes one at a time and receives from it, so that
// one hot buffer serves one connection after another.

/// What the epoll backend keeps.
struct EpollState {
    static let batch = 256

    var descriptor: Int32 = -1
    /// Connections to be looked at, in order.
    var firstReady: Int32 = -1
    var lastReady: Int32 = -1
    /// How many of them this turn still takes, so that a busy connection can't hold the turn for ever.
    var budget = 0
    /// Connections whose receive found no buffer: looked at again when one is free, since there is nothing to do before.
    var starved: [ConnectionID] = []
    let events: UnsafeMutablePointer<epoll_event> = .allocate(capacity: batch)

    /// User data that is not a connection: the waker, and listeners with their index below.
    static let waker = UInt64.max
    static let listenerMark: UInt64 = 1 << 63
}

extension EventLoop {
    func startEpoll() throws(LoopFailure) {
        epoll.descriptor = clinux_epoll_create()
        guard epoll.descriptor >= 0 else { throw LoopFailure(operation: "epoll_create1", errno: -epoll.descriptor) }
        _ = clinux_epoll_add(epoll.descriptor, waker.descriptor, EPOLLIN.rawValue, EpollState.waker)
    }

    func waitEpoll(_ nanoseconds: UInt64) {
        feedStarvedEpoll()
        let limit = nanoseconds == .max ? -1 : Int64(clamping: nanoseconds)
        let count = clinux_epoll_wait(epoll.descriptor, epoll.events, Int32(EpollState.batch), limit)
        var index = 0
        while index < Int(max(count, 0)) {
            take(epoll.events[index])
            index += 1
        }
        var slot = epoll.firstReady
        epoll.budget = 0
        while slot >= 0 {
            epoll.budget += 1
            slot = connections.state(UInt32(slot)).pointee.next
        }
    }

    /// Puts the connections that found no buffer back on the list once there are some.
    private func feedStarvedEpoll() {
        guard hasFedStarved else { return }
        // As many as there are buffers, the longest waiting first: all others would find none, and the loop would turn for each
        // buffer that comes back through everybody who waits.
        let count = min(buffers.availableSmall - spareSmall, epoll.starved.count)
        var index = 0
        while index < count {
            let id = epoll.starved[index]
            index += 1
            guard let state = connections.live(id) else { continue }
            state.pointee.flags.remove(.starved)
            makeReady(id.slot, state)
        }
        epoll.starved.removeSubrange(0..<count)
    }

    /// Whether starved connections can be served now.
    var hasFedStarved: Bool { !epoll.starved.isEmpty && buffers.availableSmall > spareSmall }

    private func take(_ event: epoll_event) {
        let data = event.data.u64
        if data == EpollState.waker {
            clinux_eventfd_clear(waker.descriptor)
            ready.push(.woken)
        } else if data & EpollState.listenerMark != 0 {
            acceptAll(Int(data & ~EpollState.listenerMark))
        } else {
            let id = ConnectionID(slot: UInt32(truncatingIfNeeded: data), generation: UInt32(data >> 32))
            guard let state = connections.live(id) else { return }
            let events = event.events
            if events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
                state.pointee.flags.insert(.readable)
            }
            if events & (EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
                state.pointee.flags.insert(.hungUp)
            }
            if events & (EPOLLOUT.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
                state.pointee.flags.insert(.writable)
            }
            makeReady(id.slot, state)
        }
    }

    /// Puts the connection on the list, if it isn't there.
    func makeReady(_ slot: UInt32, _ state: UnsafeMutablePointer<ConnectionState>) {
        guard !state.pointee.flags.contains(.inReadyList) else { return }
        state.pointee.flags.insert(.inReadyList)
        state.pointee.next = -1
        if epoll.lastReady >= 0 {
            connections.state(UInt32(epoll.lastReady)).pointee.next = Int32(slot)
        } else {
            epoll.firstReady = Int32(slot)
        }
        epoll.lastReady = Int32(slot)
    }

    /// Serves ready connections until one of them gives a completion, or this turn's share is used up.
    func advanceEpoll() {
        while epoll.budget > 0, epoll.firstReady >= 0, ready.isEmpty {
            epoll.budget -= 1
            let slot = UInt32(epoll.firstReady)
            let state = connections.state(slot)
            epoll.firstReady = state.pointee.next
            if epoll.firstReady < 0 { epoll.lastReady = -1 }
            state.pointee.flags.remove(.inReadyList)
            if state.pointee.flags.contains(.closing) {
                releaseIfIdle(slot, state)
            } else {
                serve(ConnectionID(slot: slot, generation: state.pointee.generation), state)
            }
        }
    }

    private func serve(_ id: ConnectionID, _ state: UnsafeMutablePointer<ConnectionState>) {
        if state.pointee.flags.contains(.connecting) {
            guard state.pointee.flags.contains(.writable) else { return }
            let error = clinux_socket_error(state.pointee.descriptor)
            state.pointee.flags.remove(.connecting)
            guard error == 0 else { return fail(id, state, errno: error) }
            ready.push(.connected(id, owner: state.pointee.owner))
        }
        if state.pointee.firstSend >= 0, state.pointee.flags.contains(.writable) { flush(id, state) }
        if state.pointee.flags.isSuperset(of: .readableAndWanted), !state.pointee.flags.contains(.closing) {
            receive(id, state)
        } else if state.pointee.flags.contains(.hungUp), !state.pointee.flags.contains(.failed) {
            // Receiving is paused or over; an RST still has to be seen, since the other side waits for this one.
            let error = clinux_socket_error(state.pointee.descriptor)
            if error != 0 { fail(id, state, errno: error) }
        }
    }

    private func receive(_ id: ConnectionID, _ state: UnsafeMutablePointer<ConnectionState>) {
        let large = state.pointee.flags.contains(.large) && !isFrugal
        guard let buffer = (large ? bufferForReceiving(large: true) : nil) ?? bufferForReceiving(large: false) else {
            // Dry: stays readable, and waits for a buffer.
            if !state.pointee.flags.contains(.starved) {
                state.pointee.flags.insert(.starved)
                epoll.starved.append(id)
            }
            return
        }
        let capacity = isFrugal ? Frugality.receiveSize : buffers.isLarge(buffer) ? BufferPool.largeSize : BufferPool.smallSize
        let start = buffers.start(buffer)
        let count = clinux_receive(state.pointee.descriptor, start, capacity)
        if count > 0 {
            adaptBufferSize(state, received: count)
            // Less than asked for: the socket is empty, and the next arrival is a new edge. Not so before an end.
            if count < capacity, !state.pointee.flags.contains(.hungUp) {
                state.pointee.flags.remove(.readable)
            } else {
                makeReady(id.slot, state)
            }
            ready.push(.received(id, owner: state.pointee.owner, Chunk(start: start, count: count, buffer: buffer)))
            return
        }
        releaseBuffer(buffer)
        if count == 0 {
            state.pointee.flags.insert(.ended)
            state.pointee.flags.remove(.readableAndWanted)
            ready.push(.finished(id, owner: state.pointee.owner))
        } else if count == -11 /* EAGAIN */ {
            state.pointee.flags.remove(.readable)
        } else if count != -4 /* EINTR */ {
            fail(id, state, errno: Int32(-count))
        }
    }

    private func bufferForReceiving(large: Bool) -> Int32? {
        if large { return buffers.availableLarge > spareLarge ? buffers.takeLarge() : nil }
        return buffers.availableSmall > spareSmall ? buffers.takeSmall() : nil
    }

    /// Two receives in a row that fill a small buffer earn large ones; four that would fit a small one lose them.
    func adaptBufferSize(_ state: UnsafeMutablePointer<ConnectionState>, received count: Int) {
        if state.pointee.flags.contains(.large) {
            state.pointee.fullReceives = count < BufferPool.smallSize ? state.pointee.fullReceives - 1 : 4
            if state.pointee.fullReceives == 0 { state.pointee.flags.remove(.large) }
        } else if count == BufferPool.smallSize {
            state.pointee.fullReceives += 1
            if state.pointee.fullReceives == 2 {
                state.pointee.fullReceives = 4
                state.pointee.flags.insert(.large)
            }
        } else {
            state.pointee.fullReceives = 0
        }
    }

    /// Sends what is queued until the peer stops taking it.
    func flush(_ id: ConnectionID, _ state: UnsafeMutablePointer<ConnectionState>) {
        while state.pointee.firstSend >= 0 {
            let node = sends.node(state.pointee.firstSend)
            let count = clinux_send(state.pointee.descriptor, node.pointee.start, node.pointee.count)
            if count >= 0 {
                if !took(count, state) {
                    state.pointee.flags.remove(.writable)
                    return becameBlocked(id, state)
                }
            } else if count == -11 /* EAGAIN */ {
                state.pointee.flags.remove(.writable)
                return becameBlocked(id, state)
            } else if count != -4 /* EINTR */ {
                dropSends(state)
                return fail(id, state, errno: Int32(-count))
            }
        }
        queueEmptied(id, state)
    }

    /// Registers a new connection; on failure it is closed and forgotten.
    func watch(_ id: ConnectionID, _ descriptor: Int32) -> Bool {
        let events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET_bit
        let data = UInt64(id.generation) << 32 | UInt64(id.slot)
        guard clinux_epoll_add(epoll.descriptor, descriptor, events, data) >= 0 else {
            _ = clinux_close(descriptor)
            connections.remove(id.slot)
            return false
        }
        return true
    }

    /// EPOLLET, whose importer type differs from its siblings'.
    private var EPOLLET_bit: UInt32 { 1 << 31 }

    func watchListener(_ index: Int) {
        _ = clinux_epoll_remove(epoll.descriptor, listeners[index].descriptor)
        _ = clinux_epoll_add(
            epoll.descriptor, listeners[index].descriptor, EPOLLIN.rawValue, EpollState.listenerMark | UInt64(index))
    }

    private func acceptAll(_ index: Int) {
        var budget = 64
        while budget > 0, !listeners[index].stopped, listeners[index].armed {
            budget -= 1
            let descriptor = clinux_accept(listeners[index].descriptor)
            if descriptor >= 0 {
                accepted(descriptor, listener: index)
            } else if descriptor == -11 /* EAGAIN */ {
                return
            } else if descriptor != -103 /* ECONNABORTED */, descriptor != -4 /* EINTR */ {
                _ = clinux_epoll_remove(epoll.descriptor, listeners[index].descriptor)
                return pauseListener(index, errno: -descriptor)
            }
        }
    }
}
