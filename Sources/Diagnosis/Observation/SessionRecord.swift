public import WebSocketWire
public import Wire

/// What a session leaves behind: the facts of the ledger's `session.closed`, and the verdict on its end.
public struct SessionRecord: Sendable {
    public var openedAt: Timestamp
    /// From the 101 to the report.
    public var duration: TimeSpan
    /// From the 101 to the first end of a side.
    public var endedAfter: TimeSpan
    /// Who ended first; nil if nobody has.
    public var first: Party?
    /// What ended the session, in order: `upstream.close_frame 1001`, `downstream.fin` …
    public var order: [String]
    public var downstream: SideRecord
    public var upstream: SideRecord
    public var traits: SessionTraits
    public var stack: Stack?
    public var hop: Stack?
    public var fidelity: Fidelity
    public var findings: [Finding] = []
    /// What became of each message where the session was held; nil without.
    public var hold: HoldFacts?
    /// Nil where the session ended as sessions should.
    public var verdict: Verdict?

    /// The order of the ends as data; `order` is the same in words.
    public var events = SessionEvents()

    /// The same record, judged anew with what was learnt elsewhere: from the ends of other sessions (`manySameSilence` …), from the backend's output, or
    /// that the endpoint no longer accepts (`upstreamGone`).
    public func judged(with further: SignSet, evidence: [(sign: Sign, evidence: Evidence)] = []) -> SessionRecord {
        var record = self
        record.judge(with: further, evidence: evidence)
        return record
    }

    /// The same in place: a record is five hundred bytes, and every session has one.
    mutating func judge(with further: SignSet, evidence: [(sign: Sign, evidence: Evidence)] = []) {
        (findings, verdict) = SessionJudge.judge(self, further: further, evidence: evidence)
    }

    public enum Party: String, Sendable, Hashable { case downstream, upstream, gatehouse }

    /// What one side sent and how it ended.
    public struct SideRecord: Sendable {
        /// The code of the close frame that this side sent.
        public var closeCode: UInt16?
        /// It sent a close frame without a code (which programs call 1005).
        public var closedWithoutCode: Bool
        public var closeReason: String?
        /// The code of a close frame that Gatehouse sent *to* this side.
        public var sentCode: UInt16?
        public var end: TransportEnd?
        public var counts: FrameCounts
        public var messages: UInt64
        /// Bytes received from this side after the handshake.
        public var bytes: UInt64
        /// How long it had been silent when the session ended.
        public var idle: TimeSpan
        public var largestSilence: TimeSpan
        /// From its last message to the end; nil if it sent none.
        public var sinceMessage: TimeSpan?
        public var largestMessage: UInt64
        public var lastMessageWasLargest: Bool
        public var fault: LocatedFault?
        public var faultExcerpt: [UInt8]
        /// What Gatehouse's own pings to this side showed; nil if there were none.
        public var heartbeat: HeartbeatFacts?

        /// The word for the ledger: `fin`, `rst`, `timeout:idle`, `gatehouse:drain`.
        public var endName: String? {
            switch end {
            case nil: nil
            case .finished: "fin"
            case .reset: "rst"
            case .timedOut(let timeout): "timeout:\(timeout.rawValue)"
            case .local(let local): "gatehouse:\(local.rawValue)"
            }
        }

        /// Whether this side sent a close frame.
        public var sentClose: Bool { closeCode != nil || closedWithoutCode }
    }
}
