// Who may open a session, by the page that it belongs to (RFC 6455 §10.2; threats A1–A11).
//
// Theory of operation. Browsers send cookies along wherever a page connects to, but say in `Origin` which page it was; nothing else
// keeps a foreign page from acting as the user. So the field is parsed into scheme, host and port, and compared as these; no text is
// ever searched in another. What can't be parsed matches nothing, `*` included.
public import Diagnosis
public import HTTPWire
import Wire

/// Which origins may open a session on a route.
public struct OriginRule: Sendable, Hashable {
    /// What becomes of a request without `Origin`: no browser sends one for a WebSocket, programs do.
    public enum Missing: String, Sendable, Hashable, CaseIterable {
        case refuse, allow
    }

    public var allow: [OriginPattern]
    public var missing: Missing
    /// Decides and logs, and lets pass.
    public var reportOnly: Bool

    public init(allow: [OriginPattern], missing: Missing = .refuse, reportOnly: Bool = false) {
        self.allow = allow
        self.missing = missing
        self.reportOnly = reportOnly
    }

    /// Why the request may not open a session; nil if it may.
    ///
    /// - Parameter isUpgrade: browsers always send `Origin` with an upgrade, but not with a plain GET of the page's own
    ///   host; so a plain GET or HEAD without it passes.
    public func refusal(_ head: RequestHead, _ identity: ClientIdentity, isUpgrade: Bool = true) -> GateRefusal? {
        guard let value = head.value(of: .origin) else {
            if missing == .allow || (!isUpgrade && (head.method == .get || head.method == .head)) { return nil }
            return GateRefusal(
                .origin, "origin_missing", cause: .originMissing, status: 403, observed: "no Origin field", allowed: words,
                fix: "Connect from a page, send an Origin that is allowed, or set origins.missing: allow for programs")
        }
        // RFC 6454 §7.3: one field, one origin. Which of two would the backend read?
        let bytes = head.bytes
        guard head.count(of: .origin) == 1, !bytes[value].contains(where: { $0 == 0x20 || $0 == 0x2C }) else {
            return refusal(head, value, "origin_repeated", status: 400, "Send one Origin")
        }
        if bytes.equals("null", at: value) {
            if allow.contains(.null) { return nil }
            return refusal(
                head, value, "origin_null",
                "Open the page from a host, not from a file or a sandboxed frame (name null in origins.allow to let every such page in)"
            )
        }
        if allow.contains(.sameHost), OriginRule.spellsOwn(head, value, identity) { return nil }
        guard let origin = Origin(bytes, value) else {
            return refusal(head, value, "origin_malformed", "Send scheme, host and port as browsers do, in A-labels")
        }
        let own = allow.contains(.sameHost) ? OriginRule.own(head, identity) : nil
        guard let pattern = allow.first(where: { $0.matches(origin, own: own) }) else {
            return refusal(head, value, "origin_not_allowed", fix(origin, own, identity), own: own)
        }
        // A browser that calls the page foreign, and an Origin that calls it our own, can't both be right.
        if pattern == .sameHost, let site = head.value(of: .secFetchSite), bytes.matches("cross-site", at: site) {
            return refusal(
                head, value, "origin_contradicts_fetch_site", "Send an Origin and a Sec-Fetch-Site that agree, as browsers do",
                own: own)
        }
        return nil
    }

    /// What is let in, in words.
    public var words: String {
        allow.isEmpty ? "no origin" : allow.map(\.description).joined(separator: ", ")
    }

    /// The origin that a page of the requested host has: scheme and host as trusted hops said them.
    private static func own(_ head: RequestHead, _ identity: ClientIdentity) -> Origin? {
        let bytes = head.bytes
        guard let host = identity.host, let authority = Authority(bytes, host) else { return nil }
        return Origin(scheme: Array((identity.isSecure ? "https" : "http").utf8), authority: authority, in: bytes)
    }

    /// Whether the field is `scheme://` and then the very octets of the requested host, which is what nearly every page of the host's own
    /// sends; then there is nothing to take apart. False says nothing: another spelling may be the same origin.
    private static func spellsOwn(_ head: RequestHead, _ value: Range<Int>, _ identity: ClientIdentity) -> Bool {
        let bytes = head.bytes
        guard let host = identity.host, let authority = Authority(bytes, host), !authority.isBracketed,
            head.value(of: .secFetchSite).map({ bytes.matches("same-origin", at: $0) }) ?? true
        else { return false }
        let place = max(value.upperBound - host.count, value.lowerBound)
        guard bytes.equals(identity.isSecure ? "https://" : "http://", at: value.lowerBound..<place) else { return false }
        return unsafe bytes.span.extracting(place..<value.upperBound).bytes.isSame(as: bytes.span.extracting(host).bytes)
    }

    private func fix(_ origin: Origin, _ own: Origin?, _ identity: ClientIdentity) -> String {
        if let own, own.host == origin.host, own.scheme != origin.scheme, !identity.peerIsTrusted {
            return
                "Name the proxy in front in trusted_proxies, so that its X-Forwarded-Proto is believed: the host is the same, only the scheme differs"
        }
        return "Add \(origin) to origins.allow if the page is yours"
    }

    private func refusal(
        _ head: RequestHead, _ value: Range<Int>, _ fault: String, status: Int = 403, _ fix: String, own: Origin? = nil
    ) -> GateRefusal {
        GateRefusal(
            .origin, fault, cause: .originNotAllowed, status: status, observed: "Origin: " + head.text(value, limit: 200),
            allowed: own.map { "\(words) (same-host is \($0) here)" } ?? words, fix: fix)
    }
}
