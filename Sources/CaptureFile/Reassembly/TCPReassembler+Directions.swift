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
        if ahead == 0 {
            deliver(slot, segment.sender, own, bytes.extracting(segment.payload), cut: segment.cut, time)
            if own.pointee.waits { drain(slot, segment.sender, own, time) }
            return
        }
        irregular(slot, segment, sequence, ahead, bytes, own, time)
    }

    @inline(never)
    func irregular(
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
