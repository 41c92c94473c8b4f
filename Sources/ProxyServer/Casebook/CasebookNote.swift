import Admin
import Configuration
import Diagnosis
import EventLoop
import ProxyCore
import TLSEngine
import Wire

/// What is told to the casebook.
enum CasebookNote: Sendable {
    /// The backend wrote a line.
    case heard([UInt8], Timestamp)
    case refused(RefusalNote)
    case ended(EndNote)
    /// A session ended as sessions should.
    case endedWell(SessionID, EndFacts, route: String, endpoint: String, at: Timestamp)
    case probed(SessionID, ProbePlan)
    case checked(String, accepts: Bool, words: String)
    case reloaded(ServerState)
    case report(Reply<CausesReport>)
    case find(SessionID, Reply<FiledVerdict?>)
}

/// A refused or failed upgrade, handed over.
///
/// Unchecked, because an observation is no value: the worker that made it lets go of it with this note, so that only the casebook has it.
final class RefusalNote: @unchecked Sendable {
    let observation: HandshakeObservation
    let verdict: Verdict
    let at: Timestamp
    /// How to ask again the one who refused; nil where there is nobody to ask.
    let target: ProbeTarget?

    init(_ observation: HandshakeObservation, _ verdict: Verdict, at time: Timestamp, target: ProbeTarget?) {
        self.observation = observation
        self.verdict = verdict
        at = time
        self.target = target
    }
}

/// A session's bad end.
final class EndNote: Sendable {
    let session: SessionID
    let record: SessionRecord
    let route: String
    let endpoint: String
    /// Of its request.
    let path: String
    /// Where the endpoint was reached.
    let address: SocketAddress?
    let at: Timestamp

    init(
        _ session: SessionID, _ record: SessionRecord, route: String, endpoint: String, path: String, address: SocketAddress?,
        at time: Timestamp
    ) {
        self.session = session
        self.record = record
        self.route = route
        self.endpoint = endpoint
        self.path = path
        self.address = address
        at = time
    }
}

/// What a probe needs to ask the same endpoint in the same way.
struct ProbeTarget: Sendable {
    let address: SocketAddress
    let host: String
    let isSecure: Bool
    let context: TLSContext?
    /// How the request's head was written anew on its way.
    let forwarding: ForwardingContext
}
