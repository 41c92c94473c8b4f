// `interval: auto`: what the deaths of a route's sessions say about the timers on its way.
//
// A timer that cuts idle connections shows in that sessions end without a close frame, by FIN or RST of one side, after silences of the
// same length. People who close a tab leave after silences of all lengths. So three of the last eight such silences within five
// per cent of each other are a timer, and the interval becomes seven tenths of its length. It never gets longer again while the
// process lives: a timer that was there once is likely still there.
//
// What dies on the client's side is the client's word, and a stranger may hang up three times after two seconds to have everybody pinged
// sixteen times as often. So that side teaches nothing below ten seconds (timers of networks and proxies are longer), and its three silences
// must come from three networks; only clients of this machine or of a private network, who are a proxy more likely than a stranger, may
// share one.
public import Diagnosis
public import Wire

/// Learns from the ends of one route's sessions on one worker.
public struct IntervalLearner: Sendable {
    /// A shorter interval, and what it was learnt from.
    public struct Lesson: Sendable, Hashable {
        public var interval: TimeSpan
        public var before: TimeSpan
        /// The silence after which sessions died.
        public var silence: TimeSpan
        public var sessions: Int
    }

    /// Below this, deaths are no idle timer's.
    static let shortest = TimeSpan.seconds(2)
    /// The same for silences on the client's side.
    static let shortestOfClients = TimeSpan.seconds(10)
    private static let remembered = 8
    private static let needed = 3

    public private(set) var interval: TimeSpan
    private var silences: [Silence] = []

    private struct Silence {
        var nanoseconds: UInt64
        /// Whose word it is; nil: the backend's, or that of a client who may be many.
        var network: SocketAddress?
    }

    public init(interval: TimeSpan = HeartbeatPolicy.automaticStart) { self.interval = interval }

    /// A session of the route ended; the lesson, if there is one.
    ///
    /// - Parameter client: its address, as far as trusted proxies told it.
    public mutating func ended(_ record: SessionRecord, client: SocketAddress) -> Lesson? {
        let isClients = record.first == .downstream
        let shortest = isClients ? IntervalLearner.shortestOfClients : IntervalLearner.shortest
        guard let silence = IntervalLearner.fatalSilence(of: record), silence >= shortest, silence < interval else { return nil }
        let network = isClients && !client.isLoopback && !client.isPrivate ? client.network : nil
        // One network has one word at a time: the newest.
        if let network { silences.removeAll { $0.network == network } }
        if silences.count == IntervalLearner.remembered { silences.removeFirst() }
        silences.append(Silence(nanoseconds: silence.nanoseconds, network: network))
        let tolerance = max(silence.nanoseconds / 20, 300_000_000)
        let alike = silences.count {
            max($0.nanoseconds, silence.nanoseconds) - min($0.nanoseconds, silence.nanoseconds) <= tolerance
        }
        guard alike >= IntervalLearner.needed else { return nil }
        let lesson = Lesson(
            interval: max(TimeSpan(nanoseconds: silence.nanoseconds / 10 * 7), TimeSpan.seconds(1)), before: interval,
            silence: silence,
            sessions: alike)
        interval = lesson.interval
        silences = []
        return lesson
    }

    /// How long the connection that was cut had been silent in both directions; nil if the session ended in another way.
    private static func fatalSilence(of record: SessionRecord) -> TimeSpan? {
        guard let first = record.first, first != .gatehouse, !record.downstream.sentClose, !record.upstream.sentClose else {
            return nil
        }
        let (cut, other) =
            first == .downstream ? (record.downstream, record.upstream) : (record.upstream, record.downstream)
        switch cut.end {
        case .finished?, .reset?: break
        default: return nil
        }
        // What the other side last said was relayed to this one; its answers to our pings were not.
        return min(cut.idle, other.sinceMessage ?? cut.idle)
    }
}
