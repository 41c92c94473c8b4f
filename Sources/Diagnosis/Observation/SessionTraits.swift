/// What the opening handshake showed and the verdict on the session's end needs: one word, kept as long as the session lives.
package struct SessionTraits: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    @inlinable package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// permessage-deflate is in force: RSV1 has a meaning.
    package static let compression = SessionTraits(rawValue: 1 << 0)
    /// An extension that Gatehouse doesn't know is in force: every reserved bit may have a meaning.
    package static let unknownExtension = SessionTraits(rawValue: 1 << 1)
    package static let offeredCompression = SessionTraits(rawValue: 1 << 2)
    package static let credentials = SessionTraits(rawValue: 1 << 3)
    package static let expiredToken = SessionTraits(rawValue: 1 << 4)
    package static let intermediary = SessionTraits(rawValue: 1 << 5)
    package static let edge = SessionTraits(rawValue: 1 << 6)
    package static let engineIO = SessionTraits(rawValue: 1 << 7)
    package static let olderEngineIO = SessionTraits(rawValue: 1 << 8)
    package static let browser = SessionTraits(rawValue: 1 << 9)
    package static let otherOrigin = SessionTraits(rawValue: 1 << 10)

    /// The reserved bits that have a meaning in this session, as `FrameRules` wants them.
    @inlinable package var allowedReservedBits: UInt8 {
        contains(.unknownExtension) ? 0b111 : contains(.compression) ? 0b100 : 0
    }
}
