import CIOUring
import CLinux
import Wire

extension EventLoop {
    /// Buffers of the pool that slow peers may hold before their bytes are moved to blocks of their own.
    private var roomForBlockedSends: Bool { buffers.availableSmall > spareSmall + frugality.memory.smallBuffers / 4 }
    private var roomForLargeBlockedSends: Bool { buffers.availableLarge > spareLarge }

    /// A buffer of 64 KiB for bytes of one's own, or nil when the pool is dry: then send from elsewhere with
    /// `send(_:copying:)`, which always finds room.
    public func takeBuffer() -> Chunk? {
        buffers.takeSmall().map { Chunk(start: buffers.start($0), count: BufferPool.smallSize, buffer: $0) }
    }

    /// Makes one more owner of the chunk's buffer: one more `send` or `release` must follow.
    public func retain(_ chunk: Chunk) { buffers.retain(chunk.buffer) }

    /// Gives a chunk back that is not to be sent.
    public func release(_ chunk: Chunk) { releaseBuffer(chunk.buffer) }

    /// Sends the chunk's bytes after all that were sent before; the loop owns the chunk from here on.
    public func send(_ id: ConnectionID, _ chunk: Chunk) {
        guard let state = connections.live(id), chunk.count > 0, !state.pointee.flags.contains(.closeWhenSent) else {
            releaseBuffer(chunk.buffer)
            return
        }
        sends.append(to: state, start: chunk.start, count: chunk.count, buffer: chunk.buffer, block: nil)
        startSending(id, state)
    }

    /// Sends a copy of `bytes`.
    public func send(_ id: ConnectionID, copying bytes: UnsafeRawBufferPointer) {
        guard let state = connections.live(id), let source = bytes.baseAddress, bytes.count > 0,
            !state.pointee.flags.contains(.closeWhenSent)
        else { return }
        let waits = state.pointee.flags.contains(.blocked) && !roomForBlockedSends
        if bytes.count <= BufferPool.smallSize, !waits, let buffer = buffers.takeSmall() {
            let start = buffers.start(buffer)
            start.copyMemory(from: source, byteCount: bytes.count)
            sends.append(to: state, start: start, count: bytes.count, buffer: buffer, block: nil)
        } else {
            let block = makeBlock(copying: source, count: bytes.count)
            sends.append(to: state, start: block, count: bytes.count, buffer: -1, block: block)
        }
        startSending(id, state)
    }

    /// Bytes that the peer has not taken yet.
    public func queuedBytes(_ id: ConnectionID) -> Int { connections.live(id)?.pointee.queuedBytes ?? 0 }

    /// Whether the peer doesn't accept at present.
    public func isBlocked(_ id: ConnectionID) -> Bool {
        connections.live(id).map { !$0.pointee.flags.isDisjoint(with: .heldBack) } ?? false
    }

    /// Reports `drained` when everything queued so far has been taken (at once, if that is so already).
    public func notifyWhenSent(_ id: ConnectionID) {
        guard let state = connections.live(id) else { return }
        if state.pointee.firstSend < 0 {
            ready.push(.drained(id, owner: state.pointee.owner))
        } else {
            state.pointee.flags.insert(.notifyWhenSent)
        }
    }

    private func startSending(_ id: ConnectionID, _ state: UnsafeMutablePointer<ConnectionState>) {
        // What is queued behind a peer that doesn't take it must not use the pool up either. The first pending send may
        // be with the kernel and stays where it is.
        if state.pointee.flags.contains(.blocked), state.pointee.lastSend != state.pointee.firstSend {
            moveIfBuffersAreShort(state.pointee.lastSend)
        }
        guard !state.pointee.flags.contains(.connecting) else { return }
        switch backend {
        case .uring:
            if !state.pointee.flags.contains(.sendInFlight) { submitSend(id.slot, state) }
            reportIfOverfull(id, state)
        case .epoll: if !state.pointee.flags.contains(.blocked) { flush(id, state) }
        }
    }

    /// One send a turn goes out, while one turn may bring many receives: a sender that is faster than that is held back
    /// like one whose peer is slow, or the queue would grow as long as it goes on.
    private func reportIfOverfull(_ id: ConnectionID, _ state: UnsafeMutablePointer<ConnectionState>) {
        guard state.pointee.queuedBytes > (isFrugal ? Frugality.queueLimit : EventLoop.queueLimit),
            state.pointee.flags.isDisjoint(with: .heldBack)
        else { return }
        state.pointee.flags.insert(.overfull)
        ready.push(.blocked(id, owner: state.pointee.owner))
    }

    /// Queued bytes of a connection beyond which `blocked` is reported even though the peer takes them.
    static var queueLimit: Int { 1 << 20 }

    /// The kernel took `count` bytes of the first pending send; true when that send is done.
    func took(_ count: Int, _ state: UnsafeMutablePointer<ConnectionState>) -> Bool {
        let node = sends.node(state.pointee.firstSend)
        if count >= node.pointee.count {
            release(sends.removeFirst(of: state))
            return true
        }
        node.pointee.start += count
        node.pointee.count -= count
        state.pointee.queuedBytes -= count
        return false
    }

    /// The peer took less than was offered: says so once, and moves what waits to blocks of its own if buffers are short.
    func becameBlocked(_ id: ConnectionID, _ state: UnsafeMutablePointer<ConnectionState>) {
        if !state.pointee.flags.contains(.blocked) {
            state.pointee.flags.insert(.blocked)
            if !state.pointee.flags.contains(.overfull) { ready.push(.blocked(id, owner: state.pointee.owner)) }
        }
        var index = state.pointee.firstSend
        while index >= 0 {
            moveIfBuffersAreShort(index)
            index = sends.node(index).pointee.next
        }
    }

    /// Moves a pending send, which is not with the kernel, to a block of its own if the pool has little left.
    private func moveIfBuffersAreShort(_ index: Int32) {
        let node = sends.node(index)
        let buffer = node.pointee.buffer
        guard buffer >= 0, buffers.isLarge(buffer) ? !roomForLargeBlockedSends : !roomForBlockedSends else { return }
        let block = makeBlock(copying: node.pointee.start, count: node.pointee.count)
        node.pointee.start = block
        node.pointee.block = block
        node.pointee.buffer = -1
        releaseBuffer(buffer)
    }

    /// The queue is empty: reports what was promised for that moment.
    func queueEmptied(_ id: ConnectionID, _ state: UnsafeMutablePointer<ConnectionState>) {
        let flags = state.pointee.flags
        guard !flags.isDisjoint(with: .waitsForQueue) else { return }
        state.pointee.flags.remove(.owesDrained)
        if flags.contains(.finishRequested) { sendFinish(state) }
        if flags.contains(.closeWhenSent) {
            beginClose(id.slot, state)
        } else if !flags.isDisjoint(with: .owesDrained) {
            ready.push(.drained(id, owner: state.pointee.owner))
        }
    }

    func dropSends(_ state: UnsafeMutablePointer<ConnectionState>) {
        while state.pointee.firstSend >= 0 { release(sends.removeFirst(of: state)) }
    }

    private func release(_ send: PendingSend) {
        // `start` has moved on by what was taken.
        if let block = send.block { freeBlock(block, count: send.start - block + send.count) } else { releaseBuffer(send.buffer) }
    }

    func releaseBuffer(_ buffer: Int32) {
        guard buffers.release(buffer) else { return }
        switch backend {
        case .uring: recycleUring(buffer)
        case .epoll: buffers.recycle(buffer)
        }
    }
}
