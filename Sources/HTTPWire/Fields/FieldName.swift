import Wire

/// A field name to ask for: a known one by number, or one from the configuration in lower case.
package struct FieldName: Sendable, Hashable, CustomStringConvertible {
    /// The number of a known name, or `other`.
    package let known: KnownField
    /// The name in lower case if it isn't a known one; else empty (an empty array owns no heap).
    package let custom: [UInt8]

    @inlinable package init(_ known: KnownField) {
        self.known = known
        self.custom = []
    }

    /// The name that `text` spells in any case, or nil if that is no token (RFC 9110 §5.6.2).
    package init?(_ text: some StringProtocol) {
        let lower = text.utf8.map(\.lowercased)
        guard !lower.isEmpty, lower.allSatisfy(\.isToken) else { return nil }
        let span = unsafe lower.span.bytes
        known = KnownField.classify(span, at: 0, length: lower.count)
        custom = known == .other ? lower : []
    }

    /// The name in lower case.
    package var description: String {
        known == .other ? String(decoding: custom, as: UTF8.self) : "\(known.name)"
    }

    /// Whether the octets of `range` in `bytes` spell this name in any case.
    package func matches(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
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
    @inlinable package static var host: FieldName { FieldName(.host) }
    @inlinable package static var connection: FieldName { FieldName(.connection) }
    @inlinable package static var upgrade: FieldName { FieldName(.upgrade) }
    @inlinable package static var contentLength: FieldName { FieldName(.contentLength) }
    @inlinable package static var transferEncoding: FieldName { FieldName(.transferEncoding) }
    @inlinable package static var te: FieldName { FieldName(.te) }
    @inlinable package static var trailer: FieldName { FieldName(.trailer) }
    @inlinable package static var expect: FieldName { FieldName(.expect) }
    @inlinable package static var keepAlive: FieldName { FieldName(.keepAlive) }
    @inlinable package static var proxyConnection: FieldName { FieldName(.proxyConnection) }
    @inlinable package static var proxyAuthenticate: FieldName { FieldName(.proxyAuthenticate) }
    @inlinable package static var proxyAuthorization: FieldName { FieldName(.proxyAuthorization) }
    @inlinable package static var http2Settings: FieldName { FieldName(.http2Settings) }
    @inlinable package static var via: FieldName { FieldName(.via) }
    @inlinable package static var forwarded: FieldName { FieldName(.forwarded) }
    @inlinable package static var xForwardedFor: FieldName { FieldName(.xForwardedFor) }
    @inlinable package static var xForwardedProto: FieldName { FieldName(.xForwardedProto) }
    @inlinable package static var xForwardedHost: FieldName { FieldName(.xForwardedHost) }
    @inlinable package static var xForwardedPort: FieldName { FieldName(.xForwardedPort) }
    @inlinable package static var xRealIP: FieldName { FieldName(.xRealIP) }
    @inlinable package static var origin: FieldName { FieldName(.origin) }
    @inlinable package static var referer: FieldName { FieldName(.referer) }
    @inlinable package static var userAgent: FieldName { FieldName(.userAgent) }
    @inlinable package static var accept: FieldName { FieldName(.accept) }
    @inlinable package static var acceptEncoding: FieldName { FieldName(.acceptEncoding) }
    @inlinable package static var acceptLanguage: FieldName { FieldName(.acceptLanguage) }
    @inlinable package static var authorization: FieldName { FieldName(.authorization) }
    @inlinable package static var cookie: FieldName { FieldName(.cookie) }
    @inlinable package static var setCookie: FieldName { FieldName(.setCookie) }
    @inlinable package static var secWebSocketKey: FieldName { FieldName(.secWebSocketKey) }
    @inlinable package static var secWebSocketVersion: FieldName { FieldName(.secWebSocketVersion) }
    @inlinable package static var secWebSocketProtocol: FieldName { FieldName(.secWebSocketProtocol) }
    @inlinable package static var secWebSocketExtensions: FieldName { FieldName(.secWebSocketExtensions) }
    @inlinable package static var secWebSocketAccept: FieldName { FieldName(.secWebSocketAccept) }
    @inlinable package static var secFetchSite: FieldName { FieldName(.secFetchSite) }
    @inlinable package static var secFetchMode: FieldName { FieldName(.secFetchMode) }
    @inlinable package static var secFetchDest: FieldName { FieldName(.secFetchDest) }
    @inlinable package static var contentType: FieldName { FieldName(.contentType) }
    @inlinable package static var contentEncoding: FieldName { FieldName(.contentEncoding) }
    @inlinable package static var server: FieldName { FieldName(.server) }
    @inlinable package static var date: FieldName { FieldName(.date) }
    @inlinable package static var location: FieldName { FieldName(.location) }
    @inlinable package static var retryAfter: FieldName { FieldName(.retryAfter) }
    @inlinable package static var allow: FieldName { FieldName(.allow) }
    @inlinable package static var wwwAuthenticate: FieldName { FieldName(.wwwAuthenticate) }
    @inlinable package static var cacheControl: FieldName { FieldName(.cacheControl) }
    @inlinable package static var xRequestID: FieldName { FieldName(.xRequestID) }
    @inlinable package static var xAccelBuffering: FieldName { FieldName(.xAccelBuffering) }
    @inlinable package static var xHTTPMethodOverride: FieldName { FieldName(.xHTTPMethodOverride) }
    @inlinable package static var xOriginalURL: FieldName { FieldName(.xOriginalURL) }
    @inlinable package static var xRewriteURL: FieldName { FieldName(.xRewriteURL) }
    @inlinable package static var gatehouseVerdict: FieldName { FieldName(.gatehouseVerdict) }
    @inlinable package static var cfRay: FieldName { FieldName(.cfRay) }
    @inlinable package static var xPoweredBy: FieldName { FieldName(.xPoweredBy) }
    @inlinable package static var eTag: FieldName { FieldName(.eTag) }
    @inlinable package static var age: FieldName { FieldName(.age) }
    @inlinable package static var xCache: FieldName { FieldName(.xCache) }
    @inlinable package static var proxyAuthenticationInfo: FieldName { FieldName(.proxyAuthenticationInfo) }
}
