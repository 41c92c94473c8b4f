// The labels of the metrics of held sessions.

/// How a held session's backend went away.
public enum HoldLossLabel: String, MetricLabel {
    case finished = "fin"
    case reset = "rst"
    case closeFrame = "close_frame"
    case heartbeat
    case drain

    public static let allCases: [HoldLossLabel] = [.finished, .reset, .closeFrame, .heartbeat, .drain]

    public var position: Int {
        switch self {
        case .finished: 0
        case .reset: 1
        case .closeFrame: 2
        case .heartbeat: 3
        case .drain: 4
        }
    }
}

/// What became of a session that had lost its backend.
public enum HoldOutcome: String, MetricLabel {
    /// Another backend took it.
    case resumed
    /// It was closed with 1012 or 1013.
    case gaveUp = "gave_up"
    /// It ended for another reason before: the client left, Gatehouse drained.
    case ended

    public static let allCases: [HoldOutcome] = [.resumed, .gaveUp, .ended]

    public var position: Int {
        switch self {
        case .resumed: 0
        case .gaveUp: 1
        case .ended: 2
        }
    }
}

/// What became of a client's message.
public enum MessageFate: String, MetricLabel {
    case delivered, unconfirmed, dropped

    public static let allCases: [MessageFate] = [.delivered, .unconfirmed, .dropped]

    public var position: Int {
        switch self {
        case .delivered: 0
        case .unconfirmed: 1
        case .dropped: 2
        }
    }
}
