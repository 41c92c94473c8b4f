/// Who gave an answer, as read from the answer itself.
package struct Responder: Sendable, Hashable {
    package var who: Who
    /// The software, as far as it shows: "uvicorn (websockets)", "nginx", "Cloudflare"; nil if it does not.
    package var stack: String?
    package var confidence: Confidence
    /// What in the answer says so: "server: uvicorn", "403 without server field".
    package var because: [String]

    package enum Who: String, Sendable, Hashable, CaseIterable {
        case client, gatehouse, edge, intermediary, backend, unknown
    }

    package init(who: Who, stack: String? = nil, confidence: Confidence, because: [String] = []) {
        self.who = who
        self.stack = stack
        self.confidence = confidence
        self.because = because
    }
}
