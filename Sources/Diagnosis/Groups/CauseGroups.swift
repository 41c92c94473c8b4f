public import Wire

/// The same refusal a thousand times: one cause with a count, a first and a last time, and examples.
public struct CauseGroup: Sendable {
    /// What makes two verdicts the same: the cause, where, and who answered.
    public struct Key: Sendable, Hashable {
        public let cause: Cause
        public let route: String
        /// `backend uvicorn`, `intermediary nginx`; empty for sessions, which nobody answers.
        public let answeredBy: String

        public init(_ verdict: Verdict, route: String) {
            cause = verdict.cause
            self.route = route
            let responder = verdict.answeredBy
            answeredBy = [responder?.who.rawValue, responder?.stack].compactMap { $0 }.joined(separator: " ")
        }
    }

    public let key: Key
    public private(set) var refusals: UInt64 = 0
    public private(set) var ends: UInt64 = 0
    public private(set) var first: Timestamp
    public private(set) var last: Timestamp
    /// The first three sessions and the last five.
    public private(set) var examples: [SessionID] = []
    /// The surest verdict so far: its evidence, probes and fix speak for all.
    public private(set) var verdict: Verdict

    public var count: UInt64 { refusals &+ ends }

    static let firstExamples = 3
    static let lastExamples = 5

    init(_ key: Key, _ verdict: Verdict, at now: Timestamp) {
        self.key = key
        self.verdict = verdict
        first = now
        last = now
    }

    fileprivate mutating func add(_ kind: CaseKind, _ session: SessionID, _ verdict: Verdict, at now: Timestamp) {
        if kind == .refusal { refusals &+= 1 } else { ends &+= 1 }
        first = min(first, now)
        last = max(last, now)
        if examples.count == CauseGroup.firstExamples + CauseGroup.lastExamples { examples.remove(at: CauseGroup.firstExamples) }
        examples.append(session)
        if verdict.confidence.rank >= self.verdict.confidence.rank { self.verdict = verdict }
    }

    /// A session of this group turned out to belong to another one.
    mutating func remove(_ kind: CaseKind, _ session: SessionID) {
        if kind == .refusal { refusals = refusals > 0 ? refusals - 1 : 0 } else { ends = ends > 0 ? ends - 1 : 0 }
        examples.removeAll { $0 == session }
    }
}

/// What a case began with.
public enum CaseKind: Sendable, Hashable {
    case refusal
    case end
}

/// All groups, bounded: when one too many comes, the one that was met longest ago is let go, and its count remembered.
public struct CauseGroups: Sendable {
    static let limit = 256
    private var groups: [CauseGroup.Key: CauseGroup] = [:]
    /// Cases whose groups were let go.
    public private(set) var forgotten: UInt64 = 0

    public init() {}

    public mutating func add(_ kind: CaseKind, _ session: SessionID, _ verdict: Verdict, route: String, at now: Timestamp) {
        let key = CauseGroup.Key(verdict, route: route)
        if groups[key] == nil, groups.count >= CauseGroups.limit, let eldest = groups.values.min(by: { $0.last < $1.last }) {
            forgotten &+= eldest.count
            groups[eldest.key] = nil
        }
        groups[key, default: CauseGroup(key, verdict, at: now)].add(kind, session, verdict, at: now)
    }

    /// A later verdict takes the place of the one that was counted.
    public mutating func move(
        _ kind: CaseKind, _ session: SessionID, from old: Verdict?, to verdict: Verdict, route: String, at now: Timestamp
    ) {
        if let old {
            let key = CauseGroup.Key(old, route: route)
            groups[key]?.remove(kind, session)
            if groups[key]?.count == 0 { groups[key] = nil }
        }
        add(kind, session, verdict, route: route, at: now)
    }

    /// The most frequent first; in equal numbers the latest.
    public var ranked: [CauseGroup] { groups.values.sorted { ($0.count, $0.last) > ($1.count, $1.last) } }
}

extension Confidence {
    /// Surer is higher.
    public var rank: Int {
        switch self {
        case .proven: 4
        case .likely: 3
        case .possible: 2
        case .unknown: 1
        case .excluded: 0
        }
    }
}
