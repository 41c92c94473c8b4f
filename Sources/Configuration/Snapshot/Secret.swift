import Wire

/// A text that must never be printed: every description says `«redacted»`.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself, for comparisons alone.
    package let revealed: String

    package init(_ text: String) { revealed = text }

    package var description: String { Secret.placeholder }
    package var debugDescription: String { Secret.placeholder }
    /// Without children, so that `dump` and a failed expectation do not show it either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }

    /// What stands in a secret's place.
    package static let placeholder = "«redacted»"

    /// Whether `candidate` is the secret; the time it takes tells nothing but the candidate's length.
    package func matches(_ candidate: RawSpan) -> Bool {
        let secret = Array(revealed.utf8)
        var difference: UInt8 = secret.count == candidate.byteCount && !secret.isEmpty ? 0 : 1
        for offset in 0..<candidate.byteCount {
            let byte = secret.isEmpty ? 0 : secret[offset % secret.count]
            difference |= candidate.byte(at: offset) ^ byte
        }
        return difference == 0
    }
}
