import Wire

/// A bounded, unmasked copy of what a frame or a message carries: whole control payloads, the first bytes of a message.
public struct PayloadReader: Sendable {
    /// The most bytes that are kept.
    public let limit: Int
    /// What was kept so far, unmasked.
    public private(set) var bytes: [UInt8] = []
    private var key: UInt32 = 0

    /// Keeps at most `limit` bytes; nothing is allocated before the first.
    public init(limit: Int) { self.limit = max(limit, 0) }

    /// Forgets what was kept, and begins with a frame.
    public mutating func begin(_ header: FrameHeader) {
        bytes.removeAll(keepingCapacity: true)
        resume(header)
    }

    /// Goes on with the next frame of the same message, which has a masking key of its own.
    public mutating func resume(_ header: FrameHeader) { key = header.maskingKey ?? 0 }

    /// Takes a run of payload as the parser announced it.
    public mutating func append(_ span: RawSpan, _ range: Range<Int>, offsetInFrame: UInt64) {
        let room = min(limit - bytes.count, range.count)
        guard room > 0 else { return }
        Masking.append(
            span, range.lowerBound..<range.lowerBound + room, key: key, phase: offsetInFrame, to: &bytes)
    }
}
