public import Wire

// What is learnt after a verdict finds its case here: by endpoint, and lines of output by the rules that stand at `heard`.

extension Casework {
    /// The backend wrote a line. It is joined to a case by these rules:
    ///
    /// 1. Only lines with a sentence that servers and frameworks write about handshakes, origins, missing libraries, tracebacks, workers and
    ///    addresses count. A traceback is quoted with its last line, which names the exception.
    /// 2. *Time.* The line must fall between the case's beginning and two seconds after its end. A refusal begins with its request; for a session,
    ///    the last second counts. Lines wait a moment before they are joined, since servers write first and answer then. A traceback
    ///    is written before the answer or the close frame that it leads to: after that only the time that a pipe takes is left to it.
    /// 3. *Kind.* Sentences about opening handshakes go to refusals only; `address already in use` to refused connections; tracebacks, killed
    ///    workers and shutdowns to refusals and to sessions that ended badly. A close code that has a reason of its own is no exception's.
    /// 4. *Content.* A line that names the case's path goes to that case. One that names another request's path goes to none, nor does a
    ///    traceback beside a line that says which request failed (`RequestMention`).
    /// 5. Of several cases that are left, those under way when the line was written go first. If more than one is left, it is joined only where
    ///    all are refusals of one path with one verdict, or where it speaks of no single exchange; else nobody can tell whose it is, and it
    ///    is left out.
    /// 6. A line of an access log goes to the one refusal whose request it can be, by path, kind and status (`AccessLine`).
    /// 7. What is said once and then holds (`OutputReading.standing`) goes to every refusal that follows, until the process ends.
    /// 8. The end of the process is the end of what was cut in that moment without an answer or a close frame. Who had got one had met a process
    ///    that lived.
    public mutating func heard(_ line: [UInt8], at now: Timestamp) -> [Step] {
        hearsBackend = true
        for heard in listener.read(line, at: now) { remember(heard) }
        if let mention = RequestMention(line), mention.follows,
            let index = lines.lastIndex(where: { $0.uses == 0 && $0.owner == nil && $0.signs.contains(.outputTraceback) }),
            now - lines[index].at <= RequestMention.reach
        {
            lines[index].owner = mention
        }
        return tick(now)
    }

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
        if line.signs.contains(.outputProcessEnded) {
            standing = []
            hearsBackend = false
        }
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
            lines[index].again = now + Casework.lineDelay
            return []
        }
        lines[index].uses = belonging.count
        var steps: [Step] = []
        for session in belonging {
            guard var signs = cases[session]?.hears(line) else { continue }
            if let sign = cases[session]?.arrival(line.access) { signs.insert(sign) }
            cases[session]?.learn(signs, line.quote)
            steps += revise(session, at: now)
        }
        return steps
    }

    /// The cases that a line belongs to, by the rules of `heard`.
    private func claimants(of line: HeardLine) -> [SessionID] {
        var candidates = order.compactMap { cases[$0] }.filter { $0.hears(line) != nil }
        if line.signs.contains(.outputProcessEnded) { return dying(line, among: candidates) }
        if let access = line.access, line.signs.isEmpty {
            let own = candidates.compactMap { file in file.arrival(access).map { (file.session, $0) } }
            // The very path goes before one that a hop might have made of another.
            let exact = own.filter { $0.1 != .outputSawOtherPath }
            let best = exact.isEmpty ? own : exact
            return best.count == 1 ? [best[0].0] : []
        }
        if let owner = line.owner { candidates = candidates.filter { owner.fits($0.path) && !(owner.isPlain && $0.kind == .end) } }
        let named = candidates.filter { line.names(path: $0.path) || ($0.path == line.owner?.path) }
        if !named.isEmpty {
            candidates = named
        } else if line.namesSomePath {
            candidates = candidates.filter { $0.path.isEmpty }
        }
        let underWay = candidates.filter { $0.began <= line.at && line.at <= $0.ended }
        if !underWay.isEmpty { candidates = underWay }
        guard let first = candidates.first else { return [] }
        // A traceback is one exchange's; equal refusals of one path fail alike, but sessions that ended side by side need not.
        let isOneKind = candidates.allSatisfy {
            $0.kind == first.kind && $0.route == first.route && $0.verdict?.cause == first.verdict?.cause
                && ($0.kind == .end ? !line.signs.contains(.outputTraceback) : $0.path == first.path)
        }
        guard candidates.count == 1 || isOneKind else { return [] }
        // Those that have heard it already say no more by hearing it twice.
        return candidates.filter { !line.signs.isSubset(of: $0.signs) }.map { $0.session }
    }

    /// Whom the process took along with it: the last cuts, unless somebody was served after them.
    private func dying(_ line: HeardLine, among candidates: [CaseFile]) -> [SessionID] {
        let cut = candidates.filter { $0.hears(line)?.contains(.outputProcessEnded) == true }
        guard let last = cut.map({ $0.ended }).max() else { return [] }
        let dying = cut.filter { file in
            file.ended + Casework.together >= last
                && !cases.values.contains { other in
                    other.showsLife && other.endpoint == file.endpoint && other.ended > file.ended + .milliseconds(50)
                        && other.ended <= line.at
                }
        }
        return dying.map { $0.session }
    }
}
