import CaptureFile
import Wire

/// What the capture's thread knows of a tapped connection: two conversations, what is to be said of their next packets, and ends that are held.
final class TapConnection {
    var downstream: TapConversation?
    var upstream: TapConversation?
    var payload: PayloadTrimmer?
    var ends: [TapRecord] = []
    var over: TapComment?
    var session: SessionID
    /// The last turn in which something of it was encoded.
    var turn: UInt64 = 0
    /// What is said on Gatehouse's next packet of a side; and of which side it was said first, where both wait.
    private var comments: (downstream: TapComment?, upstream: TapComment?) = (nil, nil)
    private var saidFirst = Side.downstream

    init(_ session: SessionID) { self.session = session }

    func talk(_ side: Side) -> TapConversation? { side == .downstream ? downstream : upstream }

    func put(_ talk: TapConversation) {
        if talk.side == .downstream { downstream = talk } else { upstream = talk }
    }

    // MARK: Comments

    func comment(_ side: Side) -> TapComment? { side == .downstream ? comments.downstream : comments.upstream }

    func say(_ comment: TapComment, _ side: Side) {
        if comments.downstream == nil, comments.upstream == nil { saidFirst = side }
        if side == .downstream { comments.downstream = comment } else { comments.upstream = comment }
    }

    func takeComment(_ side: Side) -> TapComment? {
        defer { if side == .downstream { comments.downstream = nil } else { comments.upstream = nil } }
        return comment(side)
    }

    // MARK: Ends

    /// The held ends that still make a packet: what a conversation has had already says nothing, and can't carry words.
    ///
    /// Where Gatehouse ends both sides at once, the side of which it was said first comes first: the two connections know nothing of each other, and
    /// whoever reads the file has the order of what happened.
    func takeEnds() -> [TapRecord] {
        var had: (downstream: [TapConversation.End], upstream: [TapConversation.End]) = ([], [])
        let effective = ends.filter { record in
            guard let talk = talk(record.side) else { return false }
            let isPeers = record.kind == .peerFinished || record.kind == .peerReset
            let end = TapEncoder.end(record.side, isPeers: isPeers)
            let isReset = record.kind == .reset || record.kind == .peerReset
            let before = record.side == .downstream ? had.downstream : had.upstream
            guard talk.mayEnd(end, byReset: isReset), before.count < 2, isReset || !before.contains(end) else { return false }
            let after = isReset ? [end, end] : before + [end]
            if record.side == .downstream { had.downstream = after } else { had.upstream = after }
            return true
        }
        ends.removeAll(keepingCapacity: true)
        guard comments.downstream != nil, comments.upstream != nil,
            effective.allSatisfy({ $0.kind == .finished || $0.kind == .reset })
        else { return effective }
        return effective.filter { $0.side == saidFirst } + effective.filter { $0.side != saidFirst }
    }
}
