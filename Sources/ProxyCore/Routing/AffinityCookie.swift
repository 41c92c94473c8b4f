// Gatehouse's own cookie: which endpoint its bearer belongs to.
//
//     1.<endpoint: 16 hex digits>.<issued: seconds, hex>.<HMAC-SHA256: 43 of base64url>
//
// Theory of operation. The endpoint stands there by the hash of its URL: stable over restarts and reloads, and the client
// learns no name of an inner host. The code covers the cluster's name too, so that one cluster's cookie is none for another. Whoever holds a key
// keeps it (`Credentials`); here the text is taken apart and put together, and decided what may be believed. What is malformed, forged or
// stale is as good as no cookie: it costs a new one, never an error.
import HTTPWire
public import Wire

/// The parts of a cookie that was read; not believed before its code was checked.
public struct AffinityCookie: Sendable, Hashable {
    /// What the operator may say about the cookie.
    public struct Settings: Sendable, Hashable {
        public enum SameSite: String, Sendable, Hashable, CaseIterable {
            case lax, strict, none
        }

        public var name: [UInt8]
        public var path: String
        /// How long it binds; the browser is told the same.
        public var maximumAge: TimeSpan
        public var isSecure: Bool
        public var isHTTPOnly: Bool
        public var sameSite: SameSite

        public init(
            name: [UInt8], path: String = "/", maximumAge: TimeSpan = .seconds(86_400), isSecure: Bool = true,
            isHTTPOnly: Bool = true, sameSite: SameSite = .lax
        ) {
            self.name = name
            self.path = path
            self.maximumAge = maximumAge
            self.isSecure = isSecure
            self.isHTTPOnly = isHTTPOnly
            self.sameSite = sameSite
        }
    }

    /// The hash of the endpoint's URL.
    public let endpoint: UInt64
    /// Seconds on the wall clock.
    public let issued: UInt64
    /// The code as it was sent, decoded.
    public let code: [UInt8]

    /// No cookie of ours is longer: version, digits, dots, code.
    private static let longest = 2 + 17 + 17 + 43

    /// The parts of `value`; nil if it is none of ours by its form.
    public init?(_ value: some Collection<UInt8>) {
        guard value.count <= AffinityCookie.longest else { return nil }
        let parts = value.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].elementsEqual([0x31]), parts[1].count == 16,
            let endpoint = AffinityCookie.number(parts[1]), let issued = AffinityCookie.number(parts[2]),
            let code = Base64URL.decode(parts[3]), code.count == 32
        else { return nil }
        self.endpoint = endpoint
        self.issued = issued
        self.code = code
    }

    private static func number(_ digits: some Collection<UInt8>) -> UInt64? {
        guard (1...16).contains(digits.count) else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard let value = digit.hexadecimalValue, digit < 0x41 || digit > 0x46 else { return nil }
            number = number << 4 | UInt64(value)
        }
        return number
    }

    /// What the code covers.
    public static func signed(endpoint: UInt64, issued: UInt64, cluster: String) -> [UInt8] {
        Array("gatehouse affinity 1\n\(cluster)\n\(text(endpoint, issued))".utf8)
    }

    /// What the code of this cookie must cover.
    public func signed(cluster: String) -> [UInt8] {
        AffinityCookie.signed(endpoint: endpoint, issued: issued, cluster: cluster)
    }

    /// Whether it binds no longer. One from the future (a clock was set back) by more than a minute is stale as well.
    ///
    /// - Parameter now: seconds on the wall clock.
    public func isStale(_ settings: Settings, now: UInt64) -> Bool {
        let life = settings.maximumAge.nanoseconds / 1_000_000_000
        return issued > now.addingReportingOverflow(60).partialValue || (now > issued && now - issued > life)
    }

    /// Whether half of its life is over, so that it is time for a new one.
    public func isAging(_ settings: Settings, now: UInt64) -> Bool {
        now > issued && now - issued > settings.maximumAge.nanoseconds / 2_000_000_000
    }

    /// The value of `Set-Cookie` that binds to an endpoint.
    public static func field(
        _ settings: Settings, endpoint: UInt64, issued: UInt64, code: [UInt8]
    ) -> [UInt8] {
        var line = settings.name + [0x3D] + Array("1.\(text(endpoint, issued)).".utf8) + Base64URL.encode(code)
        line += Array("; Path=\(settings.path); Max-Age=\(settings.maximumAge.nanoseconds / 1_000_000_000)".utf8)
        if settings.isSecure { line += Array("; Secure".utf8) }
        if settings.isHTTPOnly { line += Array("; HttpOnly".utf8) }
        let site: StaticString =
            switch settings.sameSite {
            case .lax: "; SameSite=Lax"
            case .strict: "; SameSite=Strict"
            case .none: "; SameSite=None"
            }
        return line + Array(site.description.utf8)
    }

    private static func text(_ endpoint: UInt64, _ issued: UInt64) -> String {
        let digits = String(endpoint, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits + "." + String(issued, radix: 16)
    }
}
