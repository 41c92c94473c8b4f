import Wire

/// Decides what an admin request asks for, and whether it may: a function of the request's text alone.
///
/// Three doors, in this order:
/// 1. *Host.* A page whose name was made to point at 127.0.0.1 (DNS rebinding) sends its own name. Accepted are IP
///    addresses (no name to rebind) and `localhost`; all else gets 421.
/// 2. *Origin.* No page has business here: an Origin that isn't the Host itself gets 403, and so does what the browser says another site's
///    page asks for (`Sec-Fetch-Site`), which it says also where it sends no Origin. But a link may lead here: GET by navigation passes.
/// 3. *Token*, if there is one: compared in constant time. Probes of health and the live page, which has no data of its own, need none on the admin
///    listener, but on the public port everything does.
///
/// Only GET and HEAD exist, and neither has an effect, but for POST of `/api/drain` and `/api/capture`, which pass the
/// same doors: without a token they are served on a loopback listener alone, because a listener that others reach has one.
public struct AdminRouter: Sendable {
    /// Every Host is served, and every request needs the token.
    private let isPublic: Bool
    private let token: [UInt8]?
    private let prefix: String

    /// The router of the admin listener.
    ///
    /// - Parameter token: What `Authorization: Bearer` must carry; nil if nothing (loopback).
    public init(token: String? = nil) {
        isPublic = false
        self.token = token.map { Array($0.utf8) }
        prefix = ""
    }

    /// The router of a path on the public port, where every Host is served and every request needs the token.
    public init(publicPath: String, token: String) {
        isPublic = true
        self.token = Array(token.utf8)
        var path = publicPath
        while path.last == "/" { path.removeLast() }
        prefix = path
    }

    /// - Parameters:
    ///   - path: The target's path, before the `?`.
    ///   - query: What follows the `?`, or nil.
    ///   - fetch: What a browser says about who asks; empty for everybody else.
    public func route(
        method: String, path: String, query: String?, host: String?, origin: String?, fetch: FetchMetadata = FetchMetadata(),
        authorization: String?
    ) -> AdminRequest {
        guard isOurs(host) else { return .misdirected }
        guard isSameSite(origin, host), fetch.isOwn || fetch.isNavigation && (method == "GET" || method == "HEAD") else {
            return .forbidden
        }
        let request: AdminRequest
        switch method {
        case "GET", "HEAD":
            do throws(SessionFilter.Mistake) {
                request = try resource(path, query)
            } catch {
                request = .malformed(error.sentence)
            }
        case "POST" where path == prefix + "/api/drain":
            do throws(DrainRequest.Mistake) {
                request = .drain(try DrainRequest(query: query ?? ""))
            } catch {
                request = .malformed(error.sentence)
            }
        case "POST" where path == prefix + "/api/capture":
            do throws(CaptureOrder.Mistake) {
                request = .captureOrder(try CaptureOrder(query: query ?? ""))
            } catch {
                request = .malformed(error.sentence)
            }
        default:
            let takesPost = path == prefix + "/api/drain" || path == prefix + "/api/capture"
            return .methodNotAllowed(allowed: takesPost ? ["GET", "HEAD", "POST"] : ["GET", "HEAD"])
        }
        if needsToken(request), !isAuthorized(authorization) { return .unauthorized }
        return request
    }

    private func resource(_ path: String, _ query: String?) throws(SessionFilter.Mistake) -> AdminRequest {
        guard path.hasPrefix(prefix) else { return .notFound }
        let rest = path.dropFirst(prefix.count)
        switch rest {
        case "/healthz": return .healthz
        case "/readyz": return .readyz
        case "/metrics": return .metrics
        case "/api/sessions", "/api/sessions/": return .sessions(try SessionFilter(query: query ?? ""))
        case "/api/causes": return .causes
        case "/api/endpoints": return .endpoints
        case "/api/drain": return .drains
        case "/api/capture": return .capture
        default: if let part = LivePage(path: rest) { return .page(part) }
        }
        let sessions = "/api/sessions/"
        guard rest.hasPrefix(sessions), let id = SessionID(rest.dropFirst(sessions.count)) else { return .notFound }
        return .session(id)
    }

    // MARK: Doors

    private func isOurs(_ host: String?) -> Bool {
        guard !isPublic else { return true }
        guard let host, !host.isEmpty else { return false }
        let name = AdminRouter.withoutPort(host).lowercased()
        return name == "localhost" || SocketAddress(host: name) != nil || AdminRouter.isV6Literal(name)
    }

    /// An Origin is sent with fetches of other sites, and with our own page's where it isn't a plain GET.
    private func isSameSite(_ origin: String?, _ host: String?) -> Bool {
        guard let origin else { return true }
        guard let host, let scheme = origin.range(of: "://") else { return false }
        return origin[scheme.upperBound...].lowercased() == host.lowercased()
    }

    private func needsToken(_ request: AdminRequest) -> Bool {
        guard token != nil else { return false }
        switch request {
        case .healthz, .readyz, .page: return isPublic
        default: return true
        }
    }

    /// Takes as long for a wrong token as for a right one of its length.
    private func isAuthorized(_ authorization: String?) -> Bool {
        guard let token, let authorization else { return false }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        let given = Array(parts[1].utf8)
        var difference = given.count ^ token.count
        for index in given.indices { difference |= Int(given[index] ^ (token.isEmpty ? 0 : token[index % token.count])) }
        return difference == 0
    }

    private static func withoutPort(_ host: String) -> Substring {
        if host.first == "[" { return host.prefix { $0 != "]" } + (host.contains("]") ? "]" : "") }
        return host.prefix { $0 != ":" }
    }

    /// `[::1]` and its kind: brackets around nothing but hexadecimal digits, colons and dots can't be a name.
    private static func isV6Literal(_ name: String) -> Bool {
        name.count > 3 && name.first == "[" && name.last == "]"
            && name.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
    }
}

/// What a browser says about a request: `Sec-Fetch-Site` and `Sec-Fetch-Mode` (Fetch Metadata). A page can neither set nor remove them.
public struct FetchMetadata: Sendable, Hashable {
    private let sites: [String]
    private let mode: String?

    /// - Parameters:
    ///   - sites: The values of all `Sec-Fetch-Site` lines.
    ///   - mode: The value of `Sec-Fetch-Mode`.
    public init(sites: [String] = [], mode: String? = nil) {
        self.sites = sites.map { $0.lowercased() }
        self.mode = mode?.lowercased()
    }

    /// No page of another origin asks: nobody said so, and every word that was said is of this origin or of the user's own doing.
    var isOwn: Bool { sites.allSatisfy { $0 == "same-origin" || $0 == "none" } }

    /// Somebody followed a link or typed an address.
    var isNavigation: Bool { mode == "navigate" }
}

extension String {
    /// The first place where `text` stands, without Foundation.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
