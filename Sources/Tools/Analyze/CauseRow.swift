import Diagnosis
import Wire

/// The sessions of an analysis that have one cause.
///
/// A verdict's title may name what that one session showed, a close frame's reason for example. So the row has that title only while all of
/// its sessions share it; else it has the catalogue's, and says how many have which.
struct CauseRow {
    let cause: Cause
    /// Of the session that came first.
    let confidence: Confidence
    private(set) var count = 0
    private(set) var first: Timestamp
    private(set) var last: Timestamp
    /// The first few, by number.
    private(set) var sessions: [UInt64] = []
    /// How many sessions had which title, in the order in which they came; more than a few are counted in `count` only.
    private(set) var titles: [(title: String, count: Int)] = []

    static let examples = 5

    init(_ cause: Cause, confidence: Confidence, at time: Timestamp) {
        self.cause = cause
        self.confidence = confidence
        first = time
        last = time
    }

    /// What all of them have in common, in one line.
    var title: String {
        if let shared = titles.first, shared.count == count { return shared.title }
        return CauseCatalogue.entry(cause).title
    }

    /// Whether not all have the same title.
    var isMixed: Bool { titles.first?.count != count }

    /// How many have a title that isn't in `titles`.
    var untitled: Int { count - titles.reduce(0) { $0 + $1.count } }

    mutating func add(_ session: UInt64, title: String, at time: Timestamp) {
        count += 1
        first = min(first, time)
        last = max(last, time)
        if sessions.count < CauseRow.examples { sessions.append(session) }
        if let known = titles.firstIndex(where: { $0.title == title }) {
            titles[known].count += 1
        } else if titles.count < CauseRow.examples {
            titles.append((title, 1))
        }
    }
}
