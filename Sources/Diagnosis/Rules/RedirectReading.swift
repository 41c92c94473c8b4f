import HTTPWire

/// Reads what a redirect changes: the scheme, a slash, or everything.
enum RedirectReading {
    static func read(_ head: ResponseHead, _ request: RequestHead, into signs: inout SignReading) {
        guard let value = head.value(of: .location) else { return }
        let bytes = head.bytes
        let trace = SignReading.Trace.responseField(.location)
        var path = value
        var host: HostAndPort?
        var scheme: StaticString?
        if let colon = bytes.find("://", in: value.lowerBound..<min(value.lowerBound + 10, value.upperBound)) {
            let name = value.lowerBound..<colon
            scheme =
                bytes.matches("https", at: name)
                ? "https" : bytes.matches("wss", at: name) ? "wss" : bytes.matches("ws", at: name) ? "ws" : "http"
            let start = colon + 3
            let slash = (start..<value.upperBound).first { bytes[$0] == 0x2F || bytes[$0] == 0x3F } ?? value.upperBound
            host = HostAndPort(bytes, start..<slash)
            path = slash..<value.upperBound
            if bytes.matches("wss", at: name) || bytes.matches("ws", at: name) { signs.add(.redirectIsWebSocketURL, trace) }
        }
        let bare = (path.first { bytes[$0] == 0x3F || bytes[$0] == 0x23 }).map { path.lowerBound..<$0 } ?? path
        let asked = request.pathRange
        let isSecure = scheme.map { "\($0)" == "https" || "\($0)" == "wss" } ?? false
        let askedHost = request.effectiveHost.map { HostAndPort(request.bytes, $0) }
        let isSameHost = host == nil || host?.host == askedHost?.host
        if looksLikeLogin(bytes, value, bare, asked: request) {
            signs.add(.redirectToLoginPage, trace)
        } else if isSameHost, bytes[bare].elementsEqual(request.bytes[asked]) || (bare.isEmpty && asked.count == 1) {
            let isSamePort = host?.port == askedHost?.port
            if isSecure {
                signs.add(isSamePort ? .redirectToSecure : .redirectToSecureElsewhere, trace)
            } else {
                signs.add(.redirectElsewhere, trace)
            }
        } else if isSameHost, differOnlyInSlash(bytes, bare, request.bytes, asked) {
            signs.add(.redirectAddsSlash, trace)
        } else if isSecure, isSameHost || !signs.has(.clientUsedTLS) {
            signs.add(.redirectToSecureElsewhere, trace)
        } else {
            signs.add(.redirectElsewhere, trace)
            if !isSameHost { signs.add(.redirectToOtherHost, trace) }
        }
    }

    /// Says in a verdict on a redirect to another host which one that is, and that it is the address to use.
    static func name(_ head: ResponseHead, in verdict: inout Verdict) {
        guard verdict.cause == .hostRoutedElsewhere, let value = head.value(of: .location),
            let colon = head.bytes.find("://", in: value)
        else { return }
        // Neither the query nor a password before the host is told.
        let place = (colon + 3..<value.upperBound).prefix { head.bytes[$0] != 0x3F && head.bytes[$0] != 0x23 }
        let authority = place.prefix { head.bytes[$0] != 0x2F }
        let start = authority.last { head.bytes[$0] == 0x40 }.map { $0 + 1 } ?? authority.startIndex
        let host = head.bytes.printable(start..<authority.endIndex, limit: 100)
        let address = head.bytes.printable(start..<place.endIndex, limit: 200)
        verdict.title = "The handshake is redirected to another host, \(host)"
        verdict.blame = .client
        let fix = "Let the client use the address that Location names, \(address): handshakes never follow redirects"
        verdict.fix.insert(fix, at: 0)
    }

    private static func differOnlyInSlash(_ a: [UInt8], _ aRange: Range<Int>, _ b: [UInt8], _ bRange: Range<Int>) -> Bool {
        let (longer, shorter) = aRange.count > bRange.count ? (a[aRange], b[bRange]) : (b[bRange], a[aRange])
        return longer.count == shorter.count + 1 && longer.last == 0x2F && longer.dropLast().elementsEqual(shorter)
    }

    /// A path or host with one of the words of logins, where the request's own path has none.
    private static func looksLikeLogin(_ bytes: [UInt8], _ value: Range<Int>, _ path: Range<Int>, asked: RequestHead) -> Bool {
        let words: [StaticString] = [
            "login", "signin", "sign_in", "sign-in", "/oauth", "/auth", "sso", "openid", "saml", "cloudflareaccess", "accounts.",
        ]
        for word in words where bytes.contains(word, in: value) {
            if !asked.bytes.contains(word, in: asked.targetRange) { return true }
        }
        return false
    }
}
