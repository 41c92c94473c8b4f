import HTTPWire
public import Wire

/// What was concluded from one opening handshake.
public struct HandshakeJudgement: Sendable {
    public var findings: [Finding]
    /// Who answered; nil where nobody did.
    public var responder: Responder?
    /// Nil where the handshake is healthy, or was none.
    public var verdict: Verdict?
}

/// Concludes from everything that was seen of one opening handshake: findings for what is wrong in the bytes, who answered, and a verdict
/// unless all is well.
///
/// Three steps, in this order: the heads are read into signs (`RequestReading`, `ResponseReading`, `FailureReading`), the catalogue's clauses
/// weigh the signs (`Hypotheses`), and the highest is worded (`VerdictWriter`). What it costs is measured by `Benchmarks/refusals`.
public enum HandshakeJudge {
    public static func judge(_ observation: HandshakeObservation) -> HandshakeJudgement {
        var reading = SignReading()
        let answer = read(observation, into: &reading)
        let findings = findings(observation, reading)
        guard needsVerdict(observation, reading) else {
            return HandshakeJudgement(findings: findings, responder: answer?.responder, verdict: nil)
        }
        if let own = ownVerdict(observation) {
            return HandshakeJudgement(
                findings: findings, responder: Responder(who: .gatehouse, stack: "Gatehouse", confidence: .proven), verdict: own)
        }
        let told = observation.response.flatMap { GatehouseAnswer($0, body: observation.bodyStart) }
        if let told, told.isOwn, observation.failure == nil {
            return HandshakeJudgement(findings: findings, responder: told.responder, verdict: told.verdict(observation))
        }
        let quotes = HandshakeQuotes(observation: observation, reading: reading)
        let writer = VerdictWriter(
            hypotheses: Hypotheses(reading.set), reading: reading, stacks: stacks(answer, reading), responder: answer?.responder,
            probes: observation.probes, quote: quotes.quote)
        var verdict = writer.verdict()
        if reading.has(.redirectToOtherHost), let response = observation.response { RedirectReading.name(response, in: &verdict) }
        HandshakeWording.word(&verdict, observation, reading)
        OwnUpstream.name(observation, in: &verdict)
        if verdict.confidence != .proven, let words = AnswerWords.evidence(observation),
            !verdict.evidence.contains(where: { $0.what == words.what })
        {
            // Among the first three, since a log for people shows no more.
            verdict.evidence.insert(words, at: min(2, verdict.evidence.count))
        }
        if let told { verdict.evidence.insert(told.quote, at: min(1, verdict.evidence.count)) }
        return HandshakeJudgement(findings: findings, responder: answer?.responder, verdict: verdict)
    }

    /// The signs of a handshake; `ProbePlan` and tests ask for them.
    public static func signs(of observation: HandshakeObservation) -> SignSet {
        var reading = SignReading()
        _ = read(observation, into: &reading)
        return reading.set
    }

    /// The signs of a request alone, as somebody else wrote it.
    static func signs(ofRequest request: RequestHead) -> SignSet {
        let observation = HandshakeObservation(
            session: SessionID(0), openedAt: .zero, client: ClientFacts(address: SocketAddress(high: 0, low: 0, port: 0)))
        observation.request = request
        return signs(of: observation)
    }

    /// Who answered, and who stands on the path.
    public static func stacks(of observation: HandshakeObservation) -> [Stack] {
        var reading = SignReading()
        let answer = read(observation, into: &reading)
        return stacks(answer, reading)
    }

    /// A valid 101 opened a session: its analyser, and what was odd about the handshake all the same. Reads the request's head once, and the
    /// answer's if none like it is in `answers`.
    public static func opened(_ observation: HandshakeObservation, at now: Timestamp, _ answers: inout OpenedAnswers) -> (
        analyzer: SessionAnalyzer, findings: [Finding]
    ) {
        var reading = SignReading(keepsTraces: false)
        guard let request = observation.request, let response = observation.response, observation.bodyStart.isEmpty,
            observation.failure == nil, response.status == 101, observation.answerFaults.isEmpty
        else {
            let answer = read(observation, into: &reading)
            let hop = answer?.path.first
            return (analyzer(observation, reading, answer?.author ?? hop, hop, now), findings(observation, reading))
        }
        RequestReading.read(request, observation, into: &reading)
        let meaning = answers.meaning(of: response) {
            var signs = SignReading(keepsTraces: false)
            let answer = ResponseReading.read(response, observation, into: &signs)
            return OpenedAnswers.Meaning(signs: signs.set, author: answer.author, hop: answer.path.first)
        }
        reading.add(all: meaning.signs)
        reading.add(all: observation.furtherSigns)
        return (
            analyzer(observation, reading, meaning.author ?? meaning.hop, meaning.hop, now), findings(observation, reading)
        )
    }

    /// The analyser for the session that this handshake opened.
    public static func analyzer(for observation: HandshakeObservation, at now: Timestamp) -> SessionAnalyzer {
        var none = OpenedAnswers()
        return opened(observation, at: now, &none).analyzer
    }

    private static func analyzer(
        _ observation: HandshakeObservation, _ reading: SignReading, _ stack: Stack?, _ hop: Stack?, _ now: Timestamp
    ) -> SessionAnalyzer {
        var traits: SessionTraits = []
        if let response = observation.response, response.section.has(KnownField.secWebSocketExtensions) {
            let names = response.elements(of: .secWebSocketExtensions).map { ExtensionAnswer.Item(response.bytes, $0).name }
            if names.contains(where: { $0 != "permessage-deflate" }) { traits.insert(.unknownExtension) }
        }
        for (sign, trait) in keptTraits where reading.has(sign) { traits.insert(trait) }
        return SessionAnalyzer(openedAt: now, traits: traits, stack: stack, hop: hop)
    }

    /// What of a handshake's signs the verdict on the session's end needs.
    private static let keptTraits: [(Sign, SessionTraits)] = [
        (.deflateAgreed, .compression), (.offersDeflate, .offeredCompression), (.hasCredentials, .credentials),
        (.tokenHasExpired, .expiredToken),
        (.intermediaryOnPath, .intermediary), (.edgeOnPath, .edge), (.engineIOPath, .engineIO),
        (.engineIOOldVersion, .olderEngineIO),
        (.bearsBrowserAgent, .browser), (.originOtherHost, .otherOrigin),
    ]

    private static func read(_ observation: HandshakeObservation, into reading: inout SignReading) -> ResponderReading? {
        if let request = observation.request { RequestReading.read(request, observation, into: &reading) }
        var answer: ResponderReading?
        if let response = observation.response {
            answer = ResponseReading.read(response, observation, into: &reading)
        }
        if let failure = observation.failure { FailureReading.read(failure, observation, into: &reading) }
        // Polling was never an upgrade: that it was answered as plain HTTP shows nothing.
        if reading.has(.isPlainRequest), reading.has(.engineIOPolling) {
            reading.remove(.uvicornAsHTTP)
            reading.remove(.byFrameworkAsHTTP)
        }
        reading.add(all: observation.furtherSigns)
        return answer
    }

    /// Faults of the heads; they were all seen while the signs were read, so that a clean handshake isn't checked twice.
    private static func findings(_ observation: HandshakeObservation, _ reading: SignReading) -> [Finding] {
        guard let request = observation.request, !reading.has(.isPlainRequest) else { return [] }
        var findings: [Finding] = []
        if !requestFaults.isDisjoint(with: reading.set) { findings = UpgradeRequestCheck.findings(request) }
        if let response = observation.response, !answerFaults.isDisjoint(with: reading.set) {
            findings += UpgradeResponseCheck.findings(request, response)
        }
        return findings
    }

    private static let requestFaults = SignSet(RequestFault.allCases.map { $0.sign })
    private static let answerFaults = SignSet(ResponseFault.allCases.map { $0.sign })
    private static let fatalFaults = SignSet(ResponseFault.allCases.filter { $0.isFatal }.map { $0.sign })

    /// A verdict is due where a handshake was meant and did not succeed: healthy ones, plain requests that were answered, and clients that
    /// only looked are left alone.
    private static func needsVerdict(_ observation: HandshakeObservation, _ reading: SignReading) -> Bool {
        if let failure = observation.failure {
            switch failure {
            case .clientGone: return reading.has(.failedResponseTimeout)
            case .draining: return false
            default: return true
            }
        }
        guard let response = observation.response else { return false }
        guard !reading.has(.isPlainRequest) else {
            return reading.has(.engineIOPolling) && (response.status >= 400 || reading.has(.engineIORefused))
        }
        guard response.status == 101 else { return true }
        if !fatalFaults.isDisjoint(with: reading.set) { return true }
        // RFC 6455 lets a client go on without a subprotocol; browsers, which send Origin, don't.
        return reading.has(.subprotocolNotSelected) && (observation.judgesAsBrowser || !reading.has(.originAbsent))
    }

    /// What Gatehouse refused itself needs no weighing.
    private static func ownVerdict(_ observation: HandshakeObservation) -> Verdict? {
        if let gate = observation.gate { return verdict(of: gate, observation) }
        if let refusal = PathRefusal(observation) { return refusal.verdict }
        let cause: Cause
        let text: String
        switch observation.failure {
        case .refusedByGate("origin"):
            cause = observation.request?.section.has(KnownField.origin) == false ? .originMissing : .originNotAllowed
            text = "Gatehouse's own origin rule refused this handshake"
        case .refusedByGate(let gate) where gate == "credentials":
            cause = .credentialsMissing
            text = "Gatehouse's own authentication refused this handshake"
        case .refusedByGate(let gate):
            cause = gate == "address" ? .clientAddressDenied : .credentialsRejected
            text = "Gatehouse's own rule (\(gate)) refused this handshake"
        case .noRoute:
            cause = .proxyPathNotMatched
            text = "No route of Gatehouse's configuration matches this host and path"
        case .limit(let name) where name != "head":
            cause = name == "rate" ? .rateLimited : .connectionLimit
            text = "Gatehouse's own limit `\(name)` is reached"
        default: return nil
        }
        let fix =
            switch cause {
            case .originNotAllowed, .originMissing: "Add the Origin to `origins.allow` of the route (or set `origins.missing`)"
            case .proxyPathNotMatched: "Extend `match` of a route so that it covers this host and path"
            case .connectionLimit, .rateLimited: "Raise the limit in `limits`, or close sessions that nobody needs"
            default: "Send what `auth` of the route reads, or change the rule"
            }
        var evidence = [Evidence(what: "decision", observed: text)]
        if cause == .originNotAllowed, let request = observation.request, let origin = request.firstFieldText(.origin) {
            evidence.append(
                Evidence(
                    what: "request field", observed: origin, location: request.firstFieldRange(.origin).map { .downstream($0) }))
        }
        return Verdict(
            cause: cause, title: text, confidence: .proven, blame: .configuration,
            answeredBy: Responder(who: .gatehouse, stack: "Gatehouse", confidence: .proven), evidence: evidence, fix: [fix])
    }

    /// The gate knows what it decided: rule, observed value and what is allowed stand in its refusal.
    private static func verdict(of gate: GateRefusal, _ observation: HandshakeObservation) -> Verdict {
        var evidence = [
            Evidence(
                what: "decision", observed: "Gatehouse's own rule (\(gate.rule.rawValue)) refused this handshake: \(gate.fault)"),
            Evidence(what: "observed", observed: gate.observed),
            Evidence(what: "allowed", observed: gate.allowed),
        ]
        if gate.rule == .origin, let location = observation.request?.firstFieldRange(.origin) {
            evidence[1].location = .downstream(location)
        }
        let title =
            switch gate.rule {
            case .origin: "Gatehouse's own origin rule refused this handshake"
            case .credentials: "Gatehouse's own authentication refused this handshake"
            case .permission: "Gatehouse's own permission rule refused this handshake"
            case .limit: "A limit of Gatehouse's own is reached"
            }
        let isClients = gate.rule == .credentials || gate.rule == .permission
        return Verdict(
            cause: gate.cause, title: title, confidence: .proven, blame: isClients && gate.status != 503 ? .client : .configuration,
            answeredBy: Responder(who: .gatehouse, stack: "Gatehouse", confidence: .proven), evidence: evidence, fix: [gate.fix])
    }

    private static func stacks(_ answer: ResponderReading?, _ reading: SignReading) -> [Stack] {
        guard let answer else { return [] }
        var stacks: [Stack] = []
        let isHop = reading.has(.byIntermediary) || reading.has(.byEdge)
        let own = answer.author?.fixesFrom ?? []
        for stack in isHop ? own + answer.path : own.prefix(1) + answer.path + own.dropFirst() where !stacks.contains(stack) {
            stacks.append(stack)
        }
        return stacks
    }
}
