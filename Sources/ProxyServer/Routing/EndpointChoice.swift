import Diagnosis
import ProxyCore
import Wire

/// What the choice of an endpoint has to remember of one request, where its cluster is more than a list and a policy.
final class EndpointChoice {
    /// The hash by which the policy, or affinity by a key, chooses.
    var key: UInt64?
    /// The endpoint that the request is bound to.
    var bound: UInt64?
    /// What is told of it.
    var affinity: AffinityFacts?
    /// The client's cookie is good but should be replaced: it ages, or another key signs now.
    var renewsCookie = false
    /// The answer may begin with the packet that names a session.
    var awaitsSessionName = false
    /// Counts the session against `max_sessions`.
    var seat: EndpointSeat?

    // Waiting
    var ticket: WaitTicket?
    var waitBegan: Timestamp?
    var waitDeadline = Timestamp.never
    /// Its place in the line, also while it is let try.
    var lineNumber: UInt64?
    /// It stands in the line.
    var isWaiting = false
    /// It was let out of the line to try.
    var isTrying = false
    /// Why it was not let wait: the line is full.
    var foundLineFull = false
    /// All endpoints that could be used have as many sessions as they may.
    var foundAllFull = false
    /// Times that the request was sent again after its connection ended without a byte of an answer.
    var resent = 0
    /// How long it waited, once it does so no more.
    var waited: TimeSpan?

    static let longestResent = 3
}
