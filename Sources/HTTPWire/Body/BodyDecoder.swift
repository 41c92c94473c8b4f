public import Wire

/// Follows one message body through any chunking, without copying and without heap (RFC 9112 §6, §7.1).
///
/// What leaves a chunked body is a *subsequence* of what came: the decoder sorts the octets into such that go on as they
/// are (payload, sizes, line ends) and such that are left out (extensions, superfluous zeros, trailers). So a relay
/// sends ranges of the receive buffer, and a body that is already canonical goes on in one piece; it never needs octets
/// of its own. Grammar is kept to the letter: hexadecimal digits, optionally blanks and `;`, CRLF, and nothing else ends
/// a line. A size line that only some readers could take is a fault, after which the decoder stays silent and the
/// connection can't be used again.
///
/// The events of one call come in the order of the octets; joining neighbours is `nextForwarded`'s task.
public struct BodyDecoder: Sendable {
    /// A piece of the cursor's span, or the end of the body.
    public enum Event: Sendable, Hashable {
        /// Payload; goes on as it is.
        case data(Range<Int>)
        /// Size line or line end of a chunk in canonical form; goes on as it is where the next hop gets chunks.
        case framing(Range<Int>)
        /// Chunk extensions and superfluous zeros; never goes on.
        case surplus(Range<Int>)
        /// Octets of the trailer section, whole lines over all such events; dropped unless a policy lets some pass.
        /// They stand before the last `framing`.
        case trailer(Range<Int>)
        /// The body is complete. Octets behind it belong to the next message.
        case end
    }

    enum Phase: UInt8 {
        case data, untilClose
        case sizeFirst, sizeLeadingZero, sizeDigits, blanks, extensions, sizeLineFeed
        case chunkData, dataCarriageReturn, dataLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed, lastLineFeed
        case finished, ended, faulted
    }

    private var phase: Phase
    private var remaining: UInt64 = 0
    private var position: UInt64 = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var fault: BodyFault.Kind = .framingInvalid
    private let limits: BodyLimits
    /// Payload octets so far.
    public private(set) var payloadBytes: UInt64 = 0

    public init(framing: BodyFraming, limits: BodyLimits = .default) {
        self.limits = limits
        switch framing {
        case .none: phase = .finished
        case .contentLength(let count):
            remaining = count
            phase = count == 0 ? .finished : .data
        case .chunked: phase = .sizeFirst
        case .untilClose: phase = .untilClose
        case .invalid: phase = .faulted
        }
    }

    /// Whether the whole body has been read.
    public var isComplete: Bool { phase == .finished || phase == .ended }

    /// Whether the trailer section of a chunked body has been read to its end.
    public var isPastTrailers: Bool { phase == .lastLineFeed || isComplete }

    /// Payload octets that are still to come, where the length says so.
    public var expected: UInt64? { phase == .data ? remaining : nil }

    /// Octets of the body so far as they came, framing included.
    public var wireBytes: UInt64 { position }

    /// Reads the next piece; nil if more octets are needed or the body has ended.
    public mutating func next(_ cursor: inout ByteCursor) throws(BodyFault) -> Event? {
        switch phase {
        case .data: return data(&cursor, then: .finished)
        case .chunkData: return data(&cursor, then: .dataCarriageReturn)
        case .untilClose:
            guard !cursor.isAtEnd else { return nil }
            let start = cursor.offset
            take(&cursor, cursor.remaining)
            payloadBytes &+= UInt64(cursor.offset - start)
            return .data(start..<cursor.offset)
        case .finished:
            phase = .ended
            return .end
        case .ended: return nil
        case .faulted: throw BodyFault(fault, at: position)
        default: return try chunkFraming(&cursor)
        }
    }

    /// The sender finished: the end of a body without length, a fault for every other that isn't complete.
    public mutating func senderFinished() throws(BodyFault) {
        switch phase {
        case .untilClose: phase = .finished
        case .finished, .ended: break
        case .faulted: throw BodyFault(fault, at: position)
        default: throw fail(.truncated)
        }
    }

    /// Octets of payload.
    private mutating func data(_ cursor: inout ByteCursor, then next: Phase) -> Event? {
        guard !cursor.isAtEnd else { return nil }
        let start = cursor.offset
        let count = Int(min(UInt64(cursor.remaining), remaining))
        take(&cursor, count)
        remaining -= UInt64(count)
        payloadBytes &+= UInt64(count)
        if remaining == 0 { phase = next }
        return .data(start..<cursor.offset)
    }

    private mutating func take(_ cursor: inout ByteCursor, _ count: Int) {
        position &+= UInt64(cursor.skip(count))
    }

    /// Everything of a chunked body but payload: octet by octet, until the kind of octet changes.
    private mutating func chunkFraming(_ cursor: inout ByteCursor) throws(BodyFault) -> Event? {
        let start = cursor.offset
        guard let first = cursor.peek() else { return nil }
        let kind = kind(of: first)
        try step(first)
        take(&cursor, 1)
        while let byte = cursor.peek(), isFraming, self.kind(of: byte) == kind {
            // The octets before a fault are reported first; the next call throws it.
            do { try step(byte) } catch { break }
            take(&cursor, 1)
        }
        let range = start..<cursor.offset
        switch kind {
        case .framing: return .framing(range)
        case .surplus: return .surplus(range)
        case .trailer: return .trailer(range)
        }
    }

    private enum Kind { case framing, surplus, trailer }

    private var isFraming: Bool {
        switch phase {
        case .data, .untilClose, .chunkData, .finished, .ended, .faulted: false
        default: true
        }
    }

    /// What an octet is in the present phase, if it is legal at all.
    private func kind(of byte: UInt8) -> Kind {
        switch phase {
        case .sizeLeadingZero: byte == 0x30 ? .surplus : byte.isBlank || byte == 0x3B ? .surplus : .framing
        case .sizeDigits: byte.isBlank || byte == 0x3B ? .surplus : .framing
        case .blanks, .extensions: byte == 0x0D ? .framing : .surplus
        case .trailerStart: byte == 0x0D ? .framing : .trailer
        case .trailerName, .trailerValue, .trailerLineFeed: .trailer
        default: .framing
        }
    }

    /// Takes one octet of framing into account.
    private mutating func step(_ byte: UInt8) throws(BodyFault) {
        switch phase {
        case .sizeFirst:
            guard let digit = byte.hexadecimalValue else {
                throw fail(byte == 0x0D || byte == 0x3B ? .chunkSizeMissing : lineFault(byte, else: .chunkSizeInvalid))
            }
            remaining = UInt64(digit)
            phase = digit == 0 ? .sizeLeadingZero : .sizeDigits
        case .sizeLeadingZero, .sizeDigits:
            if let digit = byte.hexadecimalValue {
                try addDigit(digit, after: phase)
            } else if byte == 0x0D {
                phase = .sizeLineFeed
            } else if byte.isBlank || byte == 0x3B {
                phase = byte == 0x3B ? .extensions : .blanks
                try countExtension()
            } else {
                throw fail(lineFault(byte, else: .chunkSizeInvalid))
            }
        case .blanks:
            // Blanks may only lead to a `;` (RFC 9112 §7.1.1); before CRLF parsers differ on them.
            guard byte.isBlank || byte == 0x3B else { throw fail(lineFault(byte, else: .chunkSizeInvalid)) }
            if byte == 0x3B { phase = .extensions }
            try countExtension()
        case .extensions:
            if byte == 0x0D {
                phase = .sizeLineFeed
            } else if byte.isControl {
                throw fail(lineFault(byte, else: .chunkExtensionInvalid))
            } else {
                try countExtension()
            }
        case .sizeLineFeed:
            guard byte == 0x0A else { throw fail(.bareCarriageReturn) }
            phase = remaining == 0 ? .trailerStart : .chunkData
        case .dataCarriageReturn:
            guard byte == 0x0D else { throw fail(.chunkDataNotEnded) }
            phase = .dataLineFeed
        case .dataLineFeed:
            guard byte == 0x0A else { throw fail(.chunkDataNotEnded) }
            phase = .sizeFirst
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed: try stepTrailer(byte)
        case .data, .untilClose, .chunkData, .finished, .ended, .faulted: throw fail(.framingInvalid)
        }
    }

    private mutating func addDigit(_ digit: UInt8, after last: Phase) throws(BodyFault) {
        if last == .sizeLeadingZero {
            // One zero is kept, since it may turn out to be the whole size; the others count as surplus.
            if digit == 0 { try countExtension() }
            phase = digit == 0 ? .sizeLeadingZero : .sizeDigits
            remaining = UInt64(digit)
            return
        }
        // 2^59 octets a chunk are enough, and nothing overflows.
        guard remaining < 1 << 55 else { throw fail(.chunkSizeTooLarge) }
        remaining = remaining << 4 | UInt64(digit)
    }

    private mutating func stepTrailer(_ byte: UInt8) throws(BodyFault) {
        switch phase {
        case .trailerStart where byte == 0x0D: phase = .lastLineFeed
        case .trailerStart:
            guard byte.isToken else { throw fail(lineFault(byte, else: .trailerInvalid)) }
            phase = .trailerName
            try countTrailer()
        case .trailerName:
            guard byte.isToken || byte == 0x3A else { throw fail(lineFault(byte, else: .trailerInvalid)) }
            if byte == 0x3A { phase = .trailerValue }
            try countTrailer()
        case .trailerValue:
            if byte == 0x0D {
                phase = .trailerLineFeed
            } else if byte.isControl {
                throw fail(lineFault(byte, else: .trailerInvalid))
            }
            try countTrailer()
        case .trailerLineFeed:
            guard byte == 0x0A else { throw fail(.bareCarriageReturn) }
            phase = .trailerStart
            try countTrailer()
        default:
            guard byte == 0x0A else { throw fail(.bareCarriageReturn) }
            phase = .finished
        }
    }

    private mutating func countExtension() throws(BodyFault) {
        extensionBytes += 1
        if extensionBytes > limits.extensions { throw fail(.chunkExtensionsTooLong) }
    }

    private mutating func countTrailer() throws(BodyFault) {
        trailerBytes += 1
        if trailerBytes > limits.trailers { throw fail(.trailersTooLong) }
    }

    private func lineFault(_ byte: UInt8, else kind: BodyFault.Kind) -> BodyFault.Kind {
        byte == 0x0A ? .bareLineFeed : kind
    }

    private mutating func fail(_ kind: BodyFault.Kind) -> BodyFault {
        phase = .faulted
        fault = kind
        return BodyFault(kind, at: position)
    }
}
