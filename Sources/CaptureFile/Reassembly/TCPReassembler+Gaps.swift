import Wire

/// What waits behind a hole, when a hole becomes a gap, and the ends, which wait behind holes as well.
extension TCPReassembler {
    /// Hands out what waited and is due now.
    func drain(_ slot: Int, _ end: ConnectionEnd, _ own: UnsafeMutablePointer<HalfStream>, _ time: Timestamp) {
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
    func checkHole(_ slot: Int, _ end: ConnectionEnd, _ own: UnsafeMutablePointer<HalfStream>, _ time: Timestamp) {
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
    func surrender(_ slot: Int, _ end: ConnectionEnd, _ time: Timestamp) {
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

    func endIfDue(_ slot: Int, _ end: ConnectionEnd, _ own: UnsafeMutablePointer<HalfStream>, _ time: Timestamp) {
        guard !own.pointee.isEnded, PendingSegments.distance(own.pointee.finAt, own.pointee.next) >= 0 else { return }
        own.pointee.isEnded = true
        own.pointee.next = own.pointee.finAt &+ 1
        sink.ended(slot, from: end, .finished, at: time)
        if half(slot, end.opposite).pointee.isEnded { finish(slot, .ended, time) }
    }

    func reset(_ slot: Int, _ segment: Segment, _ own: UnsafeMutablePointer<HalfStream>, _ time: Timestamp) {
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
