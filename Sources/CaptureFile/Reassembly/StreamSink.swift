package import Wire

/// What a capture's connections are told to: the bytes of each direction in order, what is missing, and how it ended.
///
/// A connection is named by its slot, a small number that is used again once `closed` was said.
package protocol StreamSink: AnyObject {
    /// Bytes that `sender` sent, the next ones of its direction; they hold for the call.
    ///
    /// - Returns: false if nothing more of this connection is wanted: from then on its packets cost next to nothing.
    func received(_ slot: Int, from sender: ConnectionEnd, _ bytes: RawSpan, at time: Timestamp) -> Bool
    /// `count` bytes of `sender`'s direction are not in the capture; nobody is to blame for them.
    func missed(_ slot: Int, from sender: ConnectionEnd, _ count: UInt64, at time: Timestamp)
    /// `sender` ended its direction (FIN), or the connection (RST).
    func ended(_ slot: Int, from sender: ConnectionEnd, _ end: TransportEnd, at time: Timestamp)
    /// Nothing more comes of this connection. Said of every connection, also of those that nothing else was said of.
    func closed(_ slot: Int, _ why: ConnectionClosure, at time: Timestamp)
}

/// Why nothing more comes of a connection.
package enum ConnectionClosure: Sendable, Hashable {
    /// Both directions ended, or it was reset.
    case ended
    /// A SYN was answered with RST.
    case refused
    /// The capture is over.
    case captureEnded
    /// Too many connections were open at a time, and this was silent for longest.
    case letGo
    /// Its addresses and ports came back with a new SYN.
    case replaced
}

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
