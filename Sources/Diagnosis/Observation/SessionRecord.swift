package import WebSocketWire
package import Wire

/// What a session leaves behind: the facts of the ledger's `session.closed`, and the verdict on its end.
package struct SessionRecord: Sendable {
    package var openedAt: Timestamp
    /// From the 101 to the report.
    package var duration: TimeSpan
    /// From the 101 to the first end of a side.
    package var endedAfter: TimeSpan
    /// Who ended first; nil if nobody has.
    package var first: Party?
    /// What ended the session, in order: `upstream.close_frame 1001`, `downstream.fin` …
    package var order: [String]
    package var downstream: SideRecord
    package var upstream: SideRecord
    package var traits: SessionTraits
    package var stack: Stack?
    package var hop: Stack?
    package var fidelity: Fidelity
    package var findings: [Finding] = []
    /// What became of each message where the session was held; nil without.
    package var hold: HoldFacts?
    /// Nil where the session ended as sessions should.
    package var verdict: Verdict?

    /// The order of the ends as data; `order` is the same in words.
    package var events = SessionEvents()

    /// The same record, judged anew with what was learnt elsewhere: from the ends of other sessions (`manySameSilence` …), from the backend's output, or
    /// that the endpoint no longer accepts (`upstreamGone`).
    package func judged(with further: SignSet, evidence: [(sign: Sign, evidence: Evidence)] = []) -> SessionRecord {
        var record = self
        record.judge(with: further, evidence: evidence)
        return record
    }

    /// The same in place: a record is five hundred bytes, and every session has one.
    mutating func judge(with further: SignSet, evidence: [(sign: Sign, evidence: Evidence)] = []) {
        (findings, verdict) = SessionJudge.judge(self, further: further, evidence: evidence)
    }

    package enum Party: String, Sendable, Hashable { case downstream, upstream, gatehouse }

    /// What one side sent and how it ended.
    package struct SideRecord: Sendable {
        /// The code of the close frame that this side sent.
        package var closeCode: UInt16?
        /// It sent a close frame without a code (which programs call 1005).
        package var closedWithoutCode: Bool
        package var closeReason: String?
        /// The code of a close frame that Gatehouse sent *to* this side.
        package var sentCode: UInt16?
        package var end: TransportEnd?
        package var counts: FrameCounts
        package var messages: UInt64
        /// Bytes received from this side after the handshake.
        package var bytes: UInt64
        /// How long it had been silent when the session ended.
        package var idle: TimeSpan
        package var largestSilence: TimeSpan
        /// From its last message to the end; nil if it sent none.
        package var sinceMessage: TimeSpan?
        package var largestMessage: UInt64
        package var lastMessageWasLargest: Bool
        package var fault: LocatedFault?
        package var faultExcerpt: [UInt8]
        /// What Gatehouse's own pings to this side showed; nil if there were none.
        package var heartbeat: HeartbeatFacts?

        /// The word for the ledger: `fin`, `rst`, `timeout:idle`, `gatehouse:drain`.
        package var endName: String? {
            switch end {
            case nil: nil
            case .finished: "fin"
            case .reset: "rst"
            case .timedOut(let timeout): "timeout:\(timeout.rawValue)"
            case .local(let local): "gatehouse:\(local.rawValue)"
            }
        }

        /// Whether this side sent a close frame.
        package var sentClose: Bool { closeCode != nil || closedWithoutCode }
    }
}
