import Wire

/// A bounded, unmasked copy of what a frame or a message carries: whole control payloads, the first bytes of a message.
package struct PayloadReader: Sendable {
    /// The most bytes that are kept.
    package let limit: Int
    /// What was kept so far, unmasked.
    package private(set) var bytes: [UInt8] = []
    private var key: UInt32 = 0

    /// Keeps at most `limit` bytes; nothing is allocated before the first.
    package init(limit: Int) { self.limit = max(limit, 0) }

    /// Forgets what was kept, and begins with a frame.
    package mutating func begin(_ header: FrameHeader) {
        bytes.removeAll(keepingCapacity: true)
        resume(header)
    }

    /// Goes on with the next frame of the same message, which has a masking key of its own.
    package mutating func resume(_ header: FrameHeader) { key = header.maskingKey ?? 0 }

    /// Takes a run of payload as the parser announced it.
    package mutating func append(_ span: RawSpan, _ range: Range<Int>, offsetInFrame: UInt64) {
        let room = min(limit - bytes.count, range.count)
        guard room > 0 else { return }
        Masking.append(
            span, range.lowerBound..<range.lowerBound + room, key: key, phase: offsetInFrame, to: &bytes)
    }
}
