import HTTPWire
import Wire

/// One direction of an HTTP connection in a capture: cuts heads and bodies from its bytes.
///
/// After a gap it seeks: only a piece that begins like a head is taken for one, since a packet is the only border that is left.
struct HeadReader {
    enum Event {
        /// A head's octets, whole.
        case head([UInt8])
        /// A piece of the body's payload, as a range of the cursor's bytes.
        case body(Range<Int>)
        /// The body's end; said of messages without body too.
        case end
        /// What follows is no HTTP that can be followed: the first bytes of it.
        case lost([UInt8])
    }

    private enum Phase {
        case head, body, seeking, lost
    }

    private var phase = Phase.head
    private var scanner = HeadScanner(limit: HeadLimits.default.head)
    private var partial: [UInt8] = []
    private var body = BodyDecoder(framing: .none)
    private let begins: @Sendable (RawSpan) -> Likeness

    /// Whether bytes begin a head.
    enum Likeness { case yes, no, tooShort }

    /// - Parameter begins: judges the first bytes of a message.
    init(_ begins: @escaping @Sendable (RawSpan) -> Likeness) { self.begins = begins }

    var isLost: Bool { phase == .lost }

    /// Whether a message stands half read.
    var isInside: Bool { phase == .body || !partial.isEmpty }

    /// How many bytes of a head wait for the rest.
    var waiting: Int { partial.count }

    /// The next event, or nil when the bytes are used up.
    mutating func next(_ cursor: inout ByteCursor) -> Event? {
        switch phase {
        case .head: return head(&cursor)
        case .body: return bodyPiece(&cursor)
        case .seeking:
            guard !cursor.isAtEnd else { return nil }
            if cursor.offset == 0, begins(cursor.bytes) == .yes {
                phase = .head
                return head(&cursor)
            }
            cursor.offset = cursor.bytes.byteCount
            return nil
        case .lost:
            cursor.offset = cursor.bytes.byteCount
            return nil
        }
    }

    /// The head that was just handed out has a body of this framing.
    mutating func follow(_ framing: BodyFraming) {
        if case .invalid = framing {
            phase = .lost
            return
        }
        body = BodyDecoder(framing: framing)
        phase = .body
    }

    /// The head that was just handed out has none, and another head follows.
    mutating func expectHead() { phase = .head }

    /// Bytes are missing.
    mutating func missed() {
        if phase == .lost { return }
        partial = []
        scanner.reset()
        phase = .seeking
    }

    /// The sender finished; true if that was a body's end.
    mutating func finished() -> Bool {
        guard phase == .body else { return false }
        do throws(BodyFault) { try body.senderFinished() } catch { return false }
        phase = .lost
        return true
    }

    private mutating func head(_ cursor: inout ByteCursor) -> Event? {
        guard !cursor.isAtEnd else { return nil }
        let rest = cursor.bytes.extracting(cursor.offset..<cursor.bytes.byteCount)
        if partial.count < 24 {
            // Where the message begins may be cut; a few bytes are enough to tell.
            let likeness = partial.isEmpty ? begins(rest) : begins((partial + rest.copied(0..<24)).span.bytes)
            if likeness == .no {
                let first = partial + rest.copied(0..<64)
                cursor.offset = cursor.bytes.byteCount
                phase = .lost
                return .lost(Array(first.prefix(64)))
            }
        }
        let before = partial.count
        switch scanner.scan(rest) {
        case .needMore:
            partial += rest.copied()
            cursor.offset = cursor.bytes.byteCount
            return nil
        case .tooLarge:
            let first = partial.isEmpty ? rest.copied(0..<64) : Array(partial.prefix(64))
            partial = []
            cursor.offset = cursor.bytes.byteCount
            phase = .lost
            return .lost(first)
        case .complete(let length):
            let inThisPiece = length - before
            let bytes = partial + rest.copied(0..<inThisPiece)
            partial = []
            scanner.reset()
            cursor.offset += inThisPiece
            return .head(bytes)
        }
    }

    private mutating func bodyPiece(_ cursor: inout ByteCursor) -> Event? {
        do throws(BodyFault) {
            while let event = try body.next(&cursor) {
                switch event {
                case .data(let range): return .body(range)
                case .end:
                    phase = .head
                    return .end
                default: continue
                }
            }
            return nil
        } catch {
            cursor.offset = cursor.bytes.byteCount
            phase = .lost
            return .lost([])
        }
    }

    /// Whether bytes begin like a request: a method's letters, a blank.
    static func likeRequest(_ bytes: RawSpan) -> Likeness {
        var position = 0
        // Empty lines before a request are let pass (RFC 9112 §2.2).
        while position < bytes.byteCount, position < 4, bytes.byte(at: position) == 0x0D || bytes.byte(at: position) == 0x0A {
            position += 1
        }
        let start = position
        while position < bytes.byteCount, position - start < 20 {
            let byte = bytes.byte(at: position)
            if byte == 0x20 { return position - start >= 3 ? .yes : .no }
            guard (0x41...0x5A).contains(byte) || byte == 0x2D else { return .no }
            position += 1
        }
        return position - start >= 20 ? .no : .tooShort
    }

    /// Whether bytes begin like a response.
    static func likeResponse(_ bytes: RawSpan) -> Likeness {
        let expected: InlineArray<7, UInt8> = [0x48, 0x54, 0x54, 0x50, 0x2F, 0x31, 0x2E]
        for index in 0..<min(7, bytes.byteCount) where bytes.byte(at: index) != expected[index] { return .no }
        return bytes.byteCount < 7 ? .tooShort : .yes
    }
}
