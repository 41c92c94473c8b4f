package import Wire

/// From segments to the bytes of each direction, in order, each once.
///
/// The policy, which is one and written down here:
/// 1. What came first stays: a segment that repeats bytes which were handed out keeps only what is new of it. A retransmission with other
///    bytes changes nothing.
/// 2. A segment behind a hole waits. The hole is a *gap*, said through `missed`, once the other end acknowledged what the capture doesn't
///    have and a second of its time passed (captures reorder packets a little); or once `pendingLimit` bytes wait; or at the connection's
///    end. A gap is never a peer's fault: the capture lost it.
/// 3. A connection without its SYN starts with the first segment of each direction that is seen. An acknowledgement tells where the other
///    direction stands, so that a capture of one direction says how much the other one sent.
/// 4. RST counts if it lies near the direction's place; it ends both directions. Other RSTs are blind shots and ignored.
/// 5. At most `limit` connections are held; then the eldest is let go, and counted.
package final class TCPReassembler {
    /// What there was over all.
    package struct Counts: Sendable, Hashable {
        package var connections: UInt64 = 0
        /// Connections that were let go because too many were open.
        package var letGo: UInt64 = 0
        /// Connections whose SYN was answered with RST.
        package var refused: UInt64 = 0
        package var payloadBytes: UInt64 = 0
        package var missingBytes: UInt64 = 0
        package var retransmissions: UInt64 = 0
        package var outOfOrder: UInt64 = 0
        /// The most connections that were held at a time.
        package var mostHeld = 0
    }

    package private(set) var counts = Counts()
    private var table: ConnectionTable
    private var pending: [Int: PendingSegments] = [:]
    private var pendingBytes = 0
    private unowned let sink: any StreamSink

    /// Bytes of one direction that may wait behind a hole, and how many segments.
    private static let pendingLimit = 1 << 20
    private static let pendingSegments = 1024
    /// Bytes of all connections that may wait.
    private static let pendingTotal = 64 << 20
    /// How long a hole may be filled by a packet that the capture put later.
    private static let patience: UInt64 = 1_000_000_000
    /// The same where no acknowledgement says that the bytes were sent at all.
    private static let longPatience: UInt64 = 120_000_000_000
    /// How far a segment may lie from its direction's place: the largest window (RFC 7323).
    private static let furthest: Int32 = 1 << 30

    /// - Parameters:
    ///   - limit: connections that are held at a time.
    ///   - seed: a random number.
    package init(sink: any StreamSink, limit: Int = 131_072, seed: UInt64) {
        self.sink = sink
        table = ConnectionTable(limit: limit, seed: seed)
    }

    /// Takes the next segment of the capture, with the bytes in which its payload lies.
    package func take(_ segment: Segment, _ bytes: RawSpan, at time: Timestamp) {
        let now = time.nanoseconds
        var slot: Int
        if let found = table.find(segment.key) {
            slot = found
        } else {
            // What only ends or acknowledges begins nothing.
            if segment.flags.contains(.rst) || (segment.length == 0 && !segment.flags.contains(.syn)) { return }
            slot = add(segment, now)
        }
        if segment.flags.contains(.syn), isNew(segment, slot) {
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
    package func finish(at time: Timestamp) {
        for slot in table.range where table.slots[slot].state == .followed || table.slots[slot].state == .ignored {
            finish(slot, .captureEnded, Timestamp(nanoseconds: table.slots[slot].lastSeen))
        }
    }

    /// What is known of a connection; valid until after its `closed`.
    package func connection(_ slot: Int) -> CapturedConnection {
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
    package func slot(of key: ConnectionKey) -> Int? { table.find(key) }

    // MARK: Connections

    private func add(_ segment: Segment, _ now: UInt64) -> Int {
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

    /// Whether a SYN opens another connection than the one that has its addresses.
    private func isNew(_ segment: Segment, _ slot: Int) -> Bool {
        let connection = table.slots + slot
        if segment.flags.contains(.ack) { return false }
        if connection.pointee.state == .over { return true }
        let half = half(slot, segment.sender).pointee
        // The same SYN again has the number before the first byte, and comes before any.
        return half.isKnown && (connection.pointee.synAt == 0 || segment.sequence &+ 1 != half.next) && !isRepeated(segment, half)
    }

    /// Whether a late copy of the connection's own SYN came: its number lies shortly behind.
    private func isRepeated(_ segment: Segment, _ half: HalfStream) -> Bool {
        let behind = PendingSegments.distance(segment.sequence &+ 1, half.next)
        return behind >= 0 && behind < 1 << 16
    }

    private func finish(_ slot: Int, _ why: ConnectionClosure, _ time: Timestamp) {
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

    private func forget(_ slot: Int) {
        for end in 0...1 {
            if let waiting = pending.removeValue(forKey: slot * 2 + end) { pendingBytes -= waiting.bytes }
        }
    }

    /// A connection that nobody follows: only its end matters.
    @inline(__always)
    private func watch(_ slot: Int, _ segment: Segment, _ time: Timestamp) {
        guard !segment.flags.isDisjoint(with: [.rst, .fin]) else { return }
        if segment.flags.contains(.rst) { return finish(slot, .ended, time) }
        half(slot, segment.sender).pointee.isEnded = true
        if half(slot, segment.sender.opposite).pointee.isEnded { finish(slot, .ended, time) }
    }

    // MARK: Directions

    @inline(__always)
    private func half(_ slot: Int, _ end: ConnectionEnd) -> UnsafeMutablePointer<HalfStream> {
        table.halves + (slot * 2 + Int(end.rawValue))
    }

    private func follow(_ slot: Int, _ segment: Segment, _ bytes: RawSpan, _ time: Timestamp) {
        let now = time.nanoseconds
        let own = half(slot, segment.sender)
        let other = half(slot, segment.sender.opposite)
        let connection = table.slots + slot
        own.pointee.isSeen = true
        if segment.window == 0, segment.flags.isDisjoint(with: [.rst, .syn]) { connection.pointee.zeroWindows &+= 1 }

        var sequence = segment.sequence
        if segment.flags.contains(.syn) {
            began(slot, segment, now)
            sequence &+= 1
            if !own.pointee.isKnown {
                own.pointee.next = sequence
                own.pointee.isKnown = true
            }
        } else if connection.pointee.ackAt == 0, connection.pointee.synAckAt > 0,
            segment.sender.rawValue == connection.pointee.initiator
        {
            connection.pointee.ackAt = now
        }
        if segment.flags.contains(.rst) { return reset(slot, segment, own, time) }
        if segment.flags.contains(.ack) {
            acknowledge(other, segment.acknowledgement)
            // Before this segment's own bytes: it was sent in the knowledge of what is missing.
            checkHole(slot, segment.sender.opposite, other, time)
            guard connection.pointee.state == .followed else { return }
        }

        if segment.length > 0 || segment.flags.contains(.fin) {
            if !own.pointee.isKnown {
                own.pointee.next = sequence
                own.pointee.isKnown = true
            }
            if segment.flags.contains(.fin), !own.pointee.hasFIN {
                let place = sequence &+ UInt32(truncatingIfNeeded: segment.length)
                if abs(Int(PendingSegments.distance(own.pointee.next, place))) < Int(TCPReassembler.furthest) {
                    own.pointee.hasFIN = true
                    own.pointee.finAt = place
                    // The other end's FIN came before and waits behind a hole: it was the first all the same.
                    if other.pointee.hasFIN, !other.pointee.isEnded { surrender(slot, segment.sender.opposite, time) }
                }
            }
            if segment.length > 0 { data(slot, segment, sequence, bytes, own, time) }
        }
        guard connection.pointee.state == .followed else { return }
        if own.pointee.hasFIN { endIfDue(slot, segment.sender, own, time) }
        guard connection.pointee.state == .followed else { return }
        if own.pointee.holeSince != 0 { checkHole(slot, segment.sender, own, time) }
    }

    private func began(_ slot: Int, _ segment: Segment, _ now: UInt64) {
        let connection = table.slots + slot
        if segment.flags.contains(.ack) {
            connection.pointee.initiator = segment.sender.opposite.rawValue
            if connection.pointee.synAckAt == 0 { connection.pointee.synAckAt = now }
        } else {
            connection.pointee.initiator = segment.sender.rawValue
            if connection.pointee.synAt == 0 { connection.pointee.synAt = now }
        }
    }

    @inline(__always)
    private func acknowledge(_ half: UnsafeMutablePointer<HalfStream>, _ number: UInt32) {
        if !half.pointee.isKnown {
            // The other direction may never show itself; this is where it stands.
            half.pointee.next = number
            half.pointee.isKnown = true
        }
        if !half.pointee.isAcknowledged || PendingSegments.distance(half.pointee.acknowledged, number) > 0 {
            half.pointee.acknowledged = number
            half.pointee.isAcknowledged = true
        }
    }

    @inline(__always)
    private func data(
        _ slot: Int, _ segment: Segment, _ sequence: UInt32, _ bytes: RawSpan, _ own: UnsafeMutablePointer<HalfStream>,
        _ time: Timestamp
    ) {
        let ahead = PendingSegments.distance(own.pointee.next, sequence)
        if ahead == 0 {
            deliver(slot, segment.sender, own, bytes.extracting(segment.payload), cut: segment.cut, time)
            if own.pointee.waits { drain(slot, segment.sender, own, time) }
            return
        }
        irregular(slot, segment, sequence, ahead, bytes, own, time)
    }

    @inline(never)
    private func irregular(
        _ slot: Int, _ segment: Segment, _ sequence: UInt32, _ ahead: Int32, _ bytes: RawSpan,
        _ own: UnsafeMutablePointer<HalfStream>, _ time: Timestamp
    ) {
        let connection = table.slots + slot
        if ahead < 0 {
            let old = -Int(ahead)
            // A keep-alive repeats one byte that was acknowledged.
            if segment.length > 1 {
                connection.pointee.retransmissions &+= 1
                counts.retransmissions &+= 1
            }
            guard old < segment.length else { return }
            let skipped = min(old, segment.payload.count)
            deliver(
                slot, segment.sender, own, bytes.extracting(segment.payload.lowerBound + skipped..<segment.payload.upperBound),
                cut: segment.cut - (old - skipped), time)
            if own.pointee.waits { drain(slot, segment.sender, own, time) }
            return
        }
        guard ahead < TCPReassembler.furthest else { return }
        connection.pointee.outOfOrder &+= 1
        counts.outOfOrder &+= 1
        let place = slot * 2 + Int(segment.sender.rawValue)
        var waiting = pending.removeValue(forKey: place) ?? PendingSegments()
        let before = waiting.bytes
        waiting.insert(.init(sequence: sequence, bytes: bytes.copied(segment.payload), cut: segment.cut))
        pendingBytes += waiting.bytes - before
        let isTooMuch =
            waiting.bytes > TCPReassembler.pendingLimit || waiting.segments.count > TCPReassembler.pendingSegments
            || pendingBytes > TCPReassembler.pendingTotal
        pending[place] = waiting
        own.pointee.waits = true
        if own.pointee.holeSince == 0 { own.pointee.holeSince = max(time.nanoseconds, 1) }
        if isTooMuch { surrender(slot, segment.sender, time) }
    }

    @inline(__always)
    private func deliver(
        _ slot: Int, _ end: ConnectionEnd, _ own: UnsafeMutablePointer<HalfStream>, _ bytes: RawSpan, cut: Int, _ time: Timestamp
    ) {
        own.pointee.next &+= UInt32(truncatingIfNeeded: bytes.byteCount + cut)
        counts.payloadBytes &+= UInt64(bytes.byteCount)
        guard table.slots[slot].state == .followed, !own.pointee.isEnded else { return }
        if bytes.byteCount > 0, !sink.received(slot, from: end, bytes, at: time) { return ignore(slot) }
        if cut > 0 { gap(slot, end, UInt64(cut), time) }
    }

    private func gap(_ slot: Int, _ end: ConnectionEnd, _ count: UInt64, _ time: Timestamp) {
        table.slots[slot].missing &+= count
        counts.missingBytes &+= count
        sink.missed(slot, from: end, count, at: time)
    }

    private func ignore(_ slot: Int) {
        table.slots[slot].state = .ignored
        forget(slot)
        half(slot, .a).pointee.waits = false
        half(slot, .b).pointee.waits = false
    }

    /// Hands out what waited and is due now.
    private func drain(_ slot: Int, _ end: ConnectionEnd, _ own: UnsafeMutablePointer<HalfStream>, _ time: Timestamp) {
        let place = slot * 2 + Int(end.rawValue)
        while table.slots[slot].state == .followed {
            let before = pending[place]?.bytes ?? 0
            guard let next = pending[place]?.take(from: own.pointee.next) else {
                pendingBytes -= before - (pending[place]?.bytes ?? 0)
                break
            }
            pendingBytes -= before - (pending[place]?.bytes ?? 0)
            deliver(slot, end, own, next.bytes.span.bytes, cut: next.cut, time)
        }
        if pending[place]?.isEmpty ?? true {
            pending.removeValue(forKey: place)
            own.pointee.waits = false
            own.pointee.holeSince = 0
        }
    }

    /// Whether bytes are missing for so long that they never come; said then.
    @inline(__always)
    private func checkHole(_ slot: Int, _ end: ConnectionEnd, _ own: UnsafeMutablePointer<HalfStream>, _ time: Timestamp) {
        let unseen = own.pointee.isAcknowledged ? PendingSegments.distance(own.pointee.next, own.pointee.acknowledged) : 0
        guard unseen > 0 || own.pointee.waits else {
            own.pointee.holeSince = 0
            return
        }
        // FIN takes a number of its own.
        if unseen == 1, own.pointee.hasFIN, own.pointee.finAt == own.pointee.next { return }
        let now = max(time.nanoseconds, 1)
        guard own.pointee.holeSince != 0 else {
            own.pointee.holeSince = now
            return
        }
        let waited = now > own.pointee.holeSince ? now - own.pointee.holeSince : 0
        if waited > (unseen > 0 ? TCPReassembler.patience : TCPReassembler.longPatience) { surrender(slot, end, time) }
    }

    /// Gives up what is missing of one direction: says the gaps, and hands out what waited behind them.
    private func surrender(_ slot: Int, _ end: ConnectionEnd, _ time: Timestamp) {
        let own = half(slot, end)
        let place = slot * 2 + Int(end.rawValue)
        while own.pointee.waits, table.slots[slot].state == .followed {
            guard let missing = pending[place]?.gap(from: own.pointee.next) else { break }
            if missing > 0, missing < UInt32(TCPReassembler.furthest) * 2 {
                own.pointee.next &+= missing
                gap(slot, end, UInt64(missing), time)
            }
            drain(slot, end, own, time)
        }
        guard table.slots[slot].state == .followed else { return }
        own.pointee.waits = false
        own.pointee.holeSince = 0
        var unseen = own.pointee.isAcknowledged ? PendingSegments.distance(own.pointee.next, own.pointee.acknowledged) : 0
        if own.pointee.isEnded { unseen = 0 }
        if own.pointee.hasFIN, unseen > 0, own.pointee.acknowledged == own.pointee.finAt &+ 1 { unseen -= 1 }
        if unseen > 0, unseen < TCPReassembler.furthest {
            own.pointee.next &+= UInt32(unseen)
            gap(slot, end, UInt64(unseen), time)
        }
        if own.pointee.hasFIN { endIfDue(slot, end, own, time) }
    }

    // MARK: Ends

    private func endIfDue(_ slot: Int, _ end: ConnectionEnd, _ own: UnsafeMutablePointer<HalfStream>, _ time: Timestamp) {
        guard !own.pointee.isEnded, PendingSegments.distance(own.pointee.finAt, own.pointee.next) >= 0 else { return }
        own.pointee.isEnded = true
        own.pointee.next = own.pointee.finAt &+ 1
        sink.ended(slot, from: end, .finished, at: time)
        if half(slot, end.opposite).pointee.isEnded { finish(slot, .ended, time) }
    }

    private func reset(_ slot: Int, _ segment: Segment, _ own: UnsafeMutablePointer<HalfStream>, _ time: Timestamp) {
        let connection = table.slots + slot
        let isOpening = connection.pointee.synAckAt == 0 && connection.pointee.synAt > 0
        if isOpening, segment.sender.rawValue != connection.pointee.initiator { return finish(slot, .refused, time) }
        if own.pointee.isKnown {
            let distance = Int(PendingSegments.distance(own.pointee.next, segment.sequence))
            guard (-(1 << 20)...(1 << 24)).contains(distance) else { return }
        }
        surrender(slot, .a, time)
        surrender(slot, .b, time)
        guard connection.pointee.state == .followed else { return }
        // After its FIN an end sends RST only because something still came: the FIN is the end that counts.
        if !own.pointee.isEnded { sink.ended(slot, from: segment.sender, .reset(errno: 0), at: time) }
        finish(slot, .ended, time)
    }
}
