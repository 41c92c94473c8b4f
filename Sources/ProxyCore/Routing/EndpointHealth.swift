// Whether an endpoint is fit, from what was seen of it.
//
//            failures in a row                 bad checks in a row
//     ready ───────────────────► ejected   ready ───────────────► unhealthy
//       ▲                           │        ▲                        │
//       │ slow_start is over        │        │                        │ good checks in a row
//     warming ◄─────────────────────┴────────┴── warming ◄────────────┘
//               its time is over, or an answer
//
// Theory of operation. Two witnesses speak: the traffic (connections that fail, handshakes that are answered with 5xx or not at all)
// and the checks. Neither may overrule the other's bad word: an endpoint whose check is fine and whose handshakes fail stays
// ejected, and one whose check says no gets nothing, however well it answers those who are there. The traffic's word expires, since
// nobody asks an ejected endpoint anything; after its time it is on probation, and the first failure sends it away again for twice
// as long. An answer at any time (a last resort may choose an ejected endpoint) proves more than a timer and ends the ejection.
//
// The first check counts at once, so that a start doesn't take the thresholds' time. Until then everybody is fit.
public import Wire

/// See above. A value: whoever shares it guards it.
public struct EndpointHealth: Sendable, Hashable {
    /// How an endpoint stands.
    public enum State: Sendable, Hashable {
        case ready
        /// Fit, with a share that grows since then.
        case warming(since: Timestamp)
        /// By the traffic's word, until then.
        case ejected(until: Timestamp)
        /// By the checks' word.
        case unhealthy
    }

    /// What to tell the ledger.
    public enum Change: Sendable, Hashable {
        /// Fit again.
        case ready
        /// - Parameters:
        ///   - span: for how long
        ///   - count: the how manyth time in a row
        case ejected(for: TimeSpan, count: Int)
        case unhealthy
    }

    public private(set) var state = State.ready
    /// Failures of the traffic in a row.
    public private(set) var failures = 0
    /// Ejections in a row, and when the last one was over.
    private var ejections = 0
    private var returned = Timestamp.zero
    /// Checks in a row with the same outcome: good ones above zero, bad ones below.
    private var checks = 0

    public init() {}

    /// Whether an answer would change anything.
    public var heedsAnswers: Bool {
        if case .ejected = state { return true }
        return failures > 0
    }

    // MARK: The traffic

    /// No address of it took a connection, or TLS with it failed.
    public mutating func connectFailed(_ rule: HealthRule, now: Timestamp) -> Change? { failed(rule, now) }

    /// It took a request and answered with 5xx, with what is no answer, or not in time.
    public mutating func handshakeFailed(_ rule: HealthRule, now: Timestamp) -> Change? { failed(rule, now) }

    /// It answered as one who works.
    public mutating func answered(_ rule: HealthRule, now: Timestamp) -> Change? {
        failures = 0
        switch state {
        case .ejected: return comeBack(rule, now)
        case .ready, .warming, .unhealthy: return nil
        }
    }

    private mutating func failed(_ rule: HealthRule, _ now: Timestamp) -> Change? {
        guard rule.failures > 0 else { return nil }
        failures = failures < .max ? failures + 1 : failures
        switch state {
        case .ejected, .unhealthy: return nil
        case .ready, .warming:
            // Back for as long as it was away: the next ejection is a first one.
            if ejections > 0, now >= returned + span(rule) { ejections = 0 }
            guard failures >= rule.failures || (ejections > 0 && failures == 1) else { return nil }
            ejections += 1
            let away = span(rule)
            state = .ejected(until: now + away)
            return .ejected(for: away, count: ejections)
        }
    }

    /// How long the last of so many ejections lasts.
    private func span(_ rule: HealthRule) -> TimeSpan {
        var span = rule.ejection
        for _ in 1..<max(min(ejections, 32), 2) where ejections > 1 {
            span = TimeSpan(nanoseconds: span.nanoseconds.addingReportingOverflow(span.nanoseconds).partialValue)
            if span >= rule.longestEjection { break }
        }
        return min(span, max(rule.longestEjection, rule.ejection))
    }

    // MARK: Checks

    public mutating func probeSucceeded(_ rule: HealthRule, now: Timestamp) -> Change? {
        let isFirst = checks == 0
        checks = checks < 0 ? 1 : min(checks + 1, 1 << 20)
        guard state == .unhealthy, isFirst || checks >= rule.check?.healthy ?? 1 else { return nil }
        return comeBack(rule, now)
    }

    public mutating func probeFailed(_ rule: HealthRule, now: Timestamp) -> Change? {
        let isFirst = checks == 0
        checks = checks > 0 ? -1 : max(checks - 1, -(1 << 20))
        guard state != .unhealthy, isFirst || -checks >= rule.check?.unhealthy ?? 1 else { return nil }
        state = .unhealthy
        return .unhealthy
    }

    // MARK: Time

    /// What time alone changes: an ejection ends, an endpoint is warm.
    public mutating func timePassed(_ rule: HealthRule, now: Timestamp) -> Change? {
        switch state {
        case .ejected(let until) where now >= until: return comeBack(rule, now)
        case .warming(let since) where now >= since + rule.slowStart: state = .ready
        default: break
        }
        return nil
    }

    private mutating func comeBack(_ rule: HealthRule, _ now: Timestamp) -> Change {
        failures = 0
        returned = now
        state = rule.slowStart > .zero ? .warming(since: now) : .ready
        return .ready
    }
}

extension EndpointHealth.State {
    /// Whether new sessions may go there.
    public var isFit: Bool {
        switch self {
        case .ready, .warming: true
        case .ejected, .unhealthy: false
        }
    }

    /// Its share of what it would get, of `EndpointPicker.Candidate.fullWeight`; at least a sixteenth, so that it gets warm at all.
    public func weight(_ rule: HealthRule, now: Timestamp) -> UInt16 {
        let full = UInt64(EndpointPicker.Candidate.fullWeight)
        guard case .warming(let since) = self, rule.slowStart > .zero else { return UInt16(full) }
        let gone = now > since ? min((now - since).nanoseconds, rule.slowStart.nanoseconds) : 0
        // In steps of a 256th of the time, since nanoseconds times 256 could overflow.
        let share = gone / max(rule.slowStart.nanoseconds / full, 1)
        return UInt16(min(max(share, full / 16), full))
    }

    /// The word for the API and metrics.
    public var name: String {
        switch self {
        case .ready: "ready"
        case .warming: "warming"
        case .ejected: "ejected"
        case .unhealthy: "unhealthy"
        }
    }

    /// The state in one word that can be read without a lock; times lose their last two bits.
    public var packed: UInt64 {
        switch self {
        case .ready: 0
        case .warming(let since): since.nanoseconds & ~3 | 1
        case .ejected(let until): until.nanoseconds & ~3 | 2
        case .unhealthy: 3
        }
    }

    public init(packed: UInt64) {
        let time = Timestamp(nanoseconds: packed & ~3)
        switch packed & 3 {
        case 0: self = .ready
        case 1: self = .warming(since: time)
        case 2: self = .ejected(until: time)
        default: self = .unhealthy
        }
    }
}
