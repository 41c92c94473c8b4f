import ProxyCore
import Wire

/// Which sessions a list is to have, from the query of `/api/sessions`.
public struct SessionFilter: Sendable, Hashable {
    public var route: String?
    public var endpoint: String?
    /// An address without its port.
    public var client: String?
    public var state: SessionSummary.State?
    /// The most sessions to list: 1000, or what the query says, up to 10,000.
    public var limit = 1000

    /// What can't be understood, in a sentence.
    public struct Mistake: Error, Hashable {
        public let sentence: String
    }

    public init() {}

    /// Reads the query: `route`, `endpoint`, `client`, `state`, `limit`; what is empty counts as left out.
    public init(query: String) throws(Mistake) {
        let parameters: QueryParameters
        do throws(QueryParameters.Fault) { parameters = try QueryParameters(query) } catch {
            throw Mistake(sentence: error.sentence)
        }
        for (name, value) in parameters.pairs {
            do throws(QueryParameters.Fault) { try take(name, value) } catch { throw Mistake(sentence: error.sentence) }
        }
    }

    private mutating func take(_ name: String, _ value: String) throws(QueryParameters.Fault) {
        let names = ["route", "endpoint", "client", "state", "limit"]
        guard names.contains(name) else { throw .unknown(name, names) }
        guard !value.isEmpty else { return }
        switch name {
        case "route": route = value
        case "endpoint": endpoint = value
        case "client":
            guard let address = SocketAddress(host: value) else {
                throw .refused(name, value, "an address such as 203.0.113.7, without a port")
            }
            client = address.host
        case "state":
            guard let known = SessionSummary.State(rawValue: value) else {
                throw .refused(name, value, "one of " + SessionSummary.State.allCases.map(\.rawValue).joined(separator: ", "))
            }
            state = known
        default:
            guard let count = Int(value), (1...10_000).contains(count), value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw .refused(name, value, "a whole number from 1 to 10000")
            }
            limit = count
        }
    }

    /// Whether `session` is to be listed. The limit is not looked at.
    public func includes(_ session: SessionSummary) -> Bool {
        if let route, session.route != route { return false }
        if let endpoint, session.endpoint != endpoint { return false }
        if let client, session.client.host != client, session.forwardedFor != client { return false }
        if let state, session.state != state { return false }
        return true
    }
}
