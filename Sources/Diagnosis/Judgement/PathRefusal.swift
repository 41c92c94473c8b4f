import HTTPWire

/// A path that Gatehouse itself refuses, because backends read it differently than the route that was to take it.
struct PathRefusal {
    private let reason: CanonicalPath.Reason
    private let request: RequestHead

    /// Nil where something else was wrong with the request.
    init?(_ observation: HandshakeObservation) {
        guard case .malformedRequest = observation.failure, let request = observation.request, request.refusalStatus == nil,
            UpgradeRequestCheck.refusal(for: observation.requestFaults) == nil,
            case .refused(let reason) = CanonicalPath(request)
        else { return nil }
        self.reason = reason
        self.request = request
    }

    var verdict: Verdict {
        Verdict(
            cause: .blockedByRule, title: "Gatehouse's own rule on paths refused this handshake: the path \(words)",
            confidence: .proven, blame: .client,
            answeredBy: Responder(who: .gatehouse, stack: "Gatehouse", confidence: .proven),
            evidence: [
                Evidence(
                    what: "decision",
                    observed:
                        "\(reason.rawValue): the path \(words); servers read that differently, so that a rule of one path could be passed by under another spelling"
                ),
                Evidence(
                    what: "request line", observed: Redaction.requestLine(request), location: .downstream(request.lineRange)),
            ],
            fix: [fix])
    }

    /// What the path has, behind "the path".
    private var words: String {
        switch reason {
        case .notAbsolute: "doesn't begin with `/`"
        case .escapeInvalid: "has a `%` without two hexadecimal digits behind it"
        case .escapedSlash: "has an escaped slash, `%2F`"
        case .escapedControl: "has an escaped control character"
        case .backslash: "has a backslash"
        case .dotSegment: "has a segment `.` or `..`"
        case .emptySegment: "has an empty segment, `//`"
        case .parameter: "has a parameter, `;`, behind a segment"
        }
    }

    private var fix: String {
        switch reason {
        case .emptySegment:
            "Join the parts of the client's URL with one `/`: often a base that ends in one stands before a path that begins with one"
        case .dotSegment: "Let the client ask for the path without `.` and `..`, as a browser writes it"
        case .escapedSlash: "Let the client send what contains a slash as a query parameter, or let the path have it unescaped"
        case .parameter: "Let the client send the parameter in the query"
        case .notAbsolute, .escapeInvalid, .escapedControl, .backslash:
            "Let the client encode its path as URLs are encoded: `/` between the parts, and everything else that is special as `%XX`"
        }
    }
}
