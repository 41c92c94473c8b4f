// When a held session's backend is sought again, and when it is given up.
//
// Theory of operation. The client's session is open all the time; what comes and goes is the connection to a backend:
//
//     connected ── lost ──► waiting(attempt, at) ── the time comes ──► connecting(attempt)
//         ▲                      ▲                                        │        │
//         │                      └──────────────── failed ────────────────┘        │
//         └──────────────────────────────── resumed ──────────────────────────────┘
//
//     attempts used up, the deadline passed, or a failure that no further attempt would change ──► gaveUp
//
// The wait before attempt n is drawn from the upper half of backoff · 2ⁿ⁻¹, at most `backoffMax`: the sessions that a dead
// backend leaves at once don't come back at once. A connection that lasted `backoffMax` makes the attempts count anew; one that dies
// sooner doesn't, or a backend that accepts and falls over would be asked for ever.
public import Wire

/// Decides about the connection of one held session. No heap; time and randomness are arguments.
public struct Hold: Sendable {
    public enum State: Sendable, Hashable {
        case connected
        case waiting(attempt: Int, at: Timestamp)
        case connecting(attempt: Int)
        case gaveUp(HoldEnd)
    }

    /// What the shell is to do.
    public enum Action: Sendable, Hashable {
        case none
        /// Nothing before `deadline`.
        case wait
        /// Begin an attempt.
        case connect
        /// Close the client's session with the end's code and reason.
        case giveUp(HoldEnd)
    }

    private let policy: HoldPolicy
    public private(set) var state = State.connected
    /// Attempts that were used up since the last lasting connection.
    public private(set) var attempts = 0
    private var connectedAt: Timestamp
    /// When the backend went away that is being replaced, or was last.
    public private(set) var lostAt = Timestamp.never

    public init(_ policy: HoldPolicy, now: Timestamp) {
        self.policy = policy
        connectedAt = now
    }

    // MARK: Inputs

    /// The backend went away.
    public mutating func lost(now: Timestamp, random: UInt64) -> Action {
        guard state == .connected else { return .none }
        if now - connectedAt >= policy.backoffMax { attempts = 0 }
        lostAt = now
        return waitForNext(now, random)
    }

    /// The attempt under way came to nothing.
    ///
    /// - Parameter final: Set where no further attempt could end differently.
    public mutating func failed(final: HoldEnd? = nil, now: Timestamp, random: UInt64) -> Action {
        guard case .connecting = state else { return .none }
        if let final { return giveUp(final) }
        return waitForNext(now, random)
    }

    /// A backend took the session: after how long.
    public mutating func resumed(now: Timestamp) -> TimeSpan {
        guard case .connecting = state else { return .zero }
        state = .connected
        connectedAt = now
        return now - lostAt
    }

    /// Gives the session up for a reason that lies elsewhere.
    public mutating func giveUp(_ end: HoldEnd) -> Action {
        if case .gaveUp = state { return .none }
        state = .gaveUp(end)
        return .giveUp(end)
    }

    /// `deadline` has passed, as far as the caller knew it.
    public mutating func deadlinePassed(now: Timestamp) -> Action {
        switch state {
        case .connected, .gaveUp: return .none
        case .waiting(let attempt, let at) where at <= now:
            state = .connecting(attempt: attempt)
            return .connect
        case .waiting: return .wait
        case .connecting: return lostAt + policy.deadline <= now ? giveUp(.deadline) : .none
        }
    }

    // MARK: State

    /// When to ask `deadlinePassed` at the latest.
    public var deadline: Timestamp {
        switch state {
        case .connected, .gaveUp: .never
        case .waiting(_, let at): at
        case .connecting: lostAt + policy.deadline
        }
    }

    public var isConnected: Bool { state == .connected }

    /// A backend is missing and will come, or not.
    public var isAway: Bool {
        switch state {
        case .waiting, .connecting: true
        case .connected, .gaveUp: false
        }
    }

    private mutating func waitForNext(_ now: Timestamp, _ random: UInt64) -> Action {
        guard attempts < policy.attempts else { return giveUp(.attempts) }
        attempts += 1
        let at = now + backoff(attempts, random)
        // What lies behind the deadline will not be tried, and there is no point in making the client wait for nothing.
        guard at <= lostAt + policy.deadline else { return giveUp(.deadline) }
        state = .waiting(attempt: attempts, at: at)
        return .wait
    }

    /// The wait before an attempt: between half of it and the whole.
    private func backoff(_ attempt: Int, _ random: UInt64) -> TimeSpan {
        var span = policy.backoff.nanoseconds
        for _ in 1..<max(attempt, 1) where span < policy.backoffMax.nanoseconds { span &*= 2 }
        span = min(span, policy.backoffMax.nanoseconds)
        let half = span / 2
        return TimeSpan(nanoseconds: span - half + (half == 0 ? 0 : random % (half + 1)))
    }
}
