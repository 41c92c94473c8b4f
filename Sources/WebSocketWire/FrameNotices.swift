/// What one buffer brought, so that a relay branches once per buffer and not once per frame.
public struct FrameNotices: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    // The four that a relay calls per buffer, as plain bit operations: the ones that `OptionSet` brings are generic,
    // and a caller in another module would reach them through a witness table.

    @inlinable public var isEmpty: Bool { rawValue == 0 }

    @inlinable public func contains(_ notices: FrameNotices) -> Bool {
        rawValue & notices.rawValue == notices.rawValue
    }

    @inlinable public func isDisjoint(with notices: FrameNotices) -> Bool { rawValue & notices.rawValue == 0 }

    @inlinable public mutating func formUnion(_ notices: FrameNotices) {
        self = FrameNotices(rawValue: rawValue | notices.rawValue)
    }

    /// What ends a session or makes it odd. A constant and not a literal of two, for the same reason.
    @inlinable public static var closeOrFault: FrameNotices { FrameNotices(rawValue: 0b1_1000) }

    /// Nothing to remark. A constant and not an empty literal, for the same reason.
    @inlinable public static var none: FrameNotices { FrameNotices(rawValue: 0) }
    /// A message came to its end.
    @inlinable public static var messageEnded: FrameNotices { FrameNotices(rawValue: 1 << 0) }
    /// A ping came to its end.
    @inlinable public static var sawPing: FrameNotices { FrameNotices(rawValue: 1 << 1) }
    /// A pong came to its end.
    @inlinable public static var sawPong: FrameNotices { FrameNotices(rawValue: 1 << 2) }
    /// The first close frame came to its end: `close` has what it said.
    @inlinable public static var sawClose: FrameNotices { FrameNotices(rawValue: 1 << 3) }
    /// A rule was broken for the first time: `fault` has which.
    @inlinable public static var sawFault: FrameNotices { FrameNotices(rawValue: 1 << 4) }
    /// A frame began after the close frame; the peer must not send one (RFC 6455 §5.5.1).
    @inlinable public static var sawFrameAfterClose: FrameNotices { FrameNotices(rawValue: 1 << 5) }
}
