import HTTPWire
import TestSupport
import Testing
import Wire

/// RFC 9112 §6, §7.1; threats D8–D11.
@Suite struct BodyDecoderTests {
    /// What a feeding of the decoder gave.
    struct Outcome: Equatable {
        var payload: [UInt8] = []
        var forwarded: [UInt8] = []
        var trailers: [UInt8] = []
        var surplus: [UInt8] = []
        var fault: BodyFault.Kind?
        var isComplete = false
        var consumed = 0
    }

    private func feed(
        _ input: [UInt8], _ framing: BodyFraming, _ chunking: Chunking, limits: BodyLimits = .default
    ) -> Outcome {
        var decoder = BodyDecoder(framing: framing, limits: limits)
        var outcome = Outcome()
        pieces: for piece in chunking.pieces(of: input) {
            let piece = Array(piece)
            var cursor = ByteCursor(piece.span.bytes)
            do throws(BodyFault) {
                while let event = try decoder.next(&cursor) {
                    switch event {
                    case .data(let range):
                        outcome.payload += piece[range]
                        outcome.forwarded += piece[range]
                    case .framing(let range): outcome.forwarded += piece[range]
                    case .surplus(let range): outcome.surplus += piece[range]
                    case .trailer(let range): outcome.trailers += piece[range]
                    case .end: break
                    }
                }
            } catch {
                outcome.fault = error.kind
            }
            outcome.consumed += cursor.offset
            if outcome.fault != nil || decoder.isComplete { break pieces }
        }
        outcome.isComplete = decoder.isComplete
        return outcome
    }

    /// What a relay sends that lets all trailers pass.
    private func forwardedWithTrailers(_ input: [UInt8], _ chunking: Chunking) -> [UInt8] {
        var decoder = BodyDecoder(framing: .chunked)
        var all: [UInt8] = []
        var trailers: [UInt8] = []
        for piece in chunking.pieces(of: input) {
            let piece = Array(piece)
            var cursor = ByteCursor(piece.span.bytes)
            while let range = try? decoder.nextForwarded(&cursor, trailers: &trailers) {
                if decoder.isPastTrailers {
                    all += trailers
                    trailers = []
                }
                all += piece[range]
            }
        }
        return all
    }

    @Test(arguments: Chunking.all)
    func `trailers that a relay lets pass stand in their place, however the octets are cut`(_ chunking: Chunking) {
        let body = bytes("5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Two: two words\r\n\r\n")
        #expect(forwardedWithTrailers(body, chunking) == body)
        #expect(forwardedWithTrailers(bytes("00;x=y\r\nA: b\r\n\r\n"), chunking) == bytes("0\r\nA: b\r\n\r\n"))
        #expect(forwarded(body, .chunked, chunking) == bytes("5\r\nhello\r\n0\r\n\r\n"))
    }

    /// The same through the relay's own call.
    private func forwarded(_ input: [UInt8], _ framing: BodyFraming, _ chunking: Chunking) -> [UInt8] {
        var decoder = BodyDecoder(framing: framing)
        var all: [UInt8] = []
        for piece in chunking.pieces(of: input) {
            let piece = Array(piece)
            var cursor = ByteCursor(piece.span.bytes)
            while let range = try? decoder.nextForwarded(&cursor) { all += piece[range] }
        }
        return all
    }

    @Test(arguments: Chunking.all)
    func `a body with a length ends after that many octets and leaves the next message alone`(_ chunking: Chunking) {
        let outcome = feed(bytes("HelloGET /"), .contentLength(5), chunking)
        #expect(outcome == Outcome(payload: bytes("Hello"), forwarded: bytes("Hello"), isComplete: true, consumed: 5))
        #expect(forwarded(bytes("HelloGET /"), .contentLength(5), chunking) == bytes("Hello"))
    }

    @Test func `no body is complete before any octet`() {
        for framing in [BodyFraming.none, .contentLength(0)] {
            let decoder = BodyDecoder(framing: framing)
            #expect(decoder.isComplete)
        }
        #expect(!BodyDecoder(framing: .chunked).isComplete)
        #expect(!BodyDecoder(framing: .untilClose).isComplete)
    }

    @Test(arguments: Chunking.all)
    func `canonical chunks go on octet by octet as they came`(_ chunking: Chunking) {
        let body = bytes("5\r\nHello\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n")
        let outcome = feed(body + bytes("NEXT"), .chunked, chunking)
        #expect(outcome.payload == bytes("Helloabcdefghijklmnopqrstuvwxyz"))
        #expect(outcome.forwarded == body)
        #expect(outcome.isComplete && outcome.consumed == body.count && outcome.fault == nil)
        #expect(forwarded(body + bytes("NEXT"), .chunked, chunking) == body)
    }

    @Test func `a canonical chunked body in one span is one range`() throws {
        let body = bytes("5\r\nHello\r\n3\r\nabc\r\n0\r\n\r\n")
        var decoder = BodyDecoder(framing: .chunked)
        var cursor = ByteCursor(body.span.bytes)
        #expect(try decoder.nextForwarded(&cursor) == 0..<body.count)
        #expect(decoder.isComplete)
    }

    @Test(arguments: Chunking.all)
    func `extensions, superfluous zeros and trailers stay behind`(_ chunking: Chunking) {
        let body = bytes("0005;a=\"b;c\"\r\nHello\r\n3 \t;x\r\nabc\r\n000\r\nX-Sum: 1\r\nHost: evil\r\n\r\n")
        let outcome = feed(body, .chunked, chunking)
        #expect(outcome.payload == bytes("Helloabc"))
        #expect(outcome.forwarded == bytes("05\r\nHello\r\n3\r\nabc\r\n0\r\n\r\n"))
        #expect(outcome.trailers == bytes("X-Sum: 1\r\nHost: evil\r\n"))
        #expect(outcome.isComplete && outcome.fault == nil)
        #expect(forwarded(body, .chunked, chunking) == outcome.forwarded)
    }

    @Test(arguments: Chunking.all)
    func `payload alone is what an HTTP 1.0 client gets`(_ chunking: Chunking) throws {
        var decoder = BodyDecoder(framing: .chunked)
        var all: [UInt8] = []
        for piece in chunking.pieces(of: bytes("2;x\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n")) {
            let piece = Array(piece)
            var cursor = ByteCursor(piece.span.bytes)
            while let range = try decoder.nextForwarded(&cursor, to: .payload) { all += piece[range] }
        }
        #expect(all == bytes("abc"))
        #expect(decoder.isComplete && decoder.payloadBytes == 3)
    }

    static let faults: [(String, BodyFault.Kind)] = [
        ("\r\n", .chunkSizeMissing), (";a\r\n", .chunkSizeMissing), ("0x5\r\n", .chunkSizeInvalid),
        ("+5\r\n", .chunkSizeInvalid), ("-1\r\n", .chunkSizeInvalid), ("1_0\r\n", .chunkSizeInvalid),
        (" 5\r\n", .chunkSizeInvalid), ("5 \r\n", .chunkSizeInvalid), ("5g\r\n", .chunkSizeInvalid),
        ("5 5\r\n", .chunkSizeInvalid), ("\u{a0}5\r\n", .chunkSizeInvalid), ("5\u{0b}\r\n", .chunkSizeInvalid),
        ("10000000000000000\r\n", .chunkSizeTooLarge), ("ffffffffffffffff\r\n", .chunkSizeTooLarge),
        ("8000000000000000\r\n", .chunkSizeTooLarge), ("5\nHello\r\n", .bareLineFeed), ("\n5\r\n", .bareLineFeed),
        ("5\r5\r\n", .bareCarriageReturn), ("5;a\nb\r\n", .bareLineFeed), ("5;a\rb\r\n", .bareCarriageReturn),
        ("5;a\0\r\n", .chunkExtensionInvalid), ("5;a\u{7f}\r\n", .chunkExtensionInvalid),
        ("5\r\nHello0\r\n\r\n", .chunkDataNotEnded), ("5\r\nHello\n0\r\n\r\n", .chunkDataNotEnded),
        ("5\r\nHelloX\r\n", .chunkDataNotEnded), ("5\r\nHello\rX", .chunkDataNotEnded),
        ("0\r\n\n", .bareLineFeed), ("0\r\n\rX", .bareCarriageReturn), ("0\r\n X: 1\r\n\r\n", .trailerInvalid),
        ("0\r\nX : 1\r\n\r\n", .trailerInvalid), ("0\r\nno colon\r\n\r\n", .trailerInvalid),
        ("0\r\n: x\r\n\r\n", .trailerInvalid), ("0\r\nX: a\0\r\n\r\n", .trailerInvalid),
        ("0\r\nX: a\n\r\n", .bareLineFeed), ("0\r\nX: a\rb\r\n\r\n", .bareCarriageReturn),
        ("0\r\nX\r\n\r\n", .trailerInvalid),
    ]

    @Test(arguments: faults)
    func `a chunk that readers could take differently is a fault under every chunking`(
        _ text: String, _ kind: BodyFault.Kind
    ) {
        let whole = feed(bytes(text), .chunked, .whole)
        #expect(whole.fault == kind)
        #expect(!whole.isComplete)
        for chunking in Chunking.all {
            #expect(feed(bytes(text), .chunked, chunking) == whole, "\(chunking)")
        }
    }

    @Test(arguments: Chunking.all)
    func `extension octets are capped over the whole body`(_ chunking: Chunking) {
        let chunk = bytes("1;", String(repeating: "e", count: 9), "\r\na\r\n")
        let body = (0..<11).flatMap { _ in chunk } + bytes("0\r\n\r\n")
        let limits = BodyLimits(extensions: 100, trailers: 10)
        #expect(feed(body, .chunked, chunking, limits: limits).fault == .chunkExtensionsTooLong)
        #expect(
            feed(bytes(String(repeating: "0", count: 200)), .chunked, chunking, limits: limits).fault
                == .chunkExtensionsTooLong)
        #expect(feed(bytes("0\r\nX: 123456789\r\n\r\n"), .chunked, chunking, limits: limits).fault == .trailersTooLong)
    }

    @Test func `a fault stays, and the octets before it came first`() throws {
        let body = bytes("3\r\nabc\r\nzz")
        var decoder = BodyDecoder(framing: .chunked)
        var cursor = ByteCursor(body.span.bytes)
        #expect(try decoder.nextForwarded(&cursor) == 0..<8)
        #expect(throws: BodyFault(.chunkSizeInvalid, at: 8)) { try decoder.nextFrom(body) }
        #expect(throws: BodyFault(.chunkSizeInvalid, at: 8)) { try decoder.nextFrom(body) }
    }

    @Test func `the sender's end completes only a body without length`() throws {
        var open = BodyDecoder(framing: .untilClose)
        _ = try open.nextFrom(bytes("abc"))
        #expect(!open.isComplete)
        try open.senderFinished()
        #expect(open.isComplete)
        for framing in [BodyFraming.contentLength(1), .chunked] {
            var decoder = BodyDecoder(framing: framing)
            #expect(throws: BodyFault(.truncated, at: 0)) { try decoder.senderFinished() }
        }
        var whole = BodyDecoder(framing: .contentLength(0))
        try whole.senderFinished()
    }

    @Test func `a body with invalid framing is never read`() {
        var decoder = BodyDecoder(framing: .invalid(HeadFault(.contentLengthInvalid, at: 0..<0)))
        #expect(throws: BodyFault(.framingInvalid, at: 0)) { try decoder.nextFrom(bytes("abc")) }
        #expect(!decoder.isComplete)
    }

    @Test func `random octets never trap, and never give more than came`() {
        var random = SplitMix64(seed: 11)
        let alphabet = bytes("0123456789abcdefF;= \t\r\n\r\n\r\n:X\0z")
        for _ in 0..<3000 {
            let body = (0..<Int(random.next() % 60)).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
            let whole = feed(body, .chunked, .whole)
            #expect(feed(body, .chunked, .byteByByte) == whole)
            #expect(whole.forwarded.count <= body.count)
        }
    }
}

extension BodyDecoder {
    /// One event from the start of `body`.
    mutating func nextFrom(_ body: [UInt8]) throws(BodyFault) -> Event? {
        var cursor = ByteCursor(body.span.bytes)
        return try next(&cursor)
    }
}
