/// What a frame is for (RFC 6455 §5.2): the lower four bits of its first byte.
public enum Opcode: Sendable, Hashable {
    /// 0x0, the next part of a fragmented message.
    case continuation
    /// 0x1, text in UTF-8.
    case text
    /// 0x2, bytes of the application's own meaning.
    case binary
    /// 0x8, the closing handshake.
    case close
    /// 0x9, asks the peer for a pong.
    case ping
    /// 0xA, answers a ping or says "still here".
    case pong
    /// 0x3–0x7 and 0xB–0xF, as it stood on the wire.
    case reserved(UInt8)

    /// The opcode of a number; only the lower four bits count.
    @inlinable public init(_ number: UInt8) {
        switch number & 0x0F {
        case 0x0: self = .continuation
        case 0x1: self = .text
        case 0x2: self = .binary
        case 0x8: self = .close
        case 0x9: self = .ping
        case 0xA: self = .pong
        case let other: self = .reserved(other)
        }
    }

    /// The number on the wire, 0x0–0xF.
    @inlinable public var number: UInt8 {
        switch self {
        case .continuation: 0x0
        case .text: 0x1
        case .binary: 0x2
        case .close: 0x8
        case .ping: 0x9
        case .pong: 0xA
        case .reserved(let number): number & 0x0F
        }
    }

    /// Whether this is a control frame's opcode (0x8–0xF): at most 125 bytes, never fragmented (§5.5).
    @inlinable public var isControl: Bool { number >= 0x8 }

    /// Whether this is text, binary or a continuation of one.
    @inlinable public var isData: Bool { number <= 0x2 }

    /// The word for logs, metrics and the page.
    public var name: String {
        switch self {
        case .continuation: "continuation"
        case .text: "text"
        case .binary: "binary"
        case .close: "close"
        case .ping: "ping"
        case .pong: "pong"
        case .reserved: "reserved"
        }
    }
}
