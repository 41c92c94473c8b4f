import Wire

/// A field name to ask for: a known one by number, or one from the configuration in lower case.
public struct FieldName: Sendable, Hashable, CustomStringConvertible {
    /// The number of a known name, or `other`.
    public let known: KnownField
    /// The name in lower case if it isn't a known one; else empty (an empty array owns no heap).
    public let custom: [UInt8]

    @inlinable public init(_ known: KnownField) {
        self.known = known
        self.custom = []
    }

    /// The name that `text` spells in any case, or nil if that is no token (RFC 9110 §5.6.2).
    public init?(_ text: some StringProtocol) {
        let lower = text.utf8.map(\.lowercased)
        guard !lower.isEmpty, lower.allSatisfy(\.isToken) else { return nil }
        let span = unsafe lower.span.bytes
        known = KnownField.classify(span, at: 0, length: lower.count)
        custom = known == .other ? lower : []
    }

    /// The name in lower case.
    public var description: String {
        known == .other ? String(decoding: custom, as: UTF8.self) : "\(known.name)"
    }

    /// Whether the octets of `range` in `bytes` spell this name in any case.
    public func matches(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        let span = unsafe bytes.span.bytes
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return false }
        guard known == .other else {
            return KnownField.classify(span, at: range.lowerBound, length: range.count) == known
                && range.allSatisfy { bytes[$0].isToken }
        }
        guard range.count == custom.count else { return false }
        for offset in 0..<custom.count where span.byte(at: range.lowerBound + offset).lowercased != custom[offset] {
            return false
        }
        return true
    }
}

extension FieldName {
    @inlinable public static var host: FieldName { FieldName(.host) }
    @inlinable public static var connection: FieldName { FieldName(.connection) }
    @inlinable public static var upgrade: FieldName { FieldName(.upgrade) }
    @inlinable public static var contentLength: FieldName { FieldName(.contentLength) }
    @inlinable public static var transferEncoding: FieldName { FieldName(.transferEncoding) }
    @inlinable public static var te: FieldName { FieldName(.te) }
    @inlinable public static var trailer: FieldName { FieldName(.trailer) }
    @inlinable public static var expect: FieldName { FieldName(.expect) }
    @inlinable public static var keepAlive: FieldName { FieldName(.keepAlive) }
    @inlinable public static var proxyConnection: FieldName { FieldName(.proxyConnection) }
    @inlinable public static var proxyAuthenticate: FieldName { FieldName(.proxyAuthenticate) }
    @inlinable public static var proxyAuthorization: FieldName { FieldName(.proxyAuthorization) }
    @inlinable public static var http2Settings: FieldName { FieldName(.http2Settings) }
    @inlinable public static var via: FieldName { FieldName(.via) }
    @inlinable public static var forwarded: FieldName { FieldName(.forwarded) }
    @inlinable public static var xForwardedFor: FieldName { FieldName(.xForwardedFor) }
    @inlinable public static var xForwardedProto: FieldName { FieldName(.xForwardedProto) }
    @inlinable public static var xForwardedHost: FieldName { FieldName(.xForwardedHost) }
    @inlinable public static var xForwardedPort: FieldName { FieldName(.xForwardedPort) }
    @inlinable public static var xRealIP: FieldName { FieldName(.xRealIP) }
    @inlinable public static var origin: FieldName { FieldName(.origin) }
    @inlinable public static var referer: FieldName { FieldName(.referer) }
    @inlinable public static var userAgent: FieldName { FieldName(.userAgent) }
    @inlinable public static var accept: FieldName { FieldName(.accept) }
    @inlinable public static var acceptEncoding: FieldName { FieldName(.acceptEncoding) }
    @inlinable public static var acceptLanguage: FieldName { FieldName(.acceptLanguage) }
    @inlinable public static var authorization: FieldName { FieldName(.authorization) }
    @inlinable public static var cookie: FieldName { FieldName(.cookie) }
    @inlinable public static var setCookie: FieldName { FieldName(.setCookie) }
    @inlinable public static var secWebSocketKey: FieldName { FieldName(.secWebSocketKey) }
    @inlinable public static var secWebSocketVersion: FieldName { FieldName(.secWebSocketVersion) }
    @inlinable public static var secWebSocketProtocol: FieldName { FieldName(.secWebSocketProtocol) }
    @inlinable public static var secWebSocketExtensions: FieldName { FieldName(.secWebSocketExtensions) }
    @inlinable public static var secWebSocketAccept: FieldName { FieldName(.secWebSocketAccept) }
    @inlinable public static var secFetchSite: FieldName { FieldName(.secFetchSite) }
    @inlinable public static var secFetchMode: FieldName { FieldName(.secFetchMode) }
    @inlinable public static var secFetchDest: FieldName { FieldName(.secFetchDest) }
    @inlinable public static var contentType: FieldName { FieldName(.contentType) }
    @inlinable public static var contentEncoding: FieldName { FieldName(.contentEncoding) }
    @inlinable public static var server: FieldName { FieldName(.server) }
    @inlinable public static var date: FieldName { FieldName(.date) }
    @inlinable public static var location: FieldName { FieldName(.location) }
    @inlinable public static var retryAfter: FieldName { FieldName(.retryAfter) }
    @inlinable public static var allow: FieldName { FieldName(.allow) }
    @inlinable public static var wwwAuthenticate: FieldName { FieldName(.wwwAuthenticate) }
    @inlinable public static var cacheControl: FieldName { FieldName(.cacheControl) }
    @inlinable public static var xRequestID: FieldName { FieldName(.xRequestID) }
    @inlinable public static var xAccelBuffering: FieldName { FieldName(.xAccelBuffering) }
    @inlinable public static var xHTTPMethodOverride: FieldName { FieldName(.xHTTPMethodOverride) }
    @inlinable public static var xOriginalURL: FieldName { FieldName(.xOriginalURL) }
    @inlinable public static var xRewriteURL: FieldName { FieldName(.xRewriteURL) }
    @inlinable public static var gatehouseVerdict: FieldName { FieldName(.gatehouseVerdict) }
    @inlinable public static var cfRay: FieldName { FieldName(.cfRay) }
    @inlinable public static var xPoweredBy: FieldName { FieldName(.xPoweredBy) }
    @inlinable public static var eTag: FieldName { FieldName(.eTag) }
    @inlinable public static var age: FieldName { FieldName(.age) }
    @inlinable public static var xCache: FieldName { FieldName(.xCache) }
    @inlinable public static var proxyAuthenticationInfo: FieldName { FieldName(.proxyAuthenticationInfo) }
}
