public import Wire

/// From segments to the bytes of each direction, in order, each once.
///
/// The policy, which is one and written down here:
/// 1. What came first stays: a segment that repeats bytes which were handed out, or which wait, keeps only what is new of it. A
///    retransmission with other bytes changes nothing.
/// 2. A segment behind a hole waits. The hole is a *gap*, said through `missed`, once the other end acknowledged what the capture doesn't
///    have and a second of its time passed (captures reorder packets a little); or once `pendingLimit` bytes wait; or at the connection's
///    end. A gap is never a peer's fault: the capture lost it. What waited behind it is told as of when it came.
/// 3. A connection without its SYN starts with the first segment of each direction that is seen. An acknowledgement tells where the other
///    direction stands, so that a capture of one direction says how much the other one sent.
/// 4. RST and FIN count if they lie at most 16 MiB ahead of the direction's place, of what the other end acknowledged or of what waits;
///    RST also at the other end's latest acknowledgement. RST ends both directions. Others are strays or blind shots and ignored,
///    and so is a SYN-ACK that belongs to no SYN of a followed connection.
/// 5. At most `limit` connections are held; then the eldest is let go, and counted.
public final class TCPReassembler {
    public internal(set) var counts = Counts()
    var table: ConnectionTable
    var pending: [Int: PendingSegments] = [:]
    /// What all that wait hold of memory.
    var pendingCost = 0
    unowned let sink: any StreamSink

    /// Memory of one direction's segments that may wait behind a hole (`PendingSegments.cost`), and how many segments.
    static let pendingLimit = 1 << 20
    static let pendingSegments = 1024
    /// Memory of what may wait of all connections.
    static let pendingTotal = 64 << 20
    /// How long a hole may be filled by a packet that the capture put later.
    static let patience: UInt64 = 1_000_000_000
    /// The same where no acknowledgement says that the bytes were sent at all.
    static let longPatience: UInt64 = 120_000_000_000
    /// How far a segment may lie from its direction's place: the largest window (RFC 7323).
    static let furthest: Int32 = 1 << 30

    /// - Parameters:
    ///   - limit: connections that are held at a time.
    ///   - seed: a random number.
    public init(sink: any StreamSink, limit: Int = 131_072, seed: UInt64) {
        self.sink = sink
        table = ConnectionTable(limit: limit, seed: seed)
    }

    /// Takes the next segment of the capture, with the bytes in which its payload lies.
    public func take(_ segment: Segment, _ bytes: RawSpan, at time: Timestamp) {
        let now = time.nanoseconds
        var slot: Int
        if let found = table.find(segment.key) {
            slot = found
        } else {
            // What only ends or acknowledges begins nothing.
            if segment.flags.contains(.rst) || (segment.length == 0 && !segment.flags.contains(.syn)) { return }
            slot = add(segment, now)
        }
        if segment.flags.contains(.syn), isForeign(segment, slot) {
            guard mayBeNew(segment, slot) else { return }
            finish(slot, .replaced, time)
            table.remove(slot)
            slot = add(segment, now)
        }
        let connection = table.slots + slot
        connection.pointee.isRecent = true
        if now > connection.pointee.lastSeen { connection.pointee.lastSeen = now }
        switch connection.pointee.state {
        case .followed: follow(slot, segment, bytes, time)
        case .ignored: watch(slot, segment, time)
        case .over, .free: break
        }
    }

    /// The capture is over: everything that is still open is told so.
    public func finish(at time: Timestamp) {
        for slot in table.range where table.slots[slot].state == .followed || table.slots[slot].state == .ignored {
            finish(slot, .captureEnded, Timestamp(nanoseconds: table.slots[slot].lastSeen))
        }
    }

    /// What is known of a connection; valid until after its `closed`.
    public func connection(_ slot: Int) -> CapturedConnection {
        let it = table.slots + slot
        let toServer =
            it.pointee.synAt > 0 && it.pointee.synAckAt >= it.pointee.synAt
            ? TimeSpan(nanoseconds: it.pointee.synAckAt - it.pointee.synAt) : nil
        let toClient =
            it.pointee.synAckAt > 0 && it.pointee.ackAt >= it.pointee.synAckAt
            ? TimeSpan(nanoseconds: it.pointee.ackAt - it.pointee.synAckAt) : nil
        return CapturedConnection(
            number: it.pointee.number, key: it.pointee.key, initiator: ConnectionEnd(rawValue: it.pointee.initiator),
            firstSeen: Timestamp(nanoseconds: it.pointee.firstSeen), lastSeen: Timestamp(nanoseconds: it.pointee.lastSeen),
            handshake: (toServer, toClient), retransmissions: it.pointee.retransmissions, outOfOrder: it.pointee.outOfOrder,
            zeroWindows: it.pointee.zeroWindows, missing: it.pointee.missing,
            oneSided: !half(slot, .a).pointee.isSeen || !half(slot, .b).pointee.isSeen)
    }

    /// The slot of the connection that has these ends, if it is held.
    public func slot(of key: ConnectionKey) -> Int? { table.find(key) }

    // MARK: Connections

    func add(_ segment: Segment, _ now: UInt64) -> Int {
        if table.isFull {
            let eldest = table.eldest()
            if table.slots[eldest].state != .over {
                counts.letGo += 1
                finish(eldest, .letGo, Timestamp(nanoseconds: table.slots[eldest].lastSeen))
            }
            table.remove(eldest)
        }
        counts.connections += 1
        let slot = table.add(segment.key, number: counts.connections, at: now)
        if table.count > counts.mostHeld { counts.mostHeld = table.count }
        return slot
    }

    /// Whether a SYN is of another connection than the one that has its addresses.
    func isForeign(_ segment: Segment, _ slot: Int) -> Bool {
        let connection = table.slots + slot
        let half = half(slot, segment.sender).pointee
        // Behind a SYN the direction of its answer isn't known yet.
        if segment.flags.contains(.ack) { return half.isKnown && segment.sequence &+ 1 != half.next && !isRepeated(segment, half) }
        if connection.pointee.state == .over { return true }
        // The same SYN again has the number before the first byte, and comes before any.
        return half.isKnown && (connection.pointee.synAt == 0 || segment.sequence &+ 1 != half.next) && !isRepeated(segment, half)
    }

    /// Whether a foreign SYN may open a connection.
    ///
    /// A SYN-ACK does where only the server's packets are seen; beside a connection whose SYN is known it is a blind shot.
    func mayBeNew(_ segment: Segment, _ slot: Int) -> Bool {
        let connection = table.slots + slot
        return !segment.flags.contains(.ack) || connection.pointee.synAt == 0 || connection.pointee.state == .over
    }

    /// Whether a late copy of the connection's own SYN came: its number lies shortly behind.
    func isRepeated(_ segment: Segment, _ half: HalfStream) -> Bool {
        let behind = PendingSegments.distance(segment.sequence &+ 1, half.next)
        return behind >= 0 && behind < 1 << 16
    }

    func finish(_ slot: Int, _ why: ConnectionClosure, _ time: Timestamp) {
        let connection = table.slots + slot
        guard connection.pointee.state == .followed || connection.pointee.state == .ignored else { return }
        if connection.pointee.state == .followed {
            surrender(slot, .a, time)
            surrender(slot, .b, time)
            // What was surrendered may have held both ends.
            guard connection.pointee.state == .followed else { return }
        }
        if why == .refused { counts.refused += 1 }
        sink.closed(slot, why, at: time)
        connection.pointee.state = .over
        forget(slot)
    }

    func forget(_ slot: Int) {
        for end in 0...1 {
            if let waiting = pending.removeValue(forKey: slot * 2 + end) { pendingCost -= waiting.cost }
        }
    }

    /// A connection that nobody follows: only its end matters.
    @inline(__always)
    func watch(_ slot: Int, _ segment: Segment, _ time: Timestamp) {
        guard !segment.flags.isDisjoint(with: [.rst, .fin]) else { return }
        if segment.flags.contains(.rst) { return finish(slot, .ended, time) }
        half(slot, segment.sender).pointee.isEnded = true
        if half(slot, segment.sender.opposite).pointee.isEnded { finish(slot, .ended, time) }
    }
}
