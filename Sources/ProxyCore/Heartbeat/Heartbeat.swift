// Gatehouse's own pings: when a side is asked whether it lives, and when it is held for dead.
//
// Theory of operation. A side's silence counts from the last byte that came *from* it, because what goes to a side proves nothing. The
// shell keeps that time anyway and hands it in (`heard`), so that traffic postpones pings without a line of code on its way:
//
//     quiet ── silence reaches the wait ──► due ── the stream to the side is at a frame boundary ──► asked
//       ▲                                                                                             │
//       └────────────────── any byte from the side (its pong is one) ─────────────────────────────────┤
//                                                                                                     ▼
//                                                         silence = interval + timeout ──────────── dead
//
// The wait is the interval less up to a quarter of it, drawn anew after each traffic: sessions that opened, or last spoke, in the same
// instant are asked over that quarter, not at once. Where nothing but the pong came since the last ping, sessions are spread already, and
// the wait is the interval, less the step of the worker's grid that comes on top of it: to ask earlier would only be to ask more often. A
// side that is asked early has longer to answer; it is held for dead at interval + timeout in any case. A side whose application beats by
// itself (`SelfBeating`) gets a quarter more instead, so that its own beat comes first.
//
// A ping carries eight bytes that only this session, side and ping have (a mix of a drawn number). What answers them is ours
// and stays here (`claim`); every other pong is the peers' business. A peer may answer only the last of several pings (RFC
// 6455 §5.5.3), and late, in the middle of other frames: until it has, each pong of that side is looked at.
public import Diagnosis
public import Wire

/// Decides about the pings of one session. A value of some 160 bytes without heap; time and randomness are arguments.
public struct Heartbeat: Sendable {
    /// What is to be done about a side.
    public enum Action: Sendable, Hashable {
        case none
        /// Write a ping at the next frame boundary of the stream to the side, and say `asked` then.
        case ping
        /// The side gave no sign of life in time.
        case dead
    }

    /// A pong that was ours.
    public struct Answer: Sendable, Hashable {
        /// Nil where it answers an older ping than the last.
        public var roundTrip: TimeSpan?
    }

    /// How long a side that can't be asked at present (it takes no bytes, or we take none) is left alone.
    public static let pause = TimeSpan.seconds(1)
    /// Pings without a pong that are remembered; an answer to an older one is passed on as the peer's own.
    static let remembered: UInt32 = 4

    private let nonce: UInt64
    /// By `Side.index`. Elements are changed where they lie: each is larger than a cache line, and most sessions' are not in the cache.
    private var sides: InlineArray<2, SideState>

    private struct SideState: Sendable {
        var isOn: Bool
        /// The application beats here by itself, and has not been found silent.
        var beatsByItself: Bool
        /// A ping waits for a frame boundary.
        var isDue = false
        /// When the last ping was written, or, once it was answered, when its pong came; zero when there is none that counts.
        var askedAt = Timestamp.zero
        /// Nothing happens before.
        var notBefore = Timestamp.zero
        /// Pings written, and the last of them that was answered.
        var pings: UInt32 = 0
        var answered: UInt32 = 0
        var pongs: UInt32 = 0
        var times = RoundTrips()
    }

    /// - Parameters:
    ///   - nonce: Drawn at random for this session.
    ///   - selfBeating: What the application does by itself, if it is known.
    public init(_ policy: HeartbeatPolicy, nonce: UInt64, selfBeating: SelfBeating? = nil) {
        self.nonce = nonce
        sides = [
            SideState(isOn: policy.pingsClient, beatsByItself: selfBeating?.speaks(.downstream) ?? false),
            SideState(isOn: policy.pingsUpstream, beatsByItself: selfBeating?.speaks(.upstream) ?? false),
        ]
    }

    // MARK: Inputs

    /// What is to be done about `side` now.
    ///
    /// - Parameters:
    ///   - heard: When its last byte came.
    ///   - reachable: Whether it takes bytes, and we take its; silence that is our own doing is no sign of death.
    public mutating func check(
        _ side: Side, now: Timestamp, heard: Timestamp, reachable: Bool, _ timing: HeartbeatTiming
    ) -> Action {
        guard sides[side.index].isOn, !sides[side.index].isDue, deadline(side, heard: heard, timing) <= now else { return .none }
        guard reachable else {
            excuse(side)
            sides[side.index].notBefore = now + Heartbeat.pause
            return .none
        }
        if isAsked(side, heard: heard) { return .dead }
        // The application's own beat should have come first; from now on it isn't counted on.
        sides[side.index].beatsByItself = false
        sides[side.index].isDue = true
        return .ping
    }

    /// A ping is written to `side` now: its payload.
    public mutating func asked(_ side: Side, now: Timestamp) -> UInt64 {
        sides[side.index].isDue = false
        sides[side.index].askedAt = now
        sides[side.index].pings &+= 1
        return payload(side, sides[side.index].pings)
    }

    /// A pong with this payload came from `side`: nil if it answers no ping of ours.
    public mutating func claim(_ side: Side, _ payload: UInt64, now: Timestamp) -> Answer? {
        let index = side.index
        let last = sides[index].pings
        var number = last
        while number > sides[index].answered, number &+ Heartbeat.remembered > last {
            if payload == self.payload(side, number) {
                sides[index].answered = number
                sides[index].pongs &+= 1
                let askedAt = sides[index].askedAt
                guard number == last, askedAt != .zero else { return Answer(roundTrip: nil) }
                sides[index].times.add(now - askedAt)
                sides[index].askedAt = now
                return Answer(roundTrip: now - askedAt)
            }
            number &-= 1
        }
        return nil
    }

    /// What was asked doesn't count any more, because the silence is of our making.
    public mutating func excuse(_ side: Side) { sides[side.index].askedAt = .zero }

    /// Another connection takes the place of this side's: nothing that was asked before counts.
    public mutating func restart(_ side: Side) {
        sides[side.index].isDue = false
        sides[side.index].askedAt = .zero
        sides[side.index].notBefore = .zero
        sides[side.index].answered = sides[side.index].pings
    }

    /// No pings to this side any more: it has ended, or nobody can tell where its frames end.
    public mutating func retire(_ side: Side) {
        sides[side.index].isOn = false
        sides[side.index].isDue = false
    }

    // MARK: State

    /// When to ask `check` again, if nothing comes from `side` before.
    public func deadline(_ side: Side, heard: Timestamp, _ timing: HeartbeatTiming) -> Timestamp {
        let index = side.index
        guard sides[index].isOn, !sides[index].isDue else { return .never }
        let due =
            isAsked(side, heard: heard)
            ? max(sides[index].askedAt, heard + timing.interval) + timing.timeout : heard + wait(side, heard: heard, timing)
        return max(due, sides[index].notBefore)
    }

    /// Whether a ping to `side` waits for a frame boundary.
    public func isDue(_ side: Side) -> Bool { sides[side.index].isDue }

    /// Whether a pong of ours may come from `side`, so that its bytes are to be looked at.
    public func awaitsPong(_ side: Side) -> Bool { sides[side.index].answered != sides[side.index].pings }

    /// What is told about `side`; nil if it was never asked.
    public func facts(_ side: Side) -> HeartbeatFacts? {
        let state = sides[side.index]
        guard state.pings > 0 else { return nil }
        return HeartbeatFacts(
            pings: state.pings, pongs: state.pongs, last: state.times.last, median: state.times.median, longest: state.times.longest
        )
    }

    /// Asked, and silent since. A byte of the same instant is a sign of life.
    private func isAsked(_ side: Side, heard: Timestamp) -> Bool { sides[side.index].askedAt > heard }

    /// How much silence leads to the next ping.
    private func wait(_ side: Side, heard: Timestamp, _ timing: HeartbeatTiming) -> TimeSpan {
        let quarter = timing.interval.nanoseconds / 4
        if sides[side.index].beatsByItself { return TimeSpan(nanoseconds: timing.interval.nanoseconds &+ quarter) }
        // The last that came was the pong.
        if sides[side.index].askedAt == heard { return TimeSpan(nanoseconds: timing.interval.nanoseconds &- timing.grid) }
        // The same for both sides, so that one look at the session serves both.
        let draw = (payload(.downstream, sides[side.index].pings) >> 16) & 0xFFFF
        let (early, overflow) = quarter.multipliedReportingOverflow(by: draw)
        return TimeSpan(nanoseconds: timing.interval.nanoseconds &- (overflow ? 0 : early >> 16))
    }

    /// The eight bytes of a ping: SplitMix64 of the drawn number, the ping's and the side.
    private func payload(_ side: Side, _ number: UInt32) -> UInt64 {
        let step = UInt64(number) << 1 | (side == .downstream ? 0 : 1)
        var mixed = nonce &+ step &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
