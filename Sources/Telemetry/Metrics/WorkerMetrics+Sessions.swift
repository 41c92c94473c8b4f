public import Diagnosis
public import WebSocketWire
public import Wire

/// How sessions get into the metrics: at their end, and from time to time while they last.
extension WorkerMetrics {
    /// Adds what a direction relayed since `earlier`, its counts when this was last called (all zeros at first).
    ///
    /// The relay itself touches no cell: `FrameTally` counts for each session, and `SessionTraffic` adds up.
    public func add(
        _ counts: FrameCounts, since earlier: FrameCounts = FrameCounts(), bytes: UInt64, _ direction: Direction
    ) {
        sessionBytes[direction].add(bytes)
        func add(_ now: FrameCount, _ before: FrameCount, _ label: OpcodeLabel) {
            guard now != before else { return }
            frames[direction, label].add(now.frames &- before.frames)
            frameBytes[direction, label].add(now.bytes &- before.bytes)
        }
        add(counts.continuation, earlier.continuation, .continuation)
        add(counts.text, earlier.text, .text)
        add(counts.binary, earlier.binary, .binary)
        add(counts.close, earlier.close, .close)
        add(counts.ping, earlier.ping, .ping)
        add(counts.pong, earlier.pong, .pong)
    }

    /// Counts the end of a session: who was first, with which code, how long it lasted, and why if it ended badly.
    ///
    /// Frames and bytes are not added here, because some of them may be counted already; see `add`.
    public func ended(_ record: SessionRecord) {
        liveSessions.add(-1)
        sessionDuration.observe(record.duration)
        if let verdict = record.verdict { badEnds[verdict.cause].add() }
        switch record.first {
        case .downstream?: closes[.downstream, CloseCodeClass(record.downstream)].add()
        case .upstream?: closes[.upstream, CloseCodeClass(record.upstream)].add()
        case .gatehouse?, nil:
            closes[.gatehouse, CloseCodeClass(code: record.downstream.sentCode ?? record.upstream.sentCode)].add()
        }
    }

    /// Counts the end of an opening handshake.
    public func finished(_ outcome: HandshakeOutcome, cause: Cause?, after total: TimeSpan?) {
        handshakes[outcome].add()
        if outcome == .opened { liveSessions.add(1) }
        if let cause, outcome != .opened { refusals[cause].add() }
        if let total { handshakeTime.observe(total) }
    }
}

extension CloseCodeClass {
    /// The close frame that a side sent.
    init(_ side: SessionRecord.SideRecord) {
        self.init(code: side.closeCode ?? (side.closedWithoutCode ? 1005 : nil))
    }
}
