import CaptureFile
import WebSocketWire
import Wire

/// What a tap's comments tell: which connections belong to which session, and what Gatehouse did and concluded.
///
/// A packet's comment is announced before its bytes are taken, since an act comes before the bytes that show it and a verdict before the end that it
/// explains; a name that stands on a SYN is used after it, when the connection has its slot.
struct TapRemarks {
    /// Of the packet that is being taken.
    private(set) var comment: TapComment?
    private var interface = 0
    /// Conversations by session, for the upstream connection that comes later.
    private var sessions: [SessionID: Conversation] = [:]

    mutating func take(_ comment: TapComment?, interface: Int) {
        self.comment = comment
        self.interface = interface
    }

    mutating func forget(_ session: SessionID) { sessions[session] = nil }

    /// The packet is about to be taken.
    mutating func announce(on place: inout ConnectionPlace, _ segment: Segment, at time: Timestamp) {
        guard let comment, let conversation = place.conversation, place.gatehouse != nil else { return }
        let side: Side = place.isUpstream ? .upstream : .downstream
        switch comment.event {
        case .refused: conversation.told = ToldVerdict(cause: comment.cause, reason: comment.reason)
        case .ended(let why, let code): conversation.local(side, why, closeCode: code, at: time)
        case .timedOut(let timeout): conversation.ended(side, .timedOut(timeout), at: time)
        case .over, .heartbeat, nil: break
        }
        if let cause = comment.cause, comment.event != .refused { conversation.told.cause = cause }
        if let session = comment.session, !segment.flags.contains(.syn), !place.isUpstream {
            // Another session on the same connection.
            if let before = conversation.session { sessions[before] = nil }
            conversation.begins(session)
            place.hasUpstream = false
            sessions[session] = conversation
        }
        // What the client said; a head that is redacted on its way back is the answer's.
        if comment.isRedacted, !place.isUpstream, segment.sender != place.gatehouse { conversation.hasRedactedHead = true }
    }

    /// A connection was opened for a session of Gatehouse's: what is known of it; nil where that is of no session that began.
    ///
    /// - Parameter begin: makes the conversation of a downstream connection.
    mutating func opened(_ session: SessionID, _ slot: Int, _ segment: Segment, _ begin: () -> Conversation) -> ConnectionPlace? {
        if interface == Int(Side.downstream.rawValue) {
            let conversation = begin()
            conversation.session = session
            conversation.slot = slot
            sessions[session] = conversation
            return ConnectionPlace(conversation: conversation, gatehouse: segment.sender.opposite, isCounted: true)
        }
        guard let conversation = sessions[session] else { return nil }
        conversation.hasOpenUpstream = true
        return ConnectionPlace(
            conversation: conversation, isUpstream: true, gatehouse: segment.sender, isCounted: true,
            skipsHead: conversation.isSession)
    }
}
