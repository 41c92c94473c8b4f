/// Frames and payload bytes of one class of frames.
public struct FrameCount: Sendable, Hashable {
    /// Frames that came to their end.
    public var frames: UInt64 = 0
    /// Payload bytes, those of a frame that is not at its end included; headers are not.
    public var bytes: UInt64 = 0

    @inlinable public init() {}

    @inlinable public init(frames: UInt64, bytes: UInt64) {
        self.frames = frames
        self.bytes = bytes
    }

    @inlinable public static func + (a: FrameCount, b: FrameCount) -> FrameCount {
        FrameCount(frames: a.frames &+ b.frames, bytes: a.bytes &+ b.bytes)
    }
}

/// Frames and payload bytes of one direction by class.
public struct FrameCounts: Sendable, Hashable {
    public var continuation = FrameCount()
    public var text = FrameCount()
    public var binary = FrameCount()
    public var close = FrameCount()
    public var ping = FrameCount()
    public var pong = FrameCount()

    @inlinable public init() {}

    /// Class by class.
    public static func + (a: FrameCounts, b: FrameCounts) -> FrameCounts {
        var sum = a
        sum.continuation = a.continuation + b.continuation
        sum.text = a.text + b.text
        sum.binary = a.binary + b.binary
        sum.close = a.close + b.close
        sum.ping = a.ping + b.ping
        sum.pong = a.pong + b.pong
        return sum
    }

    /// All classes together.
    public var total: FrameCount { continuation + text + binary + close + ping + pong }

    /// The count of one opcode's class. Reserved opcodes are faults and have none: zero, and a write is dropped.
    public subscript(_ opcode: Opcode) -> FrameCount {
        get {
            switch opcode {
            case .continuation: continuation
            case .text: text
            case .binary: binary
            case .close: close
            case .ping: ping
            case .pong: pong
            case .reserved: FrameCount()
            }
        }
        set {
            switch opcode {
            case .continuation: continuation = newValue
            case .text: text = newValue
            case .binary: binary = newValue
            case .close: close = newValue
            case .ping: ping = newValue
            case .pong: pong = newValue
            case .reserved: break
            }
        }
    }
}
