/// What the opening handshake showed and the verdict on the session's end needs: one word, kept as long as the session lives.
public struct SessionTraits: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// permessage-deflate is in force: RSV1 has a meaning.
    public static let compression = SessionTraits(rawValue: 1 << 0)
    /// An extension that Gatehouse doesn't know is in force: every reserved bit may have a meaning.
    public static let unknownExtension = SessionTraits(rawValue: 1 << 1)
    public static let offeredCompression = SessionTraits(rawValue: 1 << 2)
    public static let credentials = SessionTraits(rawValue: 1 << 3)
    public static let expiredToken = SessionTraits(rawValue: 1 << 4)
    public static let intermediary = SessionTraits(rawValue: 1 << 5)
    public static let edge = SessionTraits(rawValue: 1 << 6)
    public static let engineIO = SessionTraits(rawValue: 1 << 7)
    public static let olderEngineIO = SessionTraits(rawValue: 1 << 8)
    public static let browser = SessionTraits(rawValue: 1 << 9)
    public static let otherOrigin = SessionTraits(rawValue: 1 << 10)

    /// The reserved bits that have a meaning in this session, as `FrameRules` wants them.
    @inlinable public var allowedReservedBits: UInt8 {
        contains(.unknownExtension) ? 0b111 : contains(.compression) ? 0b100 : 0
    }
}
