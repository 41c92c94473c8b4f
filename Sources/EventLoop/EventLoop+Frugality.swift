import CIOUring
import CLinux

// Bytes that slow peers hold in blocks of their own, and receiving by the page when those are many. See `LoopMemory`.

/// Whether a loop is frugal, and what made it so.
struct Frugality {
    let memory: LoopMemory
    /// Bytes in blocks of slow peers.
    private(set) var held = 0
    private(set) var isOn = false
    /// It has just begun: receives that were begun before must be begun anew (io_uring).
    var hasBegun = false

    /// Bytes of one receive while frugal.
    static let receiveSize = 4 << 10
    /// Queued bytes of a connection that count as too many meanwhile.
    static let queueLimit = 64 << 10

    mutating func hold(_ count: Int) {
        held += count
        guard !isOn, held > memory.frugalFrom else { return }
        isOn = true
        hasBegun = true
    }

    mutating func letGo(_ count: Int) {
        held -= count
        if isOn, held <= memory.frugalFrom / 2 { isOn = false }
    }
}

extension EventLoop {
    /// Bytes in blocks of their own, because their peers don't take them.
    public var heldBytes: Int { frugality.held }

    /// By how much that is more than the loop was given; sessions should be ended then.
    public var excessBytes: Int { frugality.held > frugality.memory.heldLimit ? frugality.held - frugality.memory.heldLimit : 0 }

    /// Whether it receives by the page, because slow peers hold much.
    public var isFrugal: Bool { frugality.isOn }

    /// Small buffers that are not for receives and slow peers: only for bytes of the composition's own, and those for a turn.
    var spareSmall: Int { buffers.smallCount - frugality.memory.smallBuffers }
    var spareLarge: Int { buffers.largeCount - frugality.memory.largeBuffers }

    /// A block for bytes that a slow peer is to take; `freeBlock` gives it back.
    func makeBlock(copying source: UnsafeRawPointer, count: Int) -> UnsafeMutableRawPointer {
        let block = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 16)
        block.copyMemory(from: source, byteCount: count)
        frugality.hold(count)
        return block
    }

    func freeBlock(_ block: UnsafeMutableRawPointer, count: Int) {
        block.deallocate()
        frugality.letGo(count)
    }

    /// Receives that go on by themselves would bring up to two megabytes in one go: each is begun anew, for one receive.
    func beginFrugality() {
        frugality.hasBegun = false
        connections.forEachSlot { slot, state in
            if !state.pointee.flags.contains(.closing) { cancelReceive(slot, state) }
        }
    }

    /// A new connection's bound in the kernel, where there is one.
    func boundUnsent(_ descriptor: Int32) {
        if let bytes = frugality.memory.unsentInKernel { _ = clinux_set_unsent_limit(descriptor, bytes) }
    }
}
