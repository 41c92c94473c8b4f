// The relay's state machine.
//
// Theory of operation. After a valid 101 the shell sends on what it receives, from the buffer into which the kernel put it, without
// asking; the tunnel decides everything else: who must pause, what is carried across when a side ends, and when it is all over.
// Each input is a method, its answer a set of actions; time comes in as `now`.
//
//             ┌──────── open ────────┐  FIN of one side ──► FIN to the other, which may still send
//             │                      │  RST of one side ──► what was received is delivered, then RST to the other
//             │                      │  close(code)     ──► closing: close frames at the next frame boundary, both ways
//             │                      │  died            ──► closing: a close frame to the other side
//             └───────┬──────────────┘
//                     ▼
//                  closing ──► both sides ended, or `deadline` ──► over
//
// Invariants: at most one of pause/resume per side in an answer; after `over` every answer is empty; a side that has ended is
// never resumed.
public import Wire

/// What the shell is to do, in this order: pauses and resumes, then close frames, then ends.
public struct TunnelActions: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let pauseDownstream = TunnelActions(rawValue: 1 << 0)
    public static let pauseUpstream = TunnelActions(rawValue: 1 << 1)
    public static let resumeDownstream = TunnelActions(rawValue: 1 << 2)
    public static let resumeUpstream = TunnelActions(rawValue: 1 << 3)
    /// Send FIN after what is queued.
    public static let finishDownstream = TunnelActions(rawValue: 1 << 4)
    public static let finishUpstream = TunnelActions(rawValue: 1 << 5)
    /// Send RST.
    public static let resetDownstream = TunnelActions(rawValue: 1 << 6)
    public static let resetUpstream = TunnelActions(rawValue: 1 << 7)
    /// Write the close frame of `Tunnel.closing` to this side at its next frame boundary.
    public static let sendCloseDownstream = TunnelActions(rawValue: 1 << 8)
    public static let sendCloseUpstream = TunnelActions(rawValue: 1 << 9)
    /// The session is over: close both connections (after what is queued), write the ledger line, release everything.
    public static let over = TunnelActions(rawValue: 1 << 10)

    /// Whether a side is to get a close frame. Bit operations, because the literal of an option set is built at run time.
    public var sendsClose: Bool {
        rawValue & (TunnelActions.sendCloseDownstream.rawValue | TunnelActions.sendCloseUpstream.rawValue) != 0
    }

    public static func pause(_ side: Side) -> TunnelActions { side == .downstream ? .pauseDownstream : .pauseUpstream }
    public static func resume(_ side: Side) -> TunnelActions { side == .downstream ? .resumeDownstream : .resumeUpstream }
    public static func finish(_ side: Side) -> TunnelActions { side == .downstream ? .finishDownstream : .finishUpstream }
    public static func reset(_ side: Side) -> TunnelActions { side == .downstream ? .resetDownstream : .resetUpstream }
    public static func sendClose(_ side: Side) -> TunnelActions {
        side == .downstream ? .sendCloseDownstream : .sendCloseUpstream
    }
}

/// Decides about one relayed session. About a hundred bytes, no heap.
public struct Tunnel: Sendable {
    /// The durations that bound a tunnel.
    public struct Limits: Sendable, Hashable {
        /// Silence on both sides that ends the session.
        public var idle: TimeSpan
        /// How long a side may refuse to take bytes.
        public var write: TimeSpan
        /// How long a closing handshake, or a half-closed session that is silent, may take.
        public var closing: TimeSpan

        public init(idle: TimeSpan, write: TimeSpan, closing: TimeSpan) {
            self.idle = idle
            self.write = write
            self.closing = closing
        }
    }

    /// The close frame that Gatehouse itself sends.
    public struct Closing: Sendable, Hashable {
        public var code: UInt16
        public var why: LocalEnd

        public init(code: UInt16, why: LocalEnd) {
            self.code = code
            self.why = why
        }
    }

    private struct SideState: Sendable {
        /// FIN or RST has come from this side.
        var ended = false
        /// FIN or RST has gone to this side.
        var closedTowards = false
        /// Since when it has refused bytes; `never` while it takes them.
        var blockedSince = Timestamp.never
        /// RST this side as soon as it has taken what is queued.
        var resetWhenDrained = false
    }

    private let limits: Limits
    private var downstream = SideState()
    private var upstream = SideState()
    private var closingDeadline = Timestamp.never
    /// Since when one side has been half-closed.
    private var halfClosedSince = Timestamp.never
    /// Set once Gatehouse closes the session itself.
    public private(set) var closing: Closing?
    public private(set) var isOver = false
    private var expiresAt = Timestamp.never
    private var expiryCode: UInt16 = 4401
    /// When it is to be said that the credential ends soon; `never` once that was said.
    private var warnsAt = Timestamp.never

    public init(limits: Limits) { self.limits = limits }

    /// The credential that opened the session ends at `time`: then it is closed with `code`, and `warning` before that a warning is due.
    public mutating func expire(at time: Timestamp, code: UInt16, warning: TimeSpan = .zero) {
        expiresAt = time
        expiryCode = code
        guard warning > .zero, time != .never else { return }
        warnsAt = Timestamp(nanoseconds: time.nanoseconds - min(time.nanoseconds, warning.nanoseconds))
    }

    /// When the credential ends, if that is to be said now; it is said once.
    public mutating func takeExpiryWarning(now: Timestamp) -> Timestamp? {
        guard !isOver, closing == nil, warnsAt <= now else { return nil }
        warnsAt = .never
        return expiresAt
    }

    // MARK: Inputs

    /// `side` doesn't take bytes at present: stop receiving from the other, so that nothing piles up.
    public mutating func blocked(_ side: Side, now: Timestamp) -> TunnelActions {
        guard !isOver else { return [] }
        self[side].blockedSince = now
        return self[side.opposite].ended ? [] : .pause(side.opposite)
    }

    /// `side` has taken all that was queued for it.
    public mutating func drained(_ side: Side, now: Timestamp) -> TunnelActions {
        guard !isOver else { return [] }
        self[side].blockedSince = .never
        if self[side].resetWhenDrained {
            isOver = true
            return [.reset(side), .over]
        }
        return self[side.opposite].ended ? [] : .resume(side.opposite)
    }

    /// FIN came from `side`: carried across; the other may still send what it has.
    public mutating func finished(_ side: Side, now: Timestamp) -> TunnelActions {
        guard !isOver, !self[side].ended else { return [] }
        self[side].ended = true
        if self[side.opposite].ended {
            isOver = true
            return .over
        }
        if halfClosedSince == .never { halfClosedSince = now }
        guard !self[side.opposite].closedTowards else { return [] }
        self[side.opposite].closedTowards = true
        return .finish(side.opposite)
    }

    /// RST, or another failure of `side`'s transport: the other side gets what was received before, and then RST too.
    public mutating func failed(_ side: Side, now: Timestamp) -> TunnelActions {
        guard !isOver else { return [] }
        self[side].ended = true
        let other = side.opposite
        if self[other].blockedSince != .never, closing == nil {
            self[other].resetWhenDrained = true
            return []
        }
        isOver = true
        return self[other].ended && closing != nil ? .over : [.reset(other), .over]
    }

    /// Gatehouse ends the session (drain, enforcement, policy): close frames both ways, then a bounded wait for the answers.
    public mutating func close(_ closing: Closing, now: Timestamp) -> TunnelActions {
        guard !isOver, self.closing == nil else { return [] }
        self.closing = closing
        closingDeadline = now + limits.closing
        var actions: TunnelActions = []
        for side in Side.allCases where !self[side].closedTowards { actions.insert(.sendClose(side)) }
        return actions
    }

    /// `side` gave no sign of life. It counts as ended (the shell resets it); the other gets the close frame of `closing`.
    public mutating func died(_ side: Side, _ closing: Closing, now: Timestamp) -> TunnelActions {
        guard !isOver, self.closing == nil, !self[side].ended else { return [] }
        self.closing = closing
        closingDeadline = now + limits.closing
        self[side].ended = true
        self[side].closedTowards = true
        if self[side.opposite].ended {
            isOver = true
            return .over
        }
        return self[side.opposite].closedTowards ? [] : .sendClose(side.opposite)
    }

    /// Another connection takes the place of `side`'s, which is gone.
    public mutating func replaced(_ side: Side) -> TunnelActions {
        guard !isOver else { return [] }
        let wasBlocked = self[side].blockedSince != .never
        self[side] = SideState()
        return wasBlocked && !self[side.opposite].ended ? .resume(side.opposite) : []
    }

    /// A close frame came from `side` after ours had gone to it: its closing handshake is complete.
    public mutating func answeredClose(_ side: Side) -> TunnelActions {
        guard !isOver, closing != nil else { return [] }
        self[side].ended = true
        if self[side.opposite].ended {
            isOver = true
            return .over
        }
        return []
    }

    /// `deadline` has passed, as far as the caller knew it. `lastActivity` is when bytes last came from either side.
    public mutating func deadlinePassed(now: Timestamp, lastActivity: Timestamp) -> (TunnelActions, Timeout?) {
        guard !isOver, end(lastActivity: lastActivity) <= now else { return ([], nil) }
        if closing == nil, expiresAt <= now { return (close(Closing(code: expiryCode, why: .credentialExpired), now: now), nil) }
        isOver = true
        if closing != nil, closingDeadline <= now { return (.over, .closingHandshake) }
        for side in Side.allCases where self[side].blockedSince != .never {
            if self[side].blockedSince + limits.write <= now { return ([.reset(side), .over], .write) }
        }
        return (.over, halfClosedSince != .never ? .closingHandshake : .idle)
    }

    // MARK: State

    /// When to ask `takeExpiryWarning` and `deadlinePassed` at the latest.
    public func deadline(lastActivity: Timestamp) -> Timestamp {
        let end = end(lastActivity: lastActivity)
        return closing == nil ? min(end, warnsAt) : end
    }

    private func end(lastActivity: Timestamp) -> Timestamp {
        var earliest = min(lastActivity + limits.idle, closingDeadline)
        if closing == nil { earliest = min(earliest, expiresAt) }
        if halfClosedSince != .never { earliest = min(earliest, max(halfClosedSince, lastActivity) + limits.closing) }
        for side in Side.allCases where self[side].blockedSince != .never {
            earliest = min(earliest, self[side].blockedSince + limits.write)
        }
        return earliest
    }

    /// Whether `side` has sent FIN or RST.
    public func hasEnded(_ side: Side) -> Bool { self[side].ended }

    private subscript(side: Side) -> SideState {
        get { side == .downstream ? downstream : upstream }
        set { if side == .downstream { downstream = newValue } else { upstream = newValue } }
    }
}
