import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Synchronization
import Wire

// Which Engine.IO sessions lived a moment ago. A backend that refuses a `sid` has forgotten it, or never knew it: several workers behind one
// port. The refusal looks the same. What tells them apart is whether the backend gave the `sid` out, or served it, just now, and Gatehouse was there.

/// The names of Engine.IO sessions and when each was last known to the backend; for all workers, because polling and upgrade come on different
/// connections.
final class SessionNames: Sendable {
    /// Below the time that an Engine.IO server waits for a client by default (20 s), so that it can't have forgotten.
    static let fresh = TimeSpan.seconds(15)
    private static let entries = 8192

    private let given: Mutex<AffinityTable>

    init(now: Timestamp) { given = Mutex(AffinityTable(entries: SessionNames.entries, memory: SessionNames.fresh, now: now)) }

    func remember(_ name: [UInt8], at now: Timestamp) { given.withLock { _ = $0.learn(name, now.nanoseconds, now: now) } }

    /// How long ago the backend knew it; nil if it didn't, or too long ago to say anything.
    func age(of name: [UInt8], at now: Timestamp) -> TimeSpan? {
        guard let then = given.withLock({ $0.find(name, now: now) }), then <= now.nanoseconds else { return nil }
        let age = TimeSpan(nanoseconds: now.nanoseconds - then)
        return age <= SessionNames.fresh ? age : nil
    }
}

extension Worker {
    /// The beginning of an answer to polling: the name of the session that it opens, or of the one that it serves.
    func rememberSessionName(_ exchange: Exchange, _ observation: HandshakeObservation) {
        guard !exchange.isUpgrade, exchange.response?.status == 200, !observation.bodyStart.isEmpty else { return }
        let isShort = observation.bodyStart.count <= HandshakeObservation.bodyLimit / 2
        guard let name = (isShort ? EngineIOReading.sid(observation.bodyStart) : nil) ?? exchange.request.flatMap({ named(by: $0) })
        else { return }
        shared.sessionNames.remember(name, at: loop.now)
    }

    /// The session that a request names.
    private func named(by request: RequestHead) -> [UInt8]? {
        guard case .one(let value, _) = QueryParameter(Array("sid".utf8), of: request) else { return nil }
        return Array(value)
    }

    /// A refusal came: whether the session that the request names was opened here a moment ago.
    func recallSessionName(_ exchange: Exchange, _ head: ResponseHead) {
        guard (400..<500).contains(head.status), let observation = exchange.observation,
            let name = exchange.request.flatMap({ named(by: $0) }),
            let age = shared.sessionNames.age(of: name, at: loop.now)
        else { return }
        observation.furtherSigns.insert(.sidJustGiven)
        observation.furtherEvidence.append(
            (
                .sidJustGiven,
                Evidence(
                    what: "polling", observed: "the backend knew this `sid` \(Int(age.milliseconds)) ms before it refused it",
                    expected: "a session that it knows")
            ))
    }
}
