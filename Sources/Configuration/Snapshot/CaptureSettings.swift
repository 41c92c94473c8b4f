package import ProxyCore
package import Wire

/// Where captures go, and what is captured of sessions whose route says nothing else.
package struct CaptureSettings: Sendable, Hashable {
    /// Nil: nothing can be captured.
    package var directory: String?
    /// Bytes from which on a new file is begun.
    package var rotateSize: UInt64 = 64 << 20
    package var rotateTime: TimeSpan = .seconds(3600)
    /// Bytes of all files together.
    package var total: UInt64 = 1 << 30
    package var policy = CapturePolicy()

    package init() {}
}
