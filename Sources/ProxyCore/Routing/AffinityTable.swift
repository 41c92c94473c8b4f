// Which endpoint a value belongs to that the backend gave out: a `sid`, the value of a cookie.
//
// Theory of operation. Two generations, each with half of the room. What is learnt or used goes to the young one; when that is full or
// as old as a binding may be, it becomes the old one, and what was in the old one and nobody used since is forgotten at once. So a binding
// lives for at least `memory` after its last use and for less than twice as long, whatever comes costs constant time, and a flood of
// values can't take more room than there is: it pushes out what nobody uses first.
public import Wire

/// See above. A value: whoever shares it guards it.
public struct AffinityTable: Sendable {
    private var young: [[UInt8]: UInt64] = [:]
    private var old: [[UInt8]: UInt64] = [:]
    private var begun: Timestamp
    private let room: Int
    private let memory: TimeSpan

    /// - Parameter entries: how many bindings are kept at most.
    public init(entries: Int, memory: TimeSpan, now: Timestamp) {
        room = max(entries / 2, 1)
        self.memory = memory
        begun = now
    }

    /// Binds `key` to the endpoint with this identity; whether that is news.
    @discardableResult
    public mutating func learn(_ key: [UInt8], _ endpoint: UInt64, now: Timestamp) -> Bool {
        age(now)
        let known = young[key]
        if young.count >= room, known == nil { turn(now) }
        young[key] = endpoint
        return known != endpoint && (known != nil || old[key] != endpoint)
    }

    /// Takes over what another process learnt, where nothing is known of that key here.
    public mutating func inherit(_ key: [UInt8], _ endpoint: UInt64, now: Timestamp) {
        guard young[key] == nil, old[key] == nil else { return }
        learn(key, endpoint, now: now)
    }

    /// What is bound, what was used last first: `limit` of it at most.
    public func latest(_ limit: Int) -> [LearntBatch.Binding] {
        var bindings: [LearntBatch.Binding] = []
        for (key, endpoint) in young.prefix(limit) { bindings.append(LearntBatch.Binding(key: key, endpoint: endpoint)) }
        for (key, endpoint) in old.prefix(max(limit - bindings.count, 0)) where young[key] == nil {
            bindings.append(LearntBatch.Binding(key: key, endpoint: endpoint))
        }
        return bindings
    }

    /// The endpoint that `key` is bound to; to ask is to use it.
    public mutating func find(_ key: [UInt8], now: Timestamp) -> UInt64? {
        age(now)
        if let endpoint = young[key] { return endpoint }
        guard let endpoint = old.removeValue(forKey: key) else { return nil }
        learn(key, endpoint, now: now)
        return endpoint
    }

    /// Bindings that are remembered.
    public var count: Int { young.count + old.count }

    private mutating func age(_ now: Timestamp) {
        guard now >= begun + memory else { return }
        // Nobody came for two lives: then the young ones are old as well.
        if now >= begun + memory + memory { young = [:] }
        turn(now)
    }

    private mutating func turn(_ now: Timestamp) {
        old = young
        young = [:]
        begun = now
    }
}
