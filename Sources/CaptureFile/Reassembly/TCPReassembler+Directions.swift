import Wire

/// One direction of a followed connection: where it stands, and what a segment brings.
extension TCPReassembler {
    @inline(__always)
    func half(_ slot: Int, _ end: ConnectionEnd) -> UnsafeMutablePointer<HalfStream> {
        table.halves + (slot * 2 + Int(end.rawValue))
    }

    func follow(_ slot: Int, _ segment: Segment, _ bytes: RawSpan, _ time: Timestamp) {
        let now = time.nanoseconds
        let own = half(slot, segment.sender)
        let other = half(slot, segment.sender.opposite)
        let connection = table.slots + slot
        let wasSeen = own.pointee.isSeen
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
        if segment.flags.contains(.rst) { return reset(slot, segment, own, wasSeen: wasSeen, time) }
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
            if segment.flags.contains(.fin), takeFIN(slot, segment, sequence, own) {
                // The other end's FIN came before and waits behind a hole: it was the first all the same.
                if other.pointee.hasFIN, !other.pointee.isEnded { surrender(slot, segment.sender.opposite, time) }
            }
            // What was given up may have been the last that anybody wanted.
            guard connection.pointee.state == .followed else { return }
            if segment.length > 0 { data(slot, segment, sequence, bytes, own, time) }
        }
        guard connection.pointee.state == .followed else { return }
        if own.pointee.hasFIN { endIfDue(slot, segment.sender, own, time) }
        guard connection.pointee.state == .followed else { return }
        if own.pointee.holeSince != 0 { checkHole(slot, segment.sender, own, time) }
    }

    /// Takes note of where a direction ends; true the first time. A FIN far ahead or behind is a stray or a blind shot, and none.
    private func takeFIN(
        _ slot: Int, _ segment: Segment, _ sequence: UInt32, _ own: UnsafeMutablePointer<HalfStream>
    ) -> Bool {
        guard !own.pointee.isEnded else { return false }
        let place = sequence &+ UInt32(truncatingIfNeeded: segment.length)
        let ahead = Int(PendingSegments.distance(own.pointee.next, place))
        // One that waits was a guess; one that follows on what is known isn't.
        if own.pointee.hasFIN, !(0...segment.length).contains(ahead) { return false }
        guard isNear(slot, segment.sender, place, from: -1) else { return false }
        let isFirst = !own.pointee.hasFIN
        own.pointee.hasFIN = true
        own.pointee.finAt = place
        return isFirst
    }

    /// Whether a direction may end at `place`: at most a large window from where it stands; or, where the capture lost much, from what the other
    /// end has of it, or from the last that waits.
    func isNear(_ slot: Int, _ end: ConnectionEnd, _ place: UInt32, from nearest: Int) -> Bool {
        let own = half(slot, end).pointee
        let near = nearest...1 << 24
        if near.contains(Int(PendingSegments.distance(own.next, place))) { return true }
        if own.isAcknowledged, PendingSegments.distance(own.next, own.acknowledged) > 0,
            near.contains(Int(PendingSegments.distance(own.acknowledged, place)))
        {
            return true
        }
        guard own.waits, let last = pending[slot * 2 + Int(end.rawValue)]?.segments.last else { return false }
        return near.contains(Int(PendingSegments.distance(last.end, place)))
    }

    func began(_ slot: Int, _ segment: Segment, _ now: UInt64) {
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
    func acknowledge(_ half: UnsafeMutablePointer<HalfStream>, _ number: UInt32) {
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
    func data(
        _ slot: Int, _ segment: Segment, _ sequence: UInt32, _ bytes: RawSpan, _ own: UnsafeMutablePointer<HalfStream>,
        _ time: Timestamp
    ) {
        let ahead = PendingSegments.distance(own.pointee.next, sequence)
        if ahead == 0, !own.pointee.waits {
            return deliver(slot, segment.sender, own, bytes.extracting(segment.payload), cut: segment.cut, time)
        }
        irregular(slot, segment, sequence, ahead, bytes, own, time)
    }

    @inline(never)
    func irregular(
        _ slot: Int, _ segment: Segment, _ sequence: UInt32, _ ahead: Int32, _ bytes: RawSpan,
        _ own: UnsafeMutablePointer<HalfStream>, _ time: Timestamp
    ) {
        let connection = table.slots + slot
        // A keep-alive repeats one byte that was acknowledged.
        if ahead < 0, segment.length > 1 {
            connection.pointee.retransmissions &+= 1
            counts.retransmissions &+= 1
        }
        if ahead <= 0 { return fill(slot, segment, sequence, bytes, own, time) }
        guard ahead < TCPReassembler.furthest else { return }
        connection.pointee.outOfOrder &+= 1
        counts.outOfOrder &+= 1
        let place = slot * 2 + Int(segment.sender.rawValue)
        var waiting = pending.removeValue(forKey: place) ?? PendingSegments()
        let before = waiting.cost
        waiting.insert(.init(sequence: sequence, bytes: bytes.copied(segment.payload), cut: segment.cut, came: time))
        pendingCost += waiting.cost - before
        let isTooMuch =
            waiting.cost > TCPReassembler.pendingLimit || waiting.segments.count > TCPReassembler.pendingSegments
            || pendingCost > TCPReassembler.pendingTotal
        pending[place] = waiting
        own.pointee.waits = true
        if own.pointee.holeSince == 0 { own.pointee.holeSince = max(time.nanoseconds, 1) }
        if isTooMuch { surrender(slot, segment.sender, time) }
    }

    /// Hands out what is new of a segment that begins at or before the direction's place: the bytes between those that wait, which came first.
    private func fill(
        _ slot: Int, _ segment: Segment, _ sequence: UInt32, _ bytes: RawSpan, _ own: UnsafeMutablePointer<HalfStream>,
        _ time: Timestamp
    ) {
        let place = slot * 2 + Int(segment.sender.rawValue)
        var told = time
        while table.slots[slot].state == .followed {
            let start = Int(PendingSegments.distance(sequence, own.pointee.next))
            guard start >= 0, start < segment.length else { return }
            var end = segment.length
            if own.pointee.waits, let room = pending[place]?.gap(from: own.pointee.next) { end = min(end, start + Int(room)) }
            if end > start {
                let captured = segment.payload.count
                let piece = min(start, captured)..<min(end, captured)
                let first = segment.payload.lowerBound
                deliver(
                    slot, segment.sender, own, bytes.extracting(first + piece.lowerBound..<first + piece.upperBound),
                    cut: end - start - piece.count, told)
            }
            // Each turn hands out a byte of the segment, or takes away something that waited.
            if own.pointee.waits { told = drain(slot, segment.sender, own, from: told) }
        }
    }

    @inline(__always)
    func deliver(
        _ slot: Int, _ end: ConnectionEnd, _ own: UnsafeMutablePointer<HalfStream>, _ bytes: RawSpan, cut: Int, _ time: Timestamp
    ) {
        own.pointee.next &+= UInt32(truncatingIfNeeded: bytes.byteCount + cut)
        counts.payloadBytes &+= UInt64(bytes.byteCount)
        guard table.slots[slot].state == .followed, !own.pointee.isEnded else { return }
        if bytes.byteCount > 0, !sink.received(slot, from: end, bytes, at: time) { return ignore(slot) }
        if cut > 0 { gap(slot, end, UInt64(cut), time) }
    }

    func gap(_ slot: Int, _ end: ConnectionEnd, _ count: UInt64, _ time: Timestamp) {
        table.slots[slot].missing &+= count
        counts.missingBytes &+= count
        sink.missed(slot, from: end, count, at: time)
    }

    func ignore(_ slot: Int) {
        table.slots[slot].state = .ignored
        forget(slot)
        half(slot, .a).pointee.waits = false
        half(slot, .b).pointee.waits = false
    }
}
