public import Wire

/// What is known of a connection besides its bytes.
public struct CapturedConnection: Sendable, Hashable {
    /// Counted from 1 in the order of the first packets.
    public var number: UInt64
    public var key: ConnectionKey
    /// Who opened it; nil if its SYN is not in the capture.
    public var initiator: ConnectionEnd?
    /// The first packet.
    public var firstSeen: Timestamp
    public var lastSeen: Timestamp
    /// From the SYN to the SYN-ACK, and from there to the ACK: the round trip, cut at the place of the capture.
    public var handshake: (toServer: TimeSpan?, toClient: TimeSpan?)
    public var retransmissions: UInt32
    /// Segments that came before one that belongs in front of them.
    public var outOfOrder: UInt32
    /// How often an end said that it had no room (window 0).
    public var zeroWindows: UInt32
    /// Bytes of a direction that are not in the capture.
    public var missing: UInt64
    /// Whether a direction was never seen at all.
    public var oneSided: Bool

    public static func == (one: CapturedConnection, other: CapturedConnection) -> Bool {
        one.number == other.number && one.key == other.key
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(number)
        hasher.combine(key)
    }
}
