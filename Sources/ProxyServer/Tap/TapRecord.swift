import Wire

/// One event of a tapped session as it lies in a chunk or in a black box: 32 bytes, then `kept` bytes, then up to eight bytes of padding.
///
///     0      4    5    6     7     8    16    24      28    32
///     │ size │kind│side│flags│extra│ key│ time│ length│ kept│ bytes …
///
/// Written by a worker, read by the capture's thread of the same process, so in the machine's own byte order.
struct TapRecord {
    enum Kind: UInt8 {
        /// A side's conversation begins: both addresses, the session's name, the index of its payload rule.
        case opened = 1
        /// Another session on the same downstream connection: its name.
        case named
        /// Bytes that came from a side.
        case received
        /// Bytes that Gatehouse sent to a side.
        case sent
        /// Bytes that came from a side and went to the other as they were.
        case relayed
        /// Bytes that are not in the capture: `length` of them; `extra` is the kind that they would have had.
        case missed
        /// FIN, and RST, of the peer.
        case peerFinished, peerReset
        /// FIN, and RST, of Gatehouse's.
        case finished, reset
        /// Gatehouse ends a side: `extra` says why, `length` is the close code or 0.
        case local
        /// A timer fired for a side: `extra` says which.
        case timedOut
        /// The verdict on a refusal; the bytes are its cause, and after a space the reason of a refusal of Gatehouse's own.
        case refused
        /// The session is over; the bytes are the verdict's cause, and after a space who ended it first.
        case over
        /// Nothing more comes of the connection.
        case closed

        var carriesStream: Bool { self == .received || self == .sent || self == .relayed }
    }

    /// What is to be said of bytes.
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let head = Flags(rawValue: 1)
        /// Secrets in it were made unreadable.
        static let redacted = Flags(rawValue: 2)
        /// A ping of Gatehouse's own.
        static let heartbeat = Flags(rawValue: 4)
        /// A close frame of Gatehouse's own.
        static let close = Flags(rawValue: 8)
        /// Frames: the session is a tunnel.
        static let tunnel = Flags(rawValue: 16)
        /// Whole pages of its bytes stand apart in the chunk (`TapPages`).
        static let paged = Flags(rawValue: 32)
    }

    static let headerSize = 32

    var kind: Kind
    var side: Side
    var flags: Flags = []
    var extra: UInt8 = 0
    /// Names the connection.
    var key: UInt64
    var time: Timestamp
    /// Bytes on the wire.
    var length = 0
    /// Bytes that follow.
    var kept = 0

    var size: Int { TapRecord.headerSize + (kept + 7) & ~7 }

    /// Writes the header; the bytes' place is what it gives.
    @inline(__always)
    func write(to place: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        place.storeBytes(of: UInt32(truncatingIfNeeded: size), as: UInt32.self)
        place.storeBytes(of: kind.rawValue, toByteOffset: 4, as: UInt8.self)
        place.storeBytes(of: side.rawValue, toByteOffset: 5, as: UInt8.self)
        place.storeBytes(of: flags.rawValue, toByteOffset: 6, as: UInt8.self)
        place.storeBytes(of: extra, toByteOffset: 7, as: UInt8.self)
        place.storeBytes(of: key, toByteOffset: 8, as: UInt64.self)
        place.storeBytes(of: time.nanoseconds, toByteOffset: 16, as: UInt64.self)
        place.storeBytes(of: UInt32(truncatingIfNeeded: length), toByteOffset: 24, as: UInt32.self)
        place.storeBytes(of: UInt32(truncatingIfNeeded: kept), toByteOffset: 28, as: UInt32.self)
        return place + TapRecord.headerSize
    }

    /// Reads what `write` wrote.
    static func read(_ place: UnsafeRawPointer) -> TapRecord {
        guard let kind = Kind(rawValue: place.load(fromByteOffset: 4, as: UInt8.self)),
            let side = Side(rawValue: place.load(fromByteOffset: 5, as: UInt8.self))
        else { preconditionFailure("TapRecord: a record that no worker wrote") }
        return TapRecord(
            kind: kind, side: side, flags: Flags(rawValue: place.load(fromByteOffset: 6, as: UInt8.self)),
            extra: place.load(fromByteOffset: 7, as: UInt8.self), key: place.load(fromByteOffset: 8, as: UInt64.self),
            time: Timestamp(nanoseconds: place.load(fromByteOffset: 16, as: UInt64.self)),
            length: Int(place.load(fromByteOffset: 24, as: UInt32.self)), kept: Int(place.load(fromByteOffset: 28, as: UInt32.self))
        )
    }

    init(
        _ kind: Kind, _ side: Side, flags: Flags = [], extra: UInt8 = 0, key: UInt64, at time: Timestamp, length: Int = 0,
        kept: Int = 0
    ) {
        self.init(kind: kind, side: side, flags: flags, extra: extra, key: key, time: time, length: length, kept: kept)
    }

    private init(
        kind: Kind, side: Side, flags: Flags, extra: UInt8, key: UInt64, time: Timestamp, length: Int, kept: Int
    ) {
        self.kind = kind
        self.side = side
        self.flags = flags
        self.extra = extra
        self.key = key
        self.time = time
        self.length = length
        self.kept = kept
    }
}

/// What an `opened` record says.
struct TapOpening {
    var initiator: SocketAddress
    var responder: SocketAddress
    var session: SessionID
    /// The place of its payload rule in the capture's list.
    var rule: UInt32

    static let size = 56

    func write(to place: UnsafeMutableRawPointer) {
        for (index, value) in [initiator.high, initiator.low, responder.high, responder.low, session.value].enumerated() {
            place.storeBytes(of: value, toByteOffset: index * 8, as: UInt64.self)
        }
        place.storeBytes(of: initiator.port, toByteOffset: 40, as: UInt16.self)
        place.storeBytes(of: responder.port, toByteOffset: 42, as: UInt16.self)
        place.storeBytes(of: rule, toByteOffset: 44, as: UInt32.self)
        place.storeBytes(of: 0, toByteOffset: 48, as: UInt64.self)
    }

    static func read(_ place: UnsafeRawPointer) -> TapOpening {
        func number(_ index: Int) -> UInt64 { place.load(fromByteOffset: index * 8, as: UInt64.self) }
        return TapOpening(
            initiator: SocketAddress(high: number(0), low: number(1), port: place.load(fromByteOffset: 40, as: UInt16.self)),
            responder: SocketAddress(high: number(2), low: number(3), port: place.load(fromByteOffset: 42, as: UInt16.self)),
            session: SessionID(number(4)), rule: place.load(fromByteOffset: 44, as: UInt32.self))
    }
}
