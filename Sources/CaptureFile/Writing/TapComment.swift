public import Wire

/// What Gatehouse says of a packet in its comment: words that a person reads in Wireshark, and that `analyze` reads back.
///
///     gatehouse: session=01h2m3n4p5q6r; refused; cause=origin-not-allowed
///
/// Members are parted by `; `. Names and values are Gatehouse's own words, never a peer's.
public struct TapComment: Sendable, Hashable {
    /// The session to which the conversation belongs; on its first packet.
    public var session: SessionID?
    public var event: Event?
    /// The cause of the verdict, where there is one.
    public var cause: String?
    /// The id of the reason for which Gatehouse itself refused.
    public var reason: String?
    /// Who ended it first: `downstream`, `upstream`, `gatehouse`.
    public var first: String?
    /// Secrets in the head were made unreadable.
    public var isRedacted = false

    public enum Event: Sendable, Hashable {
        /// The answer is a refusal of this session's handshake.
        case refused
        /// These bytes are Gatehouse's own, not relayed: a heartbeat.
        case heartbeat
        /// Gatehouse ended this side, with this close code if it sent one.
        case ended(LocalEnd, closeCode: UInt16?)
        /// A timer of Gatehouse's fired for this side.
        case timedOut(Timeout)
        /// The session is over; the last packet that speaks of its end.
        case over
    }

    public init(session: SessionID? = nil, event: Event? = nil, cause: String? = nil, reason: String? = nil) {
        self.session = session
        self.event = event
        self.cause = cause
        self.reason = reason
    }

    /// Both in one; false if both tell an event, which doesn't go.
    public mutating func merge(_ other: TapComment) -> Bool {
        if event != nil, other.event != nil, other.event != .over { return false }
        session = other.session ?? session
        if other.event != .over || event == nil { event = other.event ?? event }
        cause = other.cause ?? cause
        reason = other.reason ?? reason
        first = other.first ?? first
        isRedacted = isRedacted || other.isRedacted
        return true
    }

    /// The comment's text.
    public var text: String {
        var members: [String] = []
        if let session { members.append("session=\(session)") }
        switch event {
        case .refused: members.append("refused")
        case .heartbeat: members.append("heartbeat by Gatehouse")
        case .ended(let why, let code):
            members.append("ended by Gatehouse=\(why.rawValue)")
            if let code { members.append("code=\(code)") }
        case .timedOut(let timeout): members.append("timed out=\(timeout.rawValue)")
        case .over: members.append("over")
        case nil: break
        }
        if let first { members.append("first=\(first)") }
        if let reason { members.append("reason=\(reason)") }
        if let cause { members.append("cause=\(cause)") }
        if isRedacted { members.append("head redacted") }
        return "gatehouse: " + members.joined(separator: "; ")
    }

    /// Reads a comment, or gives nil if it isn't one of Gatehouse's. Members that aren't known are passed over.
    public init?(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("gatehouse: ") else { return nil }
        self.init()
        var code: UInt16?
        for member in text.utf8.dropFirst(11).split(separator: 0x3B).prefix(16) {
            let words = Substring(member.drop { $0 == 0x20 })
            let pair = words.split(separator: "=", maxSplits: 1)
            guard let name = pair.first else { continue }
            let value = pair.count == 2 ? pair[1] : ""
            switch name {
            case "session": session = SessionID(value)
            case "refused": event = .refused
            case "heartbeat by Gatehouse": event = .heartbeat
            case "ended by Gatehouse": event = LocalEnd(rawValue: String(value)).map { .ended($0, closeCode: nil) } ?? event
            case "timed out": event = Timeout(rawValue: String(value)).map { .timedOut($0) } ?? event
            case "code": code = UInt16(value)
            case "cause": cause = String(value)
            case "reason": reason = String(value)
            case "first": first = String(value)
            case "over": event = event ?? .over
            case "head redacted": isRedacted = true
            default: break
            }
        }
        if case .ended(let why, _) = event { event = .ended(why, closeCode: code) }
    }
}
