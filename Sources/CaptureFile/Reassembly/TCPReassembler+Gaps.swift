import Wire

/// What waits behind a hole, when a hole becomes a gap, and the ends, which wait behind holes as well.
extension TCPReassembler {
    /// Hands out what waited and is due now, each segment as of when it came, but none as of before `time`: its direction's times don't run back.
    ///
    /// - Returns: As of when the last was told.
    @discardableResult
    func drain(_ slot: Int, _ end: ConnectionEnd, _ own: UnsafeMutablePointer<HalfStream>, from time: Timestamp) -> Timestamp {
        let place = slot * 2 + Int(end.rawValue)
        var latest = time
        while table.slots[slot].state == .followed {
            let before = pending[place]?.cost ?? 0
            let next = pending[place]?.take(from: own.pointee.next)
            pendingCost -= before - (pending[place]?.cost ?? 0)
            guard let next else { break }
            latest = max(latest, next.came)
            deliver(slot, end, own, next.bytes.span.bytes, cut: next.cut, latest)
        }
        pending[place]?.told = latest
        if pending[place]?.isEmpty ?? true {
            pending.removeValue(forKey: place)
            own.pointee.waits = false
            own.pointee.holeSince = 0
        }
        return latest
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
            // What stands behind the gap was there in time; it is told late only because nobody knew whether the rest would come.
            guard let missing = pending[place]?.gap(from: own.pointee.next), let came = pending[place]?.firstCame else { break }
            if missing > 0, missing < UInt32(TCPReassembler.furthest) * 2 {
                own.pointee.next &+= missing
                // Nothing is missing behind an end.
                if !own.pointee.isEnded { gap(slot, end, UInt64(missing), came) }
            }
            drain(slot, end, own, from: came)
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

    /// - Parameter wasSeen: a packet of the sender's came before this one.
    func reset(
        _ slot: Int, _ segment: Segment, _ own: UnsafeMutablePointer<HalfStream>, wasSeen: Bool, _ time: Timestamp
    ) {
        let connection = table.slots + slot
        // Whoever spoke before, or was answered, had accepted: then only the capture lost the SYN-ACK.
        let isOpening =
            connection.pointee.synAckAt == 0 && connection.pointee.synAt > 0 && !wasSeen && !own.pointee.isAcknowledged
        if isOpening, segment.sender.rawValue != connection.pointee.initiator { return finish(slot, .refused, time) }
        if own.pointee.isKnown {
            // What lies behind is a blind shot, but for the answer to a segment, which has the number that this acknowledged (RFC 9293 §3.5.2).
            let isAnswer = own.pointee.isAcknowledged && segment.sequence == own.pointee.acknowledged
            // One that answers what was sent before its FIN was seen has the FIN's number, which lies behind by then.
            let nearest = own.pointee.isEnded ? -1 : 0
            guard isAnswer || isNear(slot, segment.sender, segment.sequence, from: nearest) else { return }
        }
        surrender(slot, .a, time)
        surrender(slot, .b, time)
        guard connection.pointee.state == .followed else { return }
        // After its FIN an end sends RST only because something still came: the FIN is the end that counts.
        if !own.pointee.isEnded { sink.ended(slot, from: segment.sender, .reset(errno: 0), at: time) }
        finish(slot, .ended, time)
    }
}
