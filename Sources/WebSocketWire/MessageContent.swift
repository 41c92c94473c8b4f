import Wire

/// The content of the message that is being read: unmasked, inflated where it is compressed, and judged.
///
/// What `MessageValidator` knows of payloads. It sees every data byte once and keeps none.
struct MessageContent: ~Copyable {
    private let limits: MessageLimits
    /// Nil where permessage-deflate was not agreed on.
    private let inflater: Inflater?
    /// Off where an unknown extension may have changed the payloads.
    private let isReadable: Bool

    private var isText = false
    private var isCompressed = false
    private var text = UTF8Validator()
    private var size: UInt64 = 0
    private var fragments: UInt64 = 0

    init(limits: MessageLimits, inflater: Inflater?, isReadable: Bool) {
        self.limits = limits
        self.inflater = inflater
        self.isReadable = isReadable
    }

    /// Judges the header of a data frame, before a byte of its payload is read.
    mutating func began(_ header: FrameHeader) -> FrameFault? {
        if header.opcode != .continuation {
            isText = header.opcode == .text
            isCompressed = header.isCompressed && inflater != nil
            text = UTF8Validator()
            size = 0
            fragments = 0
        }
        fragments += 1
        if fragments > limits.fragments { return .tooManyFragments }
        let (sum, overflow) = size.addingReportingOverflow(header.payloadLength)
        let most = isCompressed ? limits.compressedSize : limits.size
        if overflow || sum > most { return .messageTooLarge }
        size = sum
        return nil
    }

    /// Judges a run of payload.
    mutating func read(_ bytes: RawSpan, _ range: Range<Int>, key: UInt32?, phase: UInt64) -> FrameFault? {
        guard isReadable, isText || isCompressed else { return nil }
        var fault: FrameFault?
        Masking.forEachPlainRun(of: bytes, range, key: key, phase: phase) { plain in
            fault = readPlain(plain)
            return fault == nil
        }
        return fault
    }

    /// Judges the message's end.
    mutating func ended() -> FrameFault? {
        guard isReadable else { return nil }
        if isCompressed, let inflater {
            do throws(FrameFault) {
                try inflater.endMessage { (run) throws(FrameFault) in try readText(run) }
            } catch {
                return error
            }
        }
        return isText && !text.isAtCharacterBoundary ? .textNotUTF8 : nil
    }

    private mutating func readPlain(_ plain: RawSpan) -> FrameFault? {
        do throws(FrameFault) {
            if isCompressed, let inflater {
                try inflater.inflate(plain) { (run) throws(FrameFault) in try readText(run) }
            } else {
                try readText(plain)
            }
            return nil
        } catch {
            return error
        }
    }

    private mutating func readText(_ bytes: RawSpan) throws(FrameFault) {
        if isText, text.firstInvalid(in: bytes) != nil { throw .textNotUTF8 }
    }
}
