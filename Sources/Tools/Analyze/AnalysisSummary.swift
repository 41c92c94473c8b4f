import Diagnosis
import HTTPWire
import Telemetry
import Wire

/// What there was over all sessions: how they came out, the causes with their counts, the longest silences, a time line.
///
/// Bounded: whatever the number of sessions, it keeps a row for the first `rowLimit`, and the reports of the first `reportLimit` that went wrong.
struct AnalysisSummary {
    /// One line of the list.
    struct Row {
        var number: UInt64
        var name: String
        var outcome: AnalyzedSession.Outcome
        var time: Timestamp
        var ends: SessionEnds
        var request: String
        var status: Int?
        var duration: TimeSpan?
        var messages: (client: UInt64, server: UInt64)?
        var end: String
        var cause: Cause?
    }

    struct Silence {
        var session: UInt64
        var span: TimeSpan
        var from: Timestamp
    }

    private(set) var outcomes: [AnalyzedSession.Outcome: Int] = [:]
    private(set) var causes: [CauseRow] = []
    private(set) var silences: [Silence] = []
    private(set) var rows: [Row] = []
    /// The reports of the sessions with a verdict that came first, as JSON.
    private(set) var reports: [(number: UInt64, json: [UInt8])] = []
    private(set) var line = TimeLine()
    private(set) var timers = RecognisedTimers()
    private(set) var count = 0
    private(set) var problems = 0
    private(set) var lossy = 0
    private(set) var messages: UInt64 = 0

    static let rowLimit = 20_000
    static let reportLimit = 200
    private static let silenceCount = 5
    /// Shorter silences are everyday life.
    private static let silenceLeast = TimeSpan.seconds(5)

    /// A session ended, before it is reported: the verdict that the ends of others allow.
    mutating func compared(_ session: AnalyzedSession) -> AnalyzedSession {
        let signs = timers.add(session)
        guard !signs.isEmpty, let record = session.record, record.verdict != nil else { return session }
        var session = session
        session.record = record.judged(with: signs)
        return session
    }

    mutating func add(_ session: AnalyzedSession, json: [UInt8]) {
        count += 1
        outcomes[session.outcome, default: 0] += 1
        line.add(session)
        if !session.unseen.isEmpty { lossy += 1 }
        if let record = session.record {
            messages &+= record.downstream.messages &+ record.upstream.messages
            note(Silence(session: session.number, span: session.facts.silence, from: session.facts.silenceFrom))
        }
        if let verdict = session.verdict { note(verdict, session) }
        if session.verdict != nil {
            problems += 1
            if reports.count < AnalysisSummary.reportLimit { reports.append((session.number, json)) }
        }
        if rows.count < AnalysisSummary.rowLimit { rows.append(Row(session)) }
    }

    private mutating func note(_ silence: Silence) {
        guard silence.span >= AnalysisSummary.silenceLeast else { return }
        silences.append(silence)
        silences.sort { $0.span > $1.span }
        if silences.count > AnalysisSummary.silenceCount { silences.removeLast() }
    }

    /// A row of a ledger, whose verdict was drawn when the line was written.
    mutating func add(_ row: Row, title: String?, confidence: Confidence?, line: [UInt8]) {
        count += 1
        outcomes[row.outcome, default: 0] += 1
        messages &+= (row.messages?.client ?? 0) &+ (row.messages?.server ?? 0)
        if let cause = row.cause {
            problems += 1
            note(cause, title ?? cause.rawValue, confidence ?? .possible, session: row.number, at: row.time)
            if reports.count < AnalysisSummary.reportLimit { reports.append((row.number, line)) }
        }
        self.line.add(row)
        if rows.count < AnalysisSummary.rowLimit { rows.append(row) }
    }

    private mutating func note(_ verdict: Verdict, _ session: AnalyzedSession) {
        let at = session.record == nil ? session.observation.openedAt : session.endedAt
        note(verdict.cause, verdict.title, verdict.confidence, session: session.number, at: at)
    }

    private mutating func note(_ cause: Cause, _ title: String, _ confidence: Confidence, session: UInt64, at: Timestamp) {
        let index: Int
        if let known = causes.firstIndex(where: { $0.cause == cause }) {
            index = known
        } else {
            causes.append(CauseRow(cause, confidence: confidence, at: at))
            index = causes.count - 1
        }
        causes[index].add(session, title: title, at: at)
        causes.sort { ($0.count, $1.cause.rawValue) > ($1.count, $0.cause.rawValue) }
    }
}

extension AnalysisSummary.Row {
    init(_ session: AnalyzedSession) {
        number = session.number
        name = session.session.map { "\($0)" } ?? "#\(session.number)"
        outcome = session.outcome
        time = session.observation.openedAt
        ends = session.ends
        request = session.observation.request.map { Redaction.target($0) } ?? "(request not captured)"
        status = session.ownStatus ?? session.observation.response?.status
        duration = session.record?.endedAfter
        messages = session.record.map { ($0.downstream.messages, $0.upstream.messages) }
        end = session.record?.order.first ?? session.observation.failure?.name ?? ""
        cause = session.verdict?.cause
    }
}

/// When sessions were opened, and when they failed: a row of buckets whose width doubles as the capture grows.
struct TimeLine {
    struct Bucket {
        var opened = 0
        var ended = 0
        var problems = 0
    }

    private(set) var start = Timestamp.never
    private(set) var width = TimeSpan.milliseconds(100)
    private(set) var buckets: [Bucket] = []
    static let most = 64

    mutating func add(_ session: AnalyzedSession) {
        let opened = session.observation.openedAt
        if session.record != nil { put(opened) { $0.opened += 1 } }
        if session.verdict != nil {
            put(session.record == nil ? opened : session.endedAt) { $0.problems += 1 }
        } else if session.record?.first != nil {
            put(session.endedAt) { $0.ended += 1 }
        }
    }

    mutating func add(_ row: AnalysisSummary.Row) {
        put(row.time) { bucket in
            if row.cause != nil { bucket.problems += 1 } else if row.outcome == .closed { bucket.ended += 1 }
        }
    }

    /// The same in at most `count` buckets.
    func narrowed(to count: Int) -> TimeLine {
        var line = self
        while line.buckets.count > max(count, 1) { line.widen() }
        return line
    }

    private mutating func put(_ time: Timestamp, _ count: (inout Bucket) -> Void) {
        if start == .never { start = time }
        // Sessions are told when they end, so an earlier one may come later: it counts to the first bucket.
        while (time - start).nanoseconds / width.nanoseconds >= UInt64(TimeLine.most), width.nanoseconds < 1 << 60 { widen() }
        let index = Int(min((time - start).nanoseconds / width.nanoseconds, UInt64(TimeLine.most - 1)))
        while buckets.count <= index { buckets.append(Bucket()) }
        count(&buckets[index])
    }

    private mutating func widen() {
        var halved: [Bucket] = []
        for (index, bucket) in buckets.enumerated() {
            if index % 2 == 0 {
                halved.append(bucket)
            } else {
                halved[index / 2].opened += bucket.opened
                halved[index / 2].ended += bucket.ended
                halved[index / 2].problems += bucket.problems
            }
        }
        buckets = halved
        width = TimeSpan(nanoseconds: width.nanoseconds * 2)
    }
}

/// What the ends of several sessions have in common: timers, limits, restarts. Diagnosis finds it, from the ends in the order of the capture.
struct RecognisedTimers {
    private var patterns = EndPatterns()

    /// A session ended: what the ends before it and its own say of it.
    mutating func add(_ session: AnalyzedSession) -> SignSet {
        guard let record = session.record, record.first != nil else { return [] }
        let found = patterns.ended(
            SessionID(session.number), EndFacts(record), route: "", endpoint: session.ends.server ?? "", at: session.endedAt)
        return found.reduce(into: SignSet()) { $0.formUnion($1.pattern.signs) }
    }

    /// One sentence each, the most telling first.
    var sentences: [String] {
        patterns.patterns.prefix(RecognisedTimers.most).map { "\($0.endpoint): \($0.sentence)" }
    }

    private static let most = 5
}
