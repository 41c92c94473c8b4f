import ProxyCore
import Synchronization
import Wire

/// How one endpoint of a cluster stands, for all workers and for whoever checks it.
///
/// Reading is one atomic load, since every choice reads it. What is seen of the endpoint goes through a lock; answers, which are what
/// nearly always comes, only where they would change something.
final class EndpointStanding: Sendable {
    /// What was seen of an endpoint.
    enum Event {
        case probeSucceeded, probeFailed, connectFailed, handshakeFailed, answered, timePassed
    }

    let endpoint: Endpoint
    let name: String
    /// The hash of its URL: what keys and cookies know it by.
    let identity: UInt64
    private let health = Mutex(EndpointHealth())
    private let packed = Atomic<UInt64>(EndpointHealth.State.ready.packed)
    private let heedsAnswers = Atomic<Bool>(false)
    private let seats = Atomic<Int>(0)

    init(_ endpoint: Endpoint) {
        self.endpoint = endpoint
        name = endpoint.description
        identity = KeyHash.of(name.utf8)
    }

    var state: EndpointHealth.State { EndpointHealth.State(packed: packed.load(ordering: .relaxed)) }

    /// Takes in what was seen; what is to be told of it, if anything changed.
    func note(_ event: Event, _ rule: HealthRule, now: Timestamp) -> EndpointHealth.Change? {
        if event == .answered, !heedsAnswers.load(ordering: .relaxed) { return nil }
        return health.withLock { health in
            let change =
                switch event {
                case .probeSucceeded: health.probeSucceeded(rule, now: now)
                case .probeFailed: health.probeFailed(rule, now: now)
                case .connectFailed: health.connectFailed(rule, now: now)
                case .handshakeFailed: health.handshakeFailed(rule, now: now)
                case .answered: health.answered(rule, now: now)
                case .timePassed: health.timePassed(rule, now: now)
                }
            packed.store(health.state.packed, ordering: .relaxed)
            heedsAnswers.store(health.heedsAnswers, ordering: .relaxed)
            return change
        }
    }

    /// Failures in a row that the traffic saw, for the API.
    var failures: Int { health.withLock { $0.failures } }

    // MARK: Sessions

    /// Sessions that sit on it, where `max_sessions` has them counted.
    var sessions: Int { seats.load(ordering: .relaxed) }

    /// A place for one more session, while it has fewer than `limit`. It is given back when the seat is let go of.
    func seat(limit: Int) -> EndpointSeat? {
        if seats.add(1, ordering: .relaxed).newValue <= limit { return EndpointSeat(self) }
        seats.subtract(1, ordering: .relaxed)
        return nil
    }

    fileprivate func leave() { seats.subtract(1, ordering: .relaxed) }
}

/// A session that counts against its endpoint's `max_sessions` for as long as this object lives.
final class EndpointSeat {
    private let standing: EndpointStanding

    fileprivate init(_ standing: EndpointStanding) { self.standing = standing }

    deinit { standing.leave() }
}
