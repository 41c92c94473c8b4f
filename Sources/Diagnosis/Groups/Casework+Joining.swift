import Wire

// What is learnt after a verdict finds its case here: by endpoint, and lines of output by the rules that stand at `heard`.

extension Casework {
    /// Workers learn it by themselves when a connection is refused: the cuts just before are told.
    mutating func noteRefusedConnection(_ observation: HandshakeObservation, _ now: Timestamp) -> [Step] {
        guard case .upstreamRefused(let errno)? = observation.failure, let endpoint = observation.endpoint else { return [] }
        let waiting = cases.values.filter { file in
            guard case .end(let record) = file.subject else { return false }
            return file.endpoint == endpoint && record.wasCutByServer && now - file.ended < .seconds(5)
                && !file.signs.contains(.upstreamGone)
        }
        return learn(.upstreamGone, "connection refused (errno \(errno))", endpoint, waiting.map { $0.session }, now)
    }

    /// What a new connection to an endpoint showed goes to these sessions.
    mutating func learn(
        _ sign: Sign, _ words: String, _ endpoint: String, _ sessions: [SessionID], _ now: Timestamp
    ) -> [Step] {
        var steps: [Step] = []
        for session in sessions {
            guard let file = cases[session] else { continue }
            let after = (now - file.ended).nanoseconds / 1_000_000
            cases[session]?.learn(
                [sign], Evidence(what: "a new connection to \(endpoint)", observed: "\(words), \(after) ms after the end"))
            steps += revise(session, at: now)
        }
        return steps
    }

    /// Keeps a line until it is joined, or too old.
    mutating func remember(_ line: HeardLine) {
        if line.signs.contains(.outputProcessEnded) { standing = [] }
        if line.text.contains("is up, reason", in: line.text.indices) { standing.removeAll { $0.sign == .outputNoServerUp } }
        for sign in line.signs.signs where OutputReading.standing.contains(sign) && standing.count < 16 {
            standing.removeAll { $0.sign == sign }
            standing.append((sign, line.quote))
        }
        if lines.count == Casework.lineLimit { lines.removeFirst() }
        lines.append(line)
    }

    /// Joins a line to the cases that it belongs to.
    mutating func join(_ index: Int, _ now: Timestamp) -> [Step] {
        let line = lines[index]
        let belonging = claimants(of: line)
        guard !belonging.isEmpty else {
            // A session that it speaks of may still end; after that it is nobody's.
            if now - line.at > Casework.foreboding { lines[index].uses = 1 }
            return []
        }
        lines[index].uses = belonging.count
        var steps: [Step] = []
        for session in belonging {
            var signs = line.signs
            if let sign = cases[session]?.arrival(line.access) { signs.insert(sign) }
            cases[session]?.learn(signs, line.quote)
            steps += revise(session, at: now)
        }
        return steps
    }

    /// The cases that a line belongs to, by the rules of `heard`.
    private func claimants(of line: HeardLine) -> [SessionID] {
        var candidates = order.compactMap { cases[$0] }.filter { $0.admits(line) }
        if line.signs.contains(.outputProcessEnded) { return candidates.map { $0.session } }
        if let access = line.access, line.signs.isEmpty {
            let own = candidates.compactMap { file in file.arrival(access).map { (file.session, $0) } }
            // The very path goes before one that a hop might have made of another.
            let exact = own.filter { $0.1 != .outputSawOtherPath }
            let best = exact.isEmpty ? own : exact
            return best.count == 1 ? [best[0].0] : []
        }
        let named = candidates.filter { line.names(path: $0.path) }
        if !named.isEmpty {
            candidates = named
        } else if line.namesSomePath {
            candidates = candidates.filter { $0.path.isEmpty }
        }
        let underWay = candidates.filter { $0.began <= line.at && line.at <= $0.ended }
        if !underWay.isEmpty { candidates = underWay }
        guard let first = candidates.first else { return [] }
        // Those that have heard it already say no more by hearing it twice, but a second failure deserves its own line.
        let fresh = candidates.filter { !line.signs.isSubset(of: $0.signs) }
        if fresh.count == 1 { return [fresh[0].session] }
        let isOneKind = fresh.allSatisfy {
            $0.kind == first.kind && $0.route == first.route && $0.verdict?.cause == first.verdict?.cause
        }
        return isOneKind ? fresh.map { $0.session } : []
    }
}
