import EventLoop
import Wire

/// The number that a connection or timer of the loop carries for the worker: what it belongs to.
///
/// The lower 32 bits are an index; the kind stands above them. Bit 63 is the loop's own.
enum Owner {
    private static let idleMark: UInt64 = 1 << 40
    private static let flushingMark: UInt64 = 1 << 41
    private static let sweepMark: UInt64 = 1 << 42
    private static let endpointMark: UInt64 = 1 << 43
    private static let roomMark: UInt64 = 1 << 60

    /// The `side` connection of the session in this slot.
    static func session(_ slot: UInt32, _ side: Side) -> UInt64 { UInt64(slot) | UInt64(side.rawValue) << 32 }

    /// A kept upstream connection of the endpoint with this index.
    static func idle(_ endpoint: UInt32) -> UInt64 { idleMark | UInt64(endpoint) }

    /// A connection that is only being emptied before it is closed; the timer that bounds this carries its slot.
    static func flushing(_ connection: ConnectionID) -> UInt64 {
        flushingMark | UInt64(connection.slot) | UInt64(connection.generation & 0xFFFF) << 44
    }

    /// The worker's periodic chores.
    static let sweep = sweepMark

    /// Requests that wait for an endpoint try again.
    static let waitingForEndpoint = endpointMark

    /// Upgrades that wait for room under a limit try again.
    static let waitingForRoom = roomMark

    /// What `owner` means.
    enum Meaning {
        case session(UInt32, Side)
        case idle(UInt32)
        case flushing(slot: UInt32, generation: UInt32)
        case sweep
        case waitingForEndpoint
        case waitingForRoom
    }

    static func meaning(_ owner: UInt64) -> Meaning {
        let index = UInt32(truncatingIfNeeded: owner)
        if owner & idleMark != 0 { return .idle(index) }
        if owner & flushingMark != 0 {
            return .flushing(slot: index, generation: UInt32(truncatingIfNeeded: owner >> 44) & 0xFFFF)
        }
        if owner & sweepMark != 0 { return .sweep }
        if owner & endpointMark != 0 { return .waitingForEndpoint }
        if owner & roomMark != 0 { return .waitingForRoom }
        return .session(index, owner & (1 << 32) == 0 ? .downstream : .upstream)
    }
}
