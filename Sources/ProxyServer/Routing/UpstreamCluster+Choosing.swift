import Diagnosis
import ProxyCore
import Wire

// The choice of an endpoint where more than the policy has a say.
//
//     drained, tried, full ──► never
//     not fit by health ─────► not, unless too few are fit (panic), or the request was let out of the line to find out
//     bound by affinity ─────► that one, if it may be chosen
//     otherwise ─────────────► by the key of the affinity, or by the policy

extension UpstreamCluster {
    /// What came of a choice.
    struct Choosing {
        var index: Int?
        /// Health began to be ignored with this choice, or ceased to be.
        var panicChanged: Bool?
    }

    /// The endpoint for a request, among those that were not tried for it yet.
    ///
    /// - Parameter isSession: whether it counts against `max_sessions`.
    func choose(
        _ choice: EndpointChoice, _ standing: ClusterStanding, tried: TriedEndpoints, isSession: Bool, random: UInt64,
        now: Timestamp
    ) -> Choosing {
        var result = Choosing()
        let limit = isSession ? cluster.maximumSessions : nil
        result.panicChanged = consider(choice, standing, tried, limit, now)
        while let index = preferred(choice, random) {
            if let limit {
                guard let seat = standing.endpoints[index].seat(limit: limit) else {
                    // Another worker was faster.
                    candidates[index].isUsable = false
                    continue
                }
                choice.seat = seat
            }
            if choice.affinity?.outcome != .new { judge(choice, standing, index, tried, limit, now) }
            result.index = index
            return result
        }
        return result
    }

    /// Fills in what is known of each endpoint; whether panic began or ended with it.
    private func consider(
        _ choice: EndpointChoice, _ standing: ClusterStanding, _ tried: TriedEndpoints, _ limit: Int?, _ now: Timestamp
    ) -> Bool? {
        var total = 0
        var fit = 0
        var full = 0
        for index in endpoints.indices {
            let mine = standing.endpoints[index]
            candidates[index].sessions = endpoints[index].active
            candidates[index].identity = mine.identity
            var isUsable = !endpoints[index].isDraining
            if let rule = cluster.health {
                let state = mine.state
                candidates[index].weight = state.weight(rule, now: now)
                let isFit = state.isFit || state.isOver(now)
                if isUsable {
                    total += 1
                    if isFit { fit += 1 }
                }
            }
            if isUsable, let limit, mine.sessions >= limit {
                isUsable = false
                full += 1
            }
            candidates[index].isUsable = isUsable && !tried.contains(index)
        }
        choice.foundAllFull = full > 0 && !candidates.contains { $0.isUsable } && tried.isEmpty
        guard let rule = cluster.health else { return nil }
        let isPanic = rule.isPanic(fit: fit, of: total)
        if !isPanic {
            for index in endpoints.indices where candidates[index].isUsable {
                switch standing.endpoints[index].state {
                case .unhealthy: candidates[index].isUsable = false
                // Who waited goes and looks: an ejection is a guess about the future.
                case .ejected(let until): candidates[index].isUsable = choice.waitBegan != nil || now >= until
                case .ready, .warming: break
                }
            }
        }
        return standing.setPanic(isPanic) ? isPanic : nil
    }

    private func preferred(_ choice: EndpointChoice, _ random: UInt64) -> Int? {
        if let bound = choice.bound,
            let index = candidates.firstIndex(where: { $0.identity == bound && $0.isUsable })
        {
            return index
        }
        if case .key? = cluster.affinity?.kind, let key = choice.key { return EndpointPicker.highest(candidates, key) }
        if case .applicationCookie? = cluster.affinity?.kind, choice.bound == nil, let key = choice.key {
            return EndpointPicker.highest(candidates, key)
        }
        return pickByPolicy(random: random, key: cluster.policy == .hash ? choice.key : nil)
    }

    // MARK: Affinity

    /// Whether the request went where it belongs, and if not, why.
    private func judge(
        _ choice: EndpointChoice, _ standing: ClusterStanding, _ chosen: Int, _ tried: TriedEndpoints, _ limit: Int?,
        _ now: Timestamp
    ) {
        guard let name = cluster.affinity?.name, let home = home(choice, standing) else { return }
        guard let home = home.index else {
            choice.affinity = AffinityFacts(by: name, outcome: .broken, why: "gone")
            return
        }
        guard home != chosen else {
            choice.affinity = AffinityFacts(by: name, outcome: .kept)
            return
        }
        let why: String
        if tried.contains(home) {
            why = "connect_failed"
        } else if endpoints[home].isDraining {
            why = "draining"
        } else {
            switch standing.endpoints[home].state {
            case .unhealthy: why = "unhealthy"
            case .ejected: why = "ejected"
            case .warming: why = "warming"
            case .ready: why = "full"
            }
        }
        choice.affinity = AffinityFacts(by: name, outcome: .broken, why: why)
    }

    /// Where the request belongs; nil if nowhere, an index of nil if that endpoint is none of the cluster any more.
    private func home(_ choice: EndpointChoice, _ standing: ClusterStanding) -> (index: Int?, Void)? {
        if let bound = choice.bound { return (standing.endpoints.firstIndex { $0.identity == bound }, ()) }
        guard case .key? = cluster.affinity?.kind, let key = choice.key else { return nil }
        let all = standing.endpoints.map { EndpointPicker.Candidate(identity: $0.identity) }
        return (EndpointPicker.highest(all, key), ())
    }
}

extension EndpointHealth.State {
    /// Whether the time of an ejection is over, though nobody has said so yet.
    func isOver(_ now: Timestamp) -> Bool {
        if case .ejected(let until) = self { return now >= until }
        return false
    }
}
