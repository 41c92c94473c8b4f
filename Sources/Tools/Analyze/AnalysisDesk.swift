import Diagnosis
import Wire

/// Where conversations bring what they found.
protocol AnalysisDesk: AnyObject {
    /// The next handshake's number.
    func number() -> UInt64
    /// Whether somebody wants this session's messages.
    func wantsMessages(number: UInt64, session: SessionID?) -> Bool
    /// What the messages of all open sessions may take.
    var budget: MessageBudget { get }
    /// A session was opened.
    func began(_ session: OpenedSession)
    /// A handshake that came to nothing, or a session, is over.
    func finished(_ session: AnalyzedSession, _ messages: MessageLog?)
}
