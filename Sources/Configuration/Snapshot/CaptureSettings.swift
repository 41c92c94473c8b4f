public import ProxyCore
public import Wire

/// Where captures go, and what is captured of sessions whose route says nothing else.
public struct CaptureSettings: Sendable, Hashable {
    /// Nil: nothing can be captured.
    public var directory: String?
    /// Bytes from which on a new file is begun.
    public var rotateSize: UInt64 = 64 << 20
    public var rotateTime: TimeSpan = .seconds(3600)
    /// Bytes of all files together.
    public var total: UInt64 = 1 << 30
    public var policy = CapturePolicy()

    public init() {}
}
