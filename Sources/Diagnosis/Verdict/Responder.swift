/// Who gave an answer, as read from the answer itself.
public struct Responder: Sendable, Hashable {
    public var who: Who
    /// The software, as far as it shows: "uvicorn (websockets)", "nginx", "Cloudflare"; nil if it does not.
    public var stack: String?
    public var confidence: Confidence
    /// What in the answer says so: "server: uvicorn", "403 without server field".
    public var because: [String]

    public enum Who: String, Sendable, Hashable, CaseIterable {
        case client, gatehouse, edge, intermediary, backend, unknown
    }

    public init(who: Who, stack: String? = nil, confidence: Confidence, because: [String] = []) {
        self.who = who
        self.stack = stack
        self.confidence = confidence
        self.because = because
    }
}
