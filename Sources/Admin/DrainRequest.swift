import Configuration
public import ProxyCore
public import Wire

/// What a POST to `/api/drain` asks for: one endpoint goes, or comes back. What it leaves out is as the configuration says.
public struct DrainRequest: Sendable, Hashable {
    public var endpoint: Endpoint
    /// Takes a drain back: the endpoint gets new sessions again.
    public var resumes = false
    public var window: TimeSpan?
    public var timeout: TimeSpan?
    public var code: UInt16?
    public var reason: String?

    /// What can't be understood, in a sentence.
    public struct Mistake: Error, Hashable {
        public let sentence: String
    }

    public init(endpoint: Endpoint) { self.endpoint = endpoint }

    /// Reads the query: `endpoint`, `window`, `timeout`, `code`, `reason`, `resume`.
    public init(query: String) throws(Mistake) {
        let parameters: QueryParameters
        do throws(QueryParameters.Fault) { parameters = try QueryParameters(query) } catch {
            throw Mistake(sentence: error.sentence)
        }
        guard let named = parameters["endpoint"], !named.isEmpty else {
            throw Mistake(sentence: "endpoint is missing: ?endpoint=http://127.0.0.1:8001")
        }
        guard let endpoint = try? Endpoint(url: named.contains("://") ? named : "http://" + named) else {
            throw DrainRequest.refused("endpoint", named, "the URL of an endpoint, such as http://127.0.0.1:8001")
        }
        self.endpoint = endpoint
        for (name, value) in parameters.pairs {
            switch name {
            case "endpoint": break
            case "window": window = try DrainRequest.span(name, value)
            case "timeout": timeout = try DrainRequest.span(name, value)
            case "code":
                guard value == "1001" || value == "1012" else { throw DrainRequest.refused(name, value, "1001 or 1012") }
                code = UInt16(value)
            case "reason":
                guard value.utf8.count <= DrainNotice.longestReason else {
                    throw Mistake(
                        sentence: "reason has more than \(DrainNotice.longestReason) bytes; a close frame has no room for it")
                }
                reason = value
            case "resume":
                guard value == "" || value == "true" else { throw DrainRequest.refused(name, value, "true, or nothing") }
                resumes = true
            default:
                throw Mistake(
                    sentence: QueryParameters.Fault.unknown(
                        name, ["endpoint", "window", "timeout", "code", "reason", "resume"]
                    ).sentence)
            }
        }
    }

    private static func refused(_ name: String, _ value: String, _ accepted: String) -> Mistake {
        Mistake(sentence: QueryParameters.Fault.refused(name, value, accepted).sentence)
    }

    private static func span(_ name: String, _ value: String) throws(Mistake) -> TimeSpan {
        guard let span = DurationText.span(value) else { throw refused(name, value, "a time such as 20s") }
        return span
    }
}

/// How far an endpoint's drain is.
public struct DrainState: Sendable, Hashable {
    public var endpoint: String
    /// Sessions that it had when the drain began, and those that are left.
    public var sessions: Int
    public var left: Int
    public var began: Timestamp

    public init(endpoint: String, sessions: Int, left: Int, began: Timestamp) {
        self.endpoint = endpoint
        self.sessions = sessions
        self.left = left
        self.began = began
    }
}
