/// What a frame parser met next.
///
/// A frame is one `header`, then as many `payload` runs as the buffers cut it into (none, if it is empty), then one `end`.
public enum FrameEvent: Sendable, Hashable {
    /// The header is complete and breaks no rule.
    case header(FrameHeader)
    /// Payload bytes, still masked if the frame is: a range in the cursor's span, and how many bytes of this
    /// frame's payload came before it.
    case payload(Range<Int>, offsetInFrame: UInt64)
    /// The frame's last byte has been read.
    case end
}
