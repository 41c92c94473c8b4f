import HTTPWire
import Wire

/// What a Gatehouse on the way says of an answer: `Gatehouse-Verdict: CAUSE; id=SESSION; confidence=HOW-SURE`.
///
/// It stands on answers of Gatehouse's own and on those of the backend that it passes on. Only its own page names the session as well,
/// and then the cause is what that Gatehouse decided, not what could be concluded from the outside.
struct GatehouseAnswer {
    let cause: Cause
    let session: SessionID
    /// How sure that Gatehouse was; nil where an older one says nothing of it.
    let confidence: Confidence?
    /// The field as it came.
    let quote: Evidence
    /// Whether that Gatehouse wrote the answer itself.
    let isOwn: Bool

    private static let field = FieldName("gatehouse-verdict")

    /// Nil for the answers of everybody else, and for a field that no Gatehouse writes.
    init?(_ response: ResponseHead, body: [UInt8]) {
        guard let name = GatehouseAnswer.field, let index = response.indices(of: name).first else { return nil }
        let parts = response.text(response.fields[index].value, limit: 160).split(separator: ";")
        guard let told = parts.first, let cause = Cause(rawValue: String(told)) else { return nil }
        let parameters = parts.dropFirst().map { $0.drop { $0 == " " } }
        guard let id = parameters.first(where: { $0.hasPrefix("id=") }), let session = SessionID(id.dropFirst(3)) else {
            return nil
        }
        let claimed = parameters.first { $0.hasPrefix("confidence=") }.flatMap { Confidence(rawValue: String($0.dropFirst(11))) }
        // No Gatehouse says of its own verdict that it is ruled out.
        confidence = claimed == .excluded ? nil : claimed
        self.cause = cause
        self.session = session
        quote = Evidence(
            what: "response field", observed: Redaction.field(response, index),
            location: response.firstFieldRange(name).map { .upstream($0) })
        let page = String(decoding: body, as: UTF8.self)
        isOwn = page.contains("session: <code>\(session)</code>") || page.contains("\"session\":\"\(session)\"")
    }

    var responder: Responder {
        Responder(
            who: .gatehouse, stack: "Gatehouse", confidence: .proven,
            because: ["Gatehouse-Verdict, and the page names the same session"])
    }

    /// The verdict on an answer of its own.
    func verdict(_ observation: HandshakeObservation) -> Verdict {
        let entry = CauseCatalogue.entry(cause)
        let status = observation.response?.status ?? 0
        var evidence = [quote]
        if let words = AnswerWords.evidence(observation) { evidence.append(words) }
        return Verdict(
            cause: cause,
            title: "Gatehouse refused this itself: \(cause.rawValue) (session \(session)); its ledger has the evidence",
            confidence: cause == .unknown ? .unknown : confidence ?? .proven,
            // What a backend does to others, a rule of the configuration does here.
            blame: entry.blame == .backend && status < 500 ? .configuration : entry.blame,
            answeredBy: responder, evidence: evidence, probes: observation.probes,
            fix: ["Look at the line of session \(session) in that Gatehouse's ledger: it has the rule, the evidence and the fix"]
                + Array(entry.fix.prefix(cause == .unknown ? 0 : 1)))
    }
}
