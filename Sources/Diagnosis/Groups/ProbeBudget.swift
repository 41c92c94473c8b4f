public import Wire

/// How often Gatehouse may probe on its own account: so many investigations for each cause and route in a minute, and so many in all.
///
/// The first refusal of a kind is investigated; the thousand that follow in the same minute are counted with it.
public struct ProbeBudget: Sendable {
    private struct Key: Sendable, Hashable {
        let cause: Cause
        let route: String
    }

    /// Investigations in a minute, for each cause and route.
    public var perMinute: Int
    /// Investigations in a minute of the whole process.
    static let inAll = 12
    private static let minute = TimeSpan.seconds(60)

    private var spent: [Key: [Timestamp]] = [:]
    private var all: [Timestamp] = []

    public init(perMinute: Int) { self.perMinute = perMinute }

    /// Whether one more may be made now; if so, it counts.
    public mutating func take(_ cause: Cause, route: String, at now: Timestamp) -> Bool {
        all.removeAll { now - $0 >= ProbeBudget.minute }
        spent = spent.compactMapValues { times in
            let fresh = times.filter { now - $0 < ProbeBudget.minute }
            return fresh.isEmpty ? nil : fresh
        }
        let key = Key(cause: cause, route: route)
        guard all.count < ProbeBudget.inAll, spent[key, default: []].count < perMinute else { return false }
        all.append(now)
        spent[key, default: []].append(now)
        return true
    }
}
