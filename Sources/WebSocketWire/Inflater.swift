import CZlib
import Wire

/// Inflates the messages of one direction (RFC 7692 §7.2.2), in steps of bounded size, and gives up on bombs.
///
/// What a message costs is bounded three ways: output leaves in steps of `stepSize` and is never collected here; the
/// inflated size has a cap; and beyond a floor the ratio to the compressed size has one too. A state of zlib exists from the first
/// compressed message on, and where the context isn't taken over only inside a message, so that an idle session
/// has none. A class, because zlib's state must not move.
///
/// Where peers differ from the RFC: a message of no bytes at all counts as empty (the RFC's empty message is one
/// byte 00). A block with BFINAL ends zlib's stream but not the message: the next block follows with the same window
/// (§7.2.3.4). Data that don't end at a block's end once the tail 00 00 FF FF stands behind them are invalid.
@safe public final class Inflater {
    /// What a message may cost.
    public struct Limits: Sendable, Hashable {
        /// The most inflated bytes of one message.
        public var size: UInt64
        /// The most inflated bytes for each compressed one, once `ratioFloor` is passed. DEFLATE can reach 1032.
        public private(set) var ratio: UInt64
        /// Inflated bytes up to which the ratio is not judged (it is after every 512 compressed bytes, and at the end): short messages of zeros are nothing bad.
        public var ratioFloor: UInt64

        public init(size: UInt64 = 16 << 20, ratio: UInt64 = 200, ratioFloor: UInt64 = 1 << 20) {
            self.size = size
            self.ratio = max(ratio, 1)
            self.ratioFloor = ratioFloor
        }
    }

    /// The most bytes that are handed out at once.
    public static let stepSize = 4096
    /// Compressed bytes from one judgement of the ratio to the next: at most half a MiB of output lies between.
    private static let judgedEvery = 512

    /// Inflated bytes of the message so far.
    public private(set) var inflated: UInt64 = 0
    /// Compressed bytes of the message so far.
    public private(set) var compressed: UInt64 = 0
    /// Whether a fault ended it: it throws that from then on.
    public private(set) var fault: FrameFault?

    private let windowBits: Int32
    private let takesOverContext: Bool
    private let limits: Limits
    private var state: UnsafeMutablePointer<z_stream>?
    private var step: UnsafeMutableRawBufferPointer?

    /// An inflater for one direction's agreement; nothing is allocated before the first message.
    public init(windowBits: UInt8 = 15, takesOverContext: Bool = true, limits: Limits = Limits()) {
        // A window of 256 bytes is read with one of 512, as zlib itself writes it.
        self.windowBits = Int32(min(max(windowBits, 9), 15))
        self.takesOverContext = takesOverContext
        self.limits = limits
    }

    deinit { release() }

    /// Whether zlib's state is held (about 7 KiB, and the window once it is needed).
    public var holdsState: Bool { unsafe state != nil }

    /// Inflates the next bytes of the message and hands out what they give, step by step.
    ///
    /// - Throws: `deflateInvalid`, `messageTooLarge` or `inflationTooLarge`, and what `take` throws.
    public func inflate(
        _ bytes: RawSpan, _ take: (RawSpan) throws(FrameFault) -> Void
    ) throws(FrameFault) {
        guard bytes.byteCount > 0 else { return }
        try orBreak { () throws(FrameFault) in try run(bytes, take) }
    }

    /// Ends the message: puts the tail that the sender took off behind it, and hands out the rest.
    public func endMessage(_ take: (RawSpan) throws(FrameFault) -> Void) throws(FrameFault) {
        try orBreak { () throws(FrameFault) in
            guard compressed > 0 else { return }
            let tail: InlineArray<4, UInt8> = [0x00, 0x00, 0xFF, 0xFF]
            try unsafe run(tail.span.bytes, take)
            try judgeRatio()
            // Bit 7: between two blocks; the lower bits: what is left of the last byte.
            guard let state = unsafe state, unsafe state.pointee.data_type & 0xBF == 0x80 else { throw .deflateInvalid }
        }
        inflated = 0
        compressed = 0
        if !takesOverContext { release() }
    }

    /// After a fault nothing can be inflated any more: what follows may refer to what was lost.
    private func orBreak(_ act: () throws(FrameFault) -> Void) throws(FrameFault) {
        if let fault { throw fault }
        do throws(FrameFault) {
            try act()
        } catch {
            fault = error
            release()
            throw error
        }
    }

    private func run(_ bytes: RawSpan, _ take: (RawSpan) throws(FrameFault) -> Void) throws(FrameFault) {
        let (state, step) = try unsafe prepare()
        var offset = 0
        while offset < bytes.byteCount {
            let due = Inflater.judgedEvery - Int(compressed % UInt64(Inflater.judgedEvery))
            let end = min(bytes.byteCount, offset + due)
            try unsafe run(bytes.extracting(offset..<end), state, step, take)
            compressed += UInt64(end - offset)
            offset = end
            if compressed % UInt64(Inflater.judgedEvery) == 0 { try judgeRatio() }
        }
    }

    /// The ratio, where it depends on nothing but the message: what a number of compressed bytes gave, all of it.
    private func judgeRatio() throws(FrameFault) {
        if inflated > limits.ratioFloor, inflated / limits.ratio > compressed { throw .inflationTooLarge }
    }

    /// Inflates all of `bytes`, which are few.
    private func run(
        _ bytes: RawSpan, _ state: UnsafeMutablePointer<z_stream>, _ step: UnsafeMutableRawBufferPointer,
        _ take: (RawSpan) throws(FrameFault) -> Void
    ) throws(FrameFault) {
        // zlib reads through a pointer that is not const; it does not write there. Set to nil before the bytes go.
        unsafe bytes.withUnsafeBytes { input in
            unsafe state.pointee.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        unsafe state.pointee.avail_in = UInt32(bytes.byteCount)
        defer { unsafe state.pointee.next_in = nil }
        while true {
            unsafe state.pointee.next_out = step.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe state.pointee.avail_out = UInt32(step.count)
            let code = unsafe CZlib.inflate(state, Z_SYNC_FLUSH)
            let produced = unsafe step.count - Int(state.pointee.avail_out)
            let left = unsafe state.pointee.avail_in
            // What fits goes out before the fault, so that the first fault is the same however the steps fall.
            let fitting = Int(min(UInt64(produced), limits.size - inflated))
            inflated += UInt64(fitting)
            if fitting > 0 { try unsafe take(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(step)[..<fitting])) }
            if fitting < produced { throw .messageTooLarge }
            switch code {
            case Z_OK:
                if left == 0, produced < Inflater.stepSize { return }
            case Z_STREAM_END:
                // BFINAL: go on behind it with the same window.
                guard unsafe inflateResetKeep(state) == Z_OK else { throw .deflateInvalid }
                if left == 0 { return }
            case Z_BUF_ERROR where left == 0:
                return
            default:
                throw .deflateInvalid
            }
        }
    }

    private func prepare() throws(FrameFault) -> (UnsafeMutablePointer<z_stream>, UnsafeMutableRawBufferPointer) {
        if let state = unsafe state, let step = unsafe step { return unsafe (state, step) }
        let fresh = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe fresh.initialize(to: z_stream())
        let code = unsafe inflateInit2_(fresh, -windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            // No memory for it: the message can't be read, which is what this fault tells the caller.
            unsafe fresh.deallocate()
            throw .deflateInvalid
        }
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: Inflater.stepSize, alignment: 16)
        unsafe state = fresh
        unsafe step = room
        return unsafe (fresh, room)
    }

    private func release() {
        if let state = unsafe state {
            unsafe inflateEnd(state)
            unsafe state.deinitialize(count: 1)
            unsafe state.deallocate()
        }
        unsafe step?.deallocate()
        unsafe state = nil
        unsafe step = nil
    }
}
