import HTTPWire
public import Wire

/// What becomes of a verdict after it was written: the decisions of the casebook, without thread, socket or clock.
///
/// A case comes in when a refusal or a bad end has been reported. For a while more may be learnt of it:
///
/// - *Probes.* A refusal that leaves more than one cause is investigated, if the budget allows it.
/// - *A new connection.* When the upstream cut a session without a word, one connection tells whether it still accepts.
/// - *Other ends.* Silences, ages and instants that many sessions share (`EndPatterns`).
/// - *The backend's own words.* Lines of output, joined by time and content; see `heard`.
///
/// Each time the case is judged anew with everything together, and the verdict is written again only if it got better: another cause, another
/// confidence, the backend's words as new evidence, or probes that were made (all are listed, whatever they showed).
public struct Casework {
    /// What is to be done.
    public enum Step {
        /// Plan probes for this refusal, and tell `probed`.
        case probe(SessionID)
        /// Connect to this endpoint once, and tell `checked`.
        case check(endpoint: String)
        /// Write this verdict of this session.
        case write(SessionID, Verdict)
    }

    /// How many cases are remembered, and how many bytes of heads.
    static let caseLimit = 512
    static let byteLimit = 8 << 20
    static let lineLimit = 64
    /// How long after its end a line may still belong to a case.
    static let window = TimeSpan.milliseconds(2000)
    /// How long before a session's end a line may belong to it.
    static let foreboding = TimeSpan.milliseconds(1000)
    /// How long after an answer or a close frame a line may still come that was written before it.
    static let lag = TimeSpan.milliseconds(200)
    /// The same where a connection was cut: nobody knows what came first there.
    static let longLag = TimeSpan.milliseconds(500)
    /// How long it takes until a process that cut its sessions is known to have ended.
    static let lastBreath = TimeSpan.milliseconds(1000)
    /// Cuts by one process's end are not farther apart.
    static let together = TimeSpan.milliseconds(300)
    /// How long a line waits for the refusal that it speaks of: servers write before they answer.
    static let lineDelay = TimeSpan.milliseconds(150)
    /// How long after a cut the endpoint is asked: a process that dies takes a moment.
    static let checkDelay = TimeSpan.milliseconds(100)
    /// The most verdicts that are written of one session after the first.
    static let revisionLimit = 4

    public private(set) var groups = CauseGroups()
    public private(set) var patterns = EndPatterns()
    var cases: [SessionID: CaseFile] = [:]
    var order: [SessionID] = []
    private var bytes = 0
    var listener = OutputListener()
    var lines: [HeardLine] = []
    /// Whether the backend's output is read, and says anything at all.
    var hearsBackend = false
    /// Sessions that ended right after their accept, and when it is asked whether the backend said anything about it.
    var silences: [(session: SessionID, due: Timestamp)] = []
    /// What the backend said once and what holds since then, with its words.
    var standing: [(sign: Sign, quote: Evidence)] = []
    private var budget: ProbeBudget
    private var mayProbe: Bool
    /// When a session of each endpoint ended last.
    private var lastEnds: [String: Timestamp] = [:]
    /// Endpoints that are to be asked, with the cuts that wait for the answer.
    private var checks: [String: (due: Timestamp, isUnderWay: Bool, waiting: [SessionID])] = [:]

    /// - Parameter probesPerMinute: investigations for each cause and route in a minute; zero where Gatehouse opens no connection of its own.
    public init(probesPerMinute: Int) {
        budget = ProbeBudget(perMinute: probesPerMinute)
        mayProbe = probesPerMinute > 0
    }

    /// Another configuration is in force.
    public mutating func allow(probesPerMinute: Int) {
        budget.perMinute = probesPerMinute
        mayProbe = probesPerMinute > 0
    }

    /// What is known of a session that was refused or ended badly.
    public subscript(session: SessionID) -> CaseFile? { cases[session] }

    /// When `tick` wants to be called next.
    public var due: Timestamp? {
        var times = checks.values.filter { !$0.isUnderWay }.map { $0.due }
        if let due = listener.due { times.append(due) }
        if let silence = silences.first { times.append(silence.due) }
        for line in lines where line.uses == 0 { times.append(line.due) }
        return times.min()
    }

    // MARK: What happens

    /// A refusal was reported. The observation is the casework's from here on.
    ///
    /// - Parameter canBeProbed: whether the endpoint that refused is known, and answers to probes.
    public mutating func refused(
        _ observation: HandshakeObservation, _ verdict: Verdict, canBeProbed: Bool, at now: Timestamp
    ) -> [Step] {
        var file = CaseFile(
            session: observation.session, kind: .refusal, route: observation.route, endpoint: observation.endpoint ?? "",
            began: observation.openedAt, ended: now, subject: .refusal(observation), verdict: verdict)
        if let request = observation.request {
            file.path = Array(request.bytes[request.pathRange.clamped(to: 0..<request.bytes.count)])
            file.cost += request.bytes.count
        }
        file.cost += (observation.response?.bytes.count ?? 0) + observation.bodyStart.count
        groups.add(.refusal, file.session, verdict, route: file.route, at: now)
        keep(file)
        var steps = noteRefusedConnection(observation, now)
        for (sign, quote) in standing { cases[file.session]?.learn([sign], quote) }
        if !standing.isEmpty { steps += revise(file.session, at: now) }
        if mayProbe, canBeProbed, ProbePlan.canDecide(verdict), budget.take(verdict.cause, route: file.route, at: now) {
            cases[file.session]?.isProbed = true
            steps.append(.probe(file.session))
        }
        return steps
    }

    /// A session ended well: one more against which the bad ends are counted.
    public mutating func endedWell(_ session: SessionID, _ facts: EndFacts, route: String, endpoint: String, at now: Timestamp) {
        _ = patterns.ended(session, facts, route: route, endpoint: endpoint, at: now)
        noteEnd(endpoint, now)
    }

    private mutating func noteEnd(_ endpoint: String, _ now: Timestamp) {
        if lastEnds.count >= 256 { lastEnds = [:] }
        lastEnds[endpoint] = now
    }

    /// A session ended badly.
    ///
    /// - Parameter path: of its request, as lines of output may name it; empty where it isn't known.
    public mutating func ended(
        _ session: SessionID, _ record: SessionRecord, route: String, endpoint: String, path: [UInt8] = [], at now: Timestamp
    ) -> [Step] {
        noteEnd(endpoint, now)
        let found = patterns.ended(session, EndFacts(record), route: route, endpoint: endpoint, at: now)
        guard let verdict = record.verdict else { return [] }
        var file = CaseFile(
            session: session, kind: .end, route: route, endpoint: endpoint,
            began: max(
                Timestamp(nanoseconds: now.nanoseconds &- Casework.foreboding.nanoseconds), min(record.openedAt, now)),
            ended: now, subject: .end(record), verdict: verdict)
        file.path = path
        file.cost += 512 + path.count
        groups.add(.end, session, verdict, route: route, at: now)
        keep(file)
        awaitSilence(of: session, record, now)
        for (pattern, sessions) in found {
            for member in sessions {
                cases[member]?.learn(
                    pattern.signs, Evidence(what: "ends of other sessions", observed: pattern.sentence))
            }
        }
        var steps: [Step] = []
        for member in Set(found.flatMap { $0.sessions }).sorted(by: { $0.value < $1.value }) { steps += revise(member, at: now) }
        if mayProbe, record.wasCutByServer, !endpoint.isEmpty {
            if checks[endpoint] == nil, checks.count < 64 {
                checks[endpoint] = (now + Casework.checkDelay, false, [session])
            } else if let waiting = checks[endpoint]?.waiting.count, waiting < 256 {
                checks[endpoint]?.waiting.append(session)
            }
        }
        return steps
    }

    /// The probes of a refusal were made.
    public mutating func probed(_ session: SessionID, _ plan: ProbePlan, at now: Timestamp) -> [Step] {
        guard var file = cases[session], case .refusal(let observation) = file.subject else { return [] }
        // A handshake that hung, and goes well now that another session is gone, waited for that one's thread.
        if plan.wentWellByItself, observation.response == nil, let freed = lastEnds[file.endpoint],
            freed + .milliseconds(1500) > file.ended, file.ended + .milliseconds(1500) > freed
        {
            file.learn(
                [.freedByAnotherEnd],
                Evidence(what: "another session", observed: "ended when this one gave up; the control succeeded after that"))
        }
        observation.furtherSigns.formUnion(file.signs)
        observation.furtherEvidence += file.quotes
        guard let verdict = plan.conclude(observation).verdict, !plan.records.isEmpty else { return [] }
        file.plan = plan
        let old = file.verdict
        file.verdict = verdict
        file.revisions += 1
        cases[session] = file
        groups.move(file.kind, session, from: old, to: verdict, route: file.route, at: now)
        return [.write(session, verdict)]
    }

    /// Whether the endpoint took a new connection.
    ///
    /// - Parameter words: how it went: "connected", "connection refused (errno 111)".
    public mutating func checked(_ endpoint: String, accepts: Bool, words: String, at now: Timestamp) -> [Step] {
        guard let check = checks.removeValue(forKey: endpoint) else { return [] }
        return learn(accepts ? .upstreamStillAccepts : .upstreamGone, words, endpoint, check.waiting, now)
    }

    /// The endpoint could not be asked.
    public mutating func unchecked(_ endpoint: String) -> [Step] {
        checks[endpoint] = nil
        return []
    }

    /// Time has passed.
    public mutating func tick(_ now: Timestamp) -> [Step] {
        if let overdue = listener.takeOverdue(now) { remember(overdue) }
        var steps: [Step] = []
        for (endpoint, check) in checks where !check.isUnderWay && check.due <= now {
            checks[endpoint]?.isUnderWay = true
            steps.append(.check(endpoint: endpoint))
        }
        for index in lines.indices where lines[index].uses == 0 && lines[index].due <= now {
            steps += join(index, now)
        }
        steps += hearSilences(now)
        return steps
    }

    // MARK: Judging anew

    /// Judges a case anew; nothing where that says no more.
    mutating func revise(_ session: SessionID, at now: Timestamp) -> [Step] {
        guard var file = cases[session], file.revisions < Casework.revisionLimit, let verdict = file.judged() else { return [] }
        guard Casework.isBetter(verdict, than: file.verdict) else { return [] }
        let old = file.verdict
        file.verdict = verdict
        file.revisions += 1
        cases[session] = file
        groups.move(file.kind, session, from: old, to: verdict, route: file.route, at: now)
        return [.write(session, verdict)]
    }

    private static func isBetter(_ verdict: Verdict, than old: Verdict?) -> Bool {
        guard let old else { return true }
        if verdict.cause != old.cause || verdict.confidence != old.confidence { return true }
        let words: (Verdict) -> [Evidence] = { verdict in verdict.evidence.filter { $0.what == "backend output" } }
        return words(verdict).count > words(old).count
    }

    // MARK: Keeping

    private mutating func keep(_ file: CaseFile) {
        cases[file.session] = file
        for index in lines.indices where lines[index].uses == 0 { lines[index].again = nil }
        order.append(file.session)
        bytes += file.cost
        while order.count > Casework.caseLimit || bytes > Casework.byteLimit, order.count > 1 {
            let eldest = order.removeFirst()
            bytes -= cases.removeValue(forKey: eldest)?.cost ?? 0
        }
    }
}
