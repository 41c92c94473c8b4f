import WebSocketWire
public import Wire

/// What the close frames of a drain say to clients. Backends get 1001 and no hint: who goes away there is the client.
public struct DrainNotice: Sendable, Hashable {
    /// 1001 (going away) or 1012 (service restart).
    public var code: UInt16
    /// The close reason. `{retry}` in it becomes a number of seconds, drawn for each session, after which to connect anew: so that
    /// those who were closed together do not come back together.
    public var reason: String

    public init(code: UInt16 = 1001, reason: String = "server going away") {
        self.code = code
        self.reason = reason
    }

    /// As many bytes of reason as a close frame has room for.
    public static var longestReason: Int { CloseFrame.longestReason }

    /// The reason for one session.
    ///
    /// - Parameters:
    ///   - window: The drain's: the hint lies between one second and its length.
    ///   - random: Drawn for this session.
    public func text(window: TimeSpan, random: UInt64) -> String {
        let pattern = Array("{retry}".utf8)
        let bytes = Array(reason.utf8)
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: pattern) }) else { return reason }
        let longest = max(1, (window.nanoseconds + 999_999_999) / 1_000_000_000)
        let hint = Array(String(1 + random % longest).utf8)
        return String(decoding: bytes[..<start] + hint + bytes[(start + pattern.count)...], as: UTF8.self)
    }
}
