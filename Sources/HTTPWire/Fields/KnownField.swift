import Wire

/// A field name that Gatehouse knows by number, so that a head can be asked for it without comparing text.
///
/// The parser classifies every field line once: the length picks a few candidates, and a candidate is compared in
/// words of eight bytes with the case bit set. Setting that bit maps `A–Z` onto `a–z`; the other octets that it
/// would map onto a letter, a digit or a hyphen are no token characters, and only tokens are classified.
public enum KnownField: UInt8, Sendable, CaseIterable {
    /// A name that is not in this list.
    case other = 0
    case host
    case connection
    case upgrade
    case contentLength
    case transferEncoding
    case te
    case trailer
    case expect
    case keepAlive
    case proxyConnection
    case proxyAuthenticate
    case proxyAuthorization
    case http2Settings
    case via
    case forwarded
    case xForwardedFor
    case xForwardedProto
    case xForwardedHost
    case xForwardedPort
    case xRealIP
    case origin
    case referer
    case userAgent
    case accept
    case acceptEncoding
    case acceptLanguage
    case authorization
    case cookie
    case setCookie
    case secWebSocketKey
    case secWebSocketVersion
    case secWebSocketProtocol
    case secWebSocketExtensions
    case secWebSocketAccept
    case secFetchSite
    case secFetchMode
    case secFetchDest
    case contentType
    case contentEncoding
    case server
    case date
    case location
    case retryAfter
    case allow
    case wwwAuthenticate
    case cacheControl
    case xRequestID
    case xAccelBuffering
    case xHTTPMethodOverride
    case xOriginalURL
    case xRewriteURL
    case gatehouseVerdict
    case cfRay
    case xPoweredBy
    case eTag
    case age
    case xCache
    case proxyAuthenticationInfo

    /// The field's bit in the set of fields that a head has.
    ///
    /// The raw values count from 0 without a gap, so they are the octets in which the cases are stored; asking for them in
    /// this way is one shift, while `rawValue` is a call. A test holds the two against each other.
    @inlinable @inline(__always) public var bit: UInt64 { 1 &<< UInt64(unsafe unsafeBitCast(self, to: UInt8.self)) }

    /// The name in lower case, as the registry spells it; empty for `other`.
    public var name: StaticString {
        switch self {
        case .other: ""
        case .host: "host"
        case .connection: "connection"
        case .upgrade: "upgrade"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .te: "te"
        case .trailer: "trailer"
        case .expect: "expect"
        case .keepAlive: "keep-alive"
        case .proxyConnection: "proxy-connection"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        case .http2Settings: "http2-settings"
        case .via: "via"
        case .forwarded: "forwarded"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedProto: "x-forwarded-proto"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedPort: "x-forwarded-port"
        case .xRealIP: "x-real-ip"
        case .origin: "origin"
        case .referer: "referer"
        case .userAgent: "user-agent"
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .acceptLanguage: "accept-language"
        case .authorization: "authorization"
        case .cookie: "cookie"
        case .setCookie: "set-cookie"
        case .secWebSocketKey: "sec-websocket-key"
        case .secWebSocketVersion: "sec-websocket-version"
        case .secWebSocketProtocol: "sec-websocket-protocol"
        case .secWebSocketExtensions: "sec-websocket-extensions"
        case .secWebSocketAccept: "sec-websocket-accept"
        case .secFetchSite: "sec-fetch-site"
        case .secFetchMode: "sec-fetch-mode"
        case .secFetchDest: "sec-fetch-dest"
        case .contentType: "content-type"
        case .contentEncoding: "content-encoding"
        case .server: "server"
        case .date: "date"
        case .location: "location"
        case .retryAfter: "retry-after"
        case .allow: "allow"
        case .wwwAuthenticate: "www-authenticate"
        case .cacheControl: "cache-control"
        case .xRequestID: "x-request-id"
        case .xAccelBuffering: "x-accel-buffering"
        case .xHTTPMethodOverride: "x-http-method-override"
        case .xOriginalURL: "x-original-url"
        case .xRewriteURL: "x-rewrite-url"
        case .gatehouseVerdict: "gatehouse-verdict"
        case .cfRay: "cf-ray"
        case .xPoweredBy: "x-powered-by"
        case .eTag: "etag"
        case .age: "age"
        case .xCache: "x-cache"
        case .proxyAuthenticationInfo: "proxy-authentication-info"
        }
    }

    /// Which known field the token at `start` with `length` octets names.
    ///
    /// - Precondition: the octets lie inside `input` and are token characters.
    static func classify(_ input: RawSpan, at start: Int, length: Int) -> KnownField {
        switch length {
        case 2:
            if input.spells("te", at: start) { return .te }
        case 3:
            if input.spells("via", at: start) { return .via }
            if input.spells("age", at: start) { return .age }
        case 4:
            if input.spells("host", at: start) { return .host }
            if input.spells("date", at: start) { return .date }
            if input.spells("etag", at: start) { return .eTag }
        case 5:
            if input.spells("allow", at: start) { return .allow }
        case 6:
            if input.spells("expect", at: start) { return .expect }
            if input.spells("origin", at: start) { return .origin }
            if input.spells("accept", at: start) { return .accept }
            if input.spells("cookie", at: start) { return .cookie }
            if input.spells("server", at: start) { return .server }
            if input.spells("cf-ray", at: start) { return .cfRay }
        case 7:
            if input.spells("upgrade", at: start) { return .upgrade }
            if input.spells("trailer", at: start) { return .trailer }
            if input.spells("referer", at: start) { return .referer }
            if input.spells("x-cache", at: start) { return .xCache }
        case 8:
            if input.spells("location", at: start) { return .location }
        case 9:
            if input.spells("forwarded", at: start) { return .forwarded }
            if input.spells("x-real-ip", at: start) { return .xRealIP }
        case 10:
            if input.spells("connection", at: start) { return .connection }
            if input.spells("keep-alive", at: start) { return .keepAlive }
            if input.spells("user-agent", at: start) { return .userAgent }
            if input.spells("set-cookie", at: start) { return .setCookie }
        case 11:
            if input.spells("retry-after", at: start) { return .retryAfter }
        case 12:
            if input.spells("content-type", at: start) { return .contentType }
            if input.spells("x-request-id", at: start) { return .xRequestID }
            if input.spells("x-powered-by", at: start) { return .xPoweredBy }
        case 13:
            if input.spells("authorization", at: start) { return .authorization }
            if input.spells("cache-control", at: start) { return .cacheControl }
            if input.spells("x-rewrite-url", at: start) { return .xRewriteURL }
        case 14:
            if input.spells("content-length", at: start) { return .contentLength }
            if input.spells("http2-settings", at: start) { return .http2Settings }
            if input.spells("sec-fetch-site", at: start) { return .secFetchSite }
            if input.spells("sec-fetch-mode", at: start) { return .secFetchMode }
            if input.spells("sec-fetch-dest", at: start) { return .secFetchDest }
            if input.spells("x-original-url", at: start) { return .xOriginalURL }
        case 15:
            if input.spells("x-forwarded-for", at: start) { return .xForwardedFor }
            if input.spells("accept-encoding", at: start) { return .acceptEncoding }
            if input.spells("accept-language", at: start) { return .acceptLanguage }
        case 16:
            if input.spells("proxy-connection", at: start) { return .proxyConnection }
            if input.spells("x-forwarded-host", at: start) { return .xForwardedHost }
            if input.spells("x-forwarded-port", at: start) { return .xForwardedPort }
            if input.spells("content-encoding", at: start) { return .contentEncoding }
            if input.spells("www-authenticate", at: start) { return .wwwAuthenticate }
        case 17:
            if input.spells("transfer-encoding", at: start) { return .transferEncoding }
            if input.spells("x-forwarded-proto", at: start) { return .xForwardedProto }
            if input.spells("sec-websocket-key", at: start) { return .secWebSocketKey }
            if input.spells("x-accel-buffering", at: start) { return .xAccelBuffering }
            if input.spells("gatehouse-verdict", at: start) { return .gatehouseVerdict }
        case 18:
            if input.spells("proxy-authenticate", at: start) { return .proxyAuthenticate }
        case 19:
            if input.spells("proxy-authorization", at: start) { return .proxyAuthorization }
        case 20:
            if input.spells("sec-websocket-accept", at: start) { return .secWebSocketAccept }
        case 21:
            if input.spells("sec-websocket-version", at: start) { return .secWebSocketVersion }
        case 22:
            if input.spells("sec-websocket-protocol", at: start) { return .secWebSocketProtocol }
            if input.spells("x-http-method-override", at: start) { return .xHTTPMethodOverride }
        case 24:
            if input.spells("sec-websocket-extensions", at: start) { return .secWebSocketExtensions }
        case 25:
            if input.spells("proxy-authentication-info", at: start) { return .proxyAuthenticationInfo }
        default: break
        }
        return .other
    }
}
