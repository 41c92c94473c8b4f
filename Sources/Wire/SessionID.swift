/// The name of a session (one downstream connection's exchange with its upstream counterpart) on every log line.
///
/// The upper 32 bits are drawn at start, so that two processes do not share names; the lower 32 count
/// (a worker counts in its own residue class). Not a secret and not unguessable.
public struct SessionID: Sendable, Hashable, CustomStringConvertible {
    public let value: UInt64

    @inlinable public init(_ value: UInt64) { self.value = value }

    /// Thirteen characters of Crockford's base 32, most significant first.
    public var description: String {
        var text = ""
        text.reserveCapacity(13)
        withCharacters { text.unicodeScalars.append(Unicode.Scalar($0)) }
        return text
    }

    /// Hands out the thirteen ASCII characters, without building a string.
    @inlinable public func withCharacters(_ take: (UInt8) -> Void) {
        var shift = 60
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 31
            take(SessionID.character(digit))
            shift -= 5
        }
    }

    /// The name that `text` spells, or nil if it isn't one.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 13 else { return nil }
        var value: UInt64 = 0
        for (index, character) in text.utf8.enumerated() {
            guard let digit = SessionID.digit(character), index > 0 || digit < 16 else { return nil }
            value = value << 5 | UInt64(digit)
        }
        self.value = value
    }

    /// Crockford's alphabet: digits, then letters without I, L, O and U.
    @inlinable static func character(_ digit: UInt8) -> UInt8 {
        switch digit {
        case 0..<10: 0x30 + digit
        case 10..<18: 0x61 + digit - 10
        case 18..<20: 0x6A + digit - 18
        case 20..<22: 0x6D + digit - 20
        case 22..<27: 0x70 + digit - 22
        default: 0x76 + digit - 27
        }
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        (0..<32).first { SessionID.character($0) == character | (character >= 0x41 ? 0x20 : 0) }
    }
}
