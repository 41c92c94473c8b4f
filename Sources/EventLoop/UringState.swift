import CIOUring
import Wire

// io_uring: single issuer, deferred task work, one submission per turn.
//
// Receives are multishot and pick their buffer from a ring of provided small buffers; a side that fills them receives one shot at
// a time into the ring of large ones. Sends go out without waiting (MSG_DONTWAIT): they complete within the submission, and
// their buffer is free again in the same turn. Only what a peer refuses is sent with an operation that waits.
//
// The ring of provided buffers begins small, grows when it runs dry and shrinks when it no longer does, because a few buffers that stay in the cache
// beat a thousand that don't; what the kernel doesn't have lies on the pool's stack for our own bytes.

/// What the io_uring backend keeps.
struct UringState {
    static let smallGroup: UInt16 = 0
    static let largeGroup: UInt16 = 1
    static let batch = 128

    var ring: OpaquePointer?
    /// Small and large buffers that the kernel holds.
    var provided = 0
    var providedSmall = 0
    /// How many small buffers the kernel is to hold; doubled when they run out, halved again when they don't.
    var targetSmall: Int
    let leastSmall: Int
    let maximumSmall: Int
    /// Whether a receive found no buffer since the ring was last trimmed.
    var ranDry = false
    let completions: UnsafeMutablePointer<ciouring_completion> = .allocate(capacity: batch)
    var taken = 0
    var position = 0
    let wakeBytes: UnsafeMutablePointer<UInt64> = .allocate(capacity: 1)
    /// Connections whose receive found no buffer.
    var starved: [ConnectionID] = []

    /// - Parameter buffers: small buffers that there are for receives and slow peers.
    init(buffers: Int) {
        leastSmall = min(64, buffers / 2)
        maximumSmall = buffers / 4 * 3
        targetSmall = leastSmall
    }

    static func openRing(error: inout Int32) -> OpaquePointer? { ciouring_open(1024, 8192, &error) }

    /// What an operation's user data says besides slot and generation, in its upper eight bits.
    enum Operation: UInt64 {
        case ignored, receive, send, connect, accept, wake, cancel, failure
    }

    static func user(_ operation: Operation, _ slot: UInt32, _ generation: UInt32) -> UInt64 {
        operation.rawValue << 56 | UInt64(generation & 0xFF_FFFF) << 32 | UInt64(slot)
    }
}
