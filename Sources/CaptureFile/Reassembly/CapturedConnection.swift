package import Wire

/// What is known of a connection besides its bytes.
package struct CapturedConnection: Sendable, Hashable {
    /// Counted from 1 in the order of the first packets.
    package var number: UInt64
    package var key: ConnectionKey
    /// Who opened it; nil if its SYN is not in the capture.
    package var initiator: ConnectionEnd?
    /// The first packet.
    package var firstSeen: Timestamp
    package var lastSeen: Timestamp
    /// From the SYN to the SYN-ACK, and from there to the ACK: the round trip, cut at the place of the capture.
    package var handshake: (toServer: TimeSpan?, toClient: TimeSpan?)
    package var retransmissions: UInt32
    /// Segments that came before one that belongs in front of them.
    package var outOfOrder: UInt32
    /// How often an end said that it had no room (window 0).
    package var zeroWindows: UInt32
    /// Bytes of a direction that are not in the capture.
    package var missing: UInt64
    /// Whether a direction was never seen at all.
    package var oneSided: Bool

    package static func == (one: CapturedConnection, other: CapturedConnection) -> Bool {
        one.number == other.number && one.key == other.key
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(number)
        hasher.combine(key)
    }
}
