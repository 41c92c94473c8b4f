public import Wire

/// What a route asks for when its backend goes away: how often it is sought again, and how much waits meanwhile.
public struct HoldPolicy: Sendable, Hashable {
    /// What becomes of messages that were sent and not confirmed when a backend went away.
    public enum Unconfirmed: String, Sendable, Hashable, CaseIterable {
        /// They are named and not sent again: a message arrives at most once.
        case drop
        /// They are sent again on the next connection: a message arrives at least once.
        case resend
    }

    /// Attempts to reach a backend before the session is given up.
    public var attempts = 5
    /// Bytes of the client's messages that are kept, and of an unfinished message of the backend's.
    public var queue = 1 << 20
    /// How many of the client's first messages are repeated at the beginning of each new connection.
    public var replayFirst = 0
    /// Before the first attempt; doubled for each further one.
    public var backoff = TimeSpan.milliseconds(200)
    /// The longest wait between two attempts. A connection that lasts as long makes the attempts count anew.
    public var backoffMax = TimeSpan.seconds(5)
    /// From the loss of a backend to the end of all attempts; and how long one that is there may confirm nothing while the queue is full.
    public var deadline = TimeSpan.seconds(30)
    public var unconfirmed = Unconfirmed.drop

    public init() {}
}

/// Why a held session could not be kept.
public enum HoldEnd: String, Sendable, Hashable, CaseIterable {
    /// As many attempts as the route allows came to nothing.
    case attempts
    /// The route's deadline came first.
    case deadline
    /// A backend was reached, and its answer forbids to go on: neither a 101 nor a status that passes.
    case refused
    /// The new connection would speak another subprotocol than the first.
    case otherSubprotocol = "other_subprotocol"
    /// A message that was too large to be kept was cut by the backend's end.
    case cutMessage = "cut_message"
    /// The messages to be repeated don't fit into the queue.
    case replayTooLarge = "replay_too_large"
    /// What the client sends can't be read as frames, so that nobody could tell where its messages end.
    case unreadable
    /// The backend confirmed nothing for the route's deadline, while what must be kept until then filled the queue.
    case unconfirmed

    /// 1013 (try again later) where no backend was there; 1012 (restart) where the session must begin afresh.
    public var closeCode: UInt16 {
        switch self {
        case .attempts, .deadline: 1013
        case .refused, .otherSubprotocol, .cutMessage, .replayTooLarge, .unreadable, .unconfirmed: 1012
        }
    }

    /// What the close frame says.
    public var reason: String {
        switch self {
        case .attempts: "the server went away and did not come back"
        case .deadline: "the server went away and did not come back in time"
        case .refused: "the server went away and does not take the session back"
        case .otherSubprotocol: "the server came back with another subprotocol"
        case .cutMessage: "the server went away in the middle of a large message"
        case .replayTooLarge: "the server went away and the first messages are too large to be repeated"
        case .unreadable: "the server went away and the frames can't be read"
        case .unconfirmed: "the server does not confirm what it was sent"
        }
    }
}

/// How a backend went away.
public struct HoldLoss: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// FIN without a close frame.
        case finished = "fin"
        /// RST, or another failure of the transport.
        case reset = "rst"
        /// A close frame that says that the server goes, not the session.
        case closeFrame = "close_frame"
        /// No sign of life after Gatehouse's ping.
        case heartbeat
        /// Gatehouse left the endpoint because it is being drained.
        case drain
    }

    public var kind: Kind
    /// Of the close frame.
    public var closeCode: UInt16?

    public init(_ kind: Kind, closeCode: UInt16? = nil) {
        self.kind = kind
        self.closeCode = closeCode
    }

    /// Whether a close frame with this code means that the server goes away while the session could go on: 1001, 1006 (which nobody may send
    /// and some do), 1012, 1013. All others, and none, end the session.
    public static func isDeparture(_ code: UInt16?) -> Bool {
        switch code {
        case 1001, 1006, 1012, 1013: true
        default: false
        }
    }
}
