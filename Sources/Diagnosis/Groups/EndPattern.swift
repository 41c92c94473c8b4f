public import Wire

/// What the ends of several sessions have in common.
public struct EndPattern: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable {
        /// The same time after the last byte: a timer on silence.
        case silence
        /// At the same age: a limit.
        case age
        /// In one instant: a restart, a deploy, an edge.
        case instant
    }

    public let kind: Kind
    public let route: String
    public let endpoint: String
    /// The time that they share; zero for an instant.
    public let span: TimeSpan
    /// How far the farthest is from it.
    public let spread: TimeSpan
    /// How many share it.
    public let matching: Int
    /// How many ends were looked at.
    public let total: Int
    /// Whose silence it is: both sides', or the one's alone.
    public let silent: Side?
    /// Whether ages fit as well as silences, so that only other sessions can decide.
    public let isAmbiguous: Bool
    /// Who has such a timer by default.
    public let known: [KnownTimer]

    /// A ping interval that would keep such sessions alive; nil where none would.
    public var heartbeat: TimeSpan? {
        guard kind == .silence else { return nil }
        let most = span.nanoseconds / 1_000_000_000 * 45 / 100
        return [120, 60, 45, 30, 25, 20, 15, 10, 5, 2, 1].first { $0 <= most }.map { .seconds($0) }
    }

    /// The pattern as one sentence with its numbers.
    public var sentence: String {
        let those = "\(matching) of \(total)"
        let timers = known.prefix(2).map { "\($0.stack.name)'s \($0.setting)" }.joined(separator: " and ")
        var text: String
        switch kind {
        case .silence:
            let byte =
                switch silent {
                case nil: "the last byte"
                case .upstream?: "the last byte from upstream"
                case .downstream?: "the last byte from the client"
                }
            text = "\(those) ended \(shown(span)) ± \(shown(spread)) s after \(byte); the upstream closed first"
        case .age:
            text =
                "\(those) ended \(shown(span)) ± \(shown(spread)) s after they began, whatever the traffic; the upstream closed first"
        case .instant: text = "\(those) ended within \(shown(spread)) s, at different ages; the upstream closed first"
        }
        if !timers.isEmpty { text += "; \(timers) \(known.count > 1 ? "have" : "has") that default" }
        if let heartbeat { text += "; a heartbeat of \(heartbeat.nanoseconds / 1_000_000_000) s would prevent it" }
        if isAmbiguous { text += "; a limit on age fits as well, until a session that speaks more tells them apart" }
        return text
    }

    /// What it says to the catalogue.
    public var signs: SignSet {
        switch kind {
        case .silence:
            var signs: SignSet = [.manySameSilence]
            if isAmbiguous { signs.insert(.manySameAge) }
            if silent == .upstream { signs.insert(.silenceOfServerAlone) }
            return signs
        case .age: return [.manySameAge]
        case .instant: return [.manyEndedTogether]
        }
    }

    private func shown(_ span: TimeSpan) -> String {
        let tenths = (span.nanoseconds + 50_000_000) / 100_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
