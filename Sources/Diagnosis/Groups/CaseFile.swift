import HTTPWire
public import Wire

/// One refusal or bad end that is remembered, because more may be learnt of it.
public struct CaseFile {
    public enum Subject {
        case refusal(HandshakeObservation)
        case end(SessionRecord)
        /// What it was is let go; the verdict stays.
        case settled
    }

    public let session: SessionID
    public let kind: CaseKind
    public let route: String
    public let endpoint: String
    /// When it began to be possible that the backend says something about it, and when it was over.
    public let began: Timestamp
    public let ended: Timestamp
    public internal(set) var subject: Subject
    /// The verdict that was written last.
    public internal(set) var verdict: Verdict?
    /// How many verdicts were written after the first.
    public internal(set) var revisions = 0
    var signs = SignSet()
    var quotes: [(sign: Sign, evidence: Evidence)] = []
    /// Probes of ours are made, or were: what the backend writes of them is about them.
    var isProbed = false
    /// What they showed, once they are over.
    var plan: ProbePlan?
    /// Path of the request, as lines of output may name it.
    var path: [UInt8] = []
    /// Bytes that its heads hold.
    var cost = 256

    mutating func learn(_ more: SignSet, _ evidence: Evidence) {
        signs.formUnion(more)
        for sign in more.signs {
            quotes.removeAll { $0.sign == sign }
            quotes.append((sign, evidence))
        }
    }

    /// The verdict with all that is known by now.
    func judged() -> Verdict? {
        switch subject {
        case .refusal(let observation):
            observation.furtherSigns.formUnion(signs)
            for quote in quotes {
                observation.furtherEvidence.removeAll { $0.sign == quote.sign }
                observation.furtherEvidence.append(quote)
            }
            return plan?.conclude(observation).verdict ?? HandshakeJudge.judge(observation).verdict
        case .end(let record): return record.judged(with: signs, evidence: quotes).verdict
        case .settled: return verdict
        }
    }
}
