import Wire

/// What is known of one direction of a connection: plain numbers, so that a table of them costs no reference counts.
struct HalfStream {
    /// The sequence number of the next byte that is wanted.
    var next: UInt32 = 0
    /// Whether `next` means something.
    var isKnown = false
    /// Whether a packet of this direction was seen.
    var isSeen = false
    /// The highest acknowledgement that the other end sent, once it sent one.
    var acknowledged: UInt32 = 0
    var isAcknowledged = false
    /// Whether segments wait behind a hole.
    var waits = false
    var finAt: UInt32 = 0
    var hasFIN = false
    var isEnded = false
    /// Since when bytes are missing; 0 if none are.
    var holeSince: UInt64 = 0
}

/// One captured connection in the table.
struct ConnectionSlot {
    enum State: UInt8 {
        case free
        /// Its bytes are wanted.
        case followed
        /// Nobody wants its bytes; its end is still watched.
        case ignored
        /// Ended; kept so that late packets of it aren't taken for another connection.
        case over
    }

    var key: ConnectionKey
    var hash: UInt32
    var state = State.free
    /// Whether it spoke since the table's hand last passed.
    var isRecent = true
    /// 0 or 1 as `ConnectionEnd`, 2 if unknown.
    var initiator: UInt8 = 2
    var number: UInt64
    var firstSeen: UInt64
    var lastSeen: UInt64
    var synAt: UInt64 = 0
    var synAckAt: UInt64 = 0
    var ackAt: UInt64 = 0
    var missing: UInt64 = 0
    var retransmissions: UInt32 = 0
    var outOfOrder: UInt32 = 0
    var zeroWindows: UInt32 = 0
}
