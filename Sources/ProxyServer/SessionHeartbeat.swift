import Diagnosis
import ProxyCore
import WebSocketWire
import Wire

/// What a session keeps whose route asks for pings. All others keep one empty pointer.
final class SessionHeartbeat {
    var state: Heartbeat
    let route: RouteHeartbeat
    private var clientSieve = PongSieve()
    private var serverSieve = PongSieve()

    init(_ state: Heartbeat, route: RouteHeartbeat) {
        self.state = state
        self.route = route
    }

    /// Whether bytes of either side must be looked at, or a ping waits for its place.
    var needsCare: Bool {
        state.awaitsPong(.downstream) || state.awaitsPong(.upstream) || state.isDue(.downstream) || state.isDue(.upstream)
            || !clientSieve.held.isEmpty || !serverSieve.held.isEmpty
    }

    /// Takes the pongs of ours out of what came from `side`; see `PongSieve`. `answered` is told each one's round trip.
    func sift(
        _ side: Side, _ bytes: RawSpan, after tally: FrameTally, now: Timestamp, answered: (TimeSpan?) -> Void
    ) -> PongSieve.Sifted {
        func claim(_ payload: UInt64) -> Bool {
            guard let answer = state.claim(side, payload, now: now) else { return false }
            answered(answer.roundTrip)
            return true
        }
        return side == .downstream
            ? clientSieve.sift(bytes, after: tally, claim: claim) : serverSieve.sift(bytes, after: tally, claim: claim)
    }

    /// Whether `bytes`, which stand at a frame boundary, are one pong of ours and nothing besides.
    func claimSole(_ side: Side, _ bytes: RawSpan, now: Timestamp) -> Heartbeat.Answer? {
        guard (side == .downstream ? clientSieve.held : serverSieve.held).isEmpty,
            let payload = PongSieve.solePong(bytes, side.direction)
        else { return nil }
        return state.claim(side, payload, now: now)
    }

    /// What was withheld from `side`'s bytes, when nothing more comes from it.
    func takeHeld(_ side: Side) -> [UInt8] { side == .downstream ? clientSieve.take() : serverSieve.take() }

    /// Whether `side`'s bytes are to be looked at for pongs of ours.
    func looksAt(_ side: Side) -> Bool {
        state.awaitsPong(side) || !(side == .downstream ? clientSieve.held : serverSieve.held).isEmpty
    }
}

/// The heartbeats of one route on one worker: their times, and what the ends of its sessions taught.
final class RouteHeartbeat {
    let name: String
    let policy: HeartbeatPolicy
    private(set) var timing: HeartbeatTiming
    private var learner: IntervalLearner?

    init(_ name: String, _ policy: HeartbeatPolicy) {
        self.name = name
        self.policy = policy
        timing = policy.timing
        if policy.interval == .automatic { learner = IntervalLearner() }
    }

    /// A session of the route ended; gives what was learnt from that, if anything was.
    func ended(_ record: SessionRecord, client: SocketAddress) -> IntervalLearner.Lesson? {
        guard let lesson = learner?.ended(record, client: client) else { return nil }
        timing.interval = lesson.interval
        return lesson
    }
}
