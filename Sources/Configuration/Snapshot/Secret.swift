import Wire

/// A text that must never be printed: every description says `«redacted»`.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself, for comparisons alone.
    public let revealed: String

    public init(_ text: String) { revealed = text }

    public var description: String { Secret.placeholder }
    public var debugDescription: String { Secret.placeholder }
    /// Without children, so that `dump` and a failed expectation do not show it either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    /// What stands in a secret's place.
    public static let placeholder = "«redacted»"

    /// Whether `candidate` is the secret; the time it takes tells nothing but the candidate's length.
    public func matches(_ candidate: RawSpan) -> Bool {
        let secret = Array(revealed.utf8)
        var difference: UInt8 = secret.count == candidate.byteCount && !secret.isEmpty ? 0 : 1
        for offset in 0..<candidate.byteCount {
            let byte = secret.isEmpty ? 0 : secret[offset % secret.count]
            difference |= candidate.byte(at: offset) ^ byte
        }
        return difference == 0
    }
}
