import TestSupport
import Testing
import Wire

@testable import WebSocketWire

/// What a validator let through, in a form that does not depend on how the bytes were cut.
struct Passed: Equatable {
    var bytes: [UInt8] = []
    var fault: LocatedFault?
    var isClosed = false
    var endsAtFrameBoundary = true
}

@Suite("Enforcing RFC 6455 and RFC 7692") struct MessageValidatorTests {
    /// Feeds a validator and does what a relay would.
    private func pass(
        _ bytes: [UInt8], _ chunking: Chunking = .whole, from direction: Direction = .clientToServer,
        deflate: PermessageDeflate? = nil, limits: MessageLimits = .init()
    ) -> Passed {
        var validator = MessageValidator(direction: direction, agreement: agreement(deflate), limits: limits)
        var passed = Passed()
        for piece in chunking.pieces(of: bytes) {
            let piece = Array(piece)
            let judgement = validator.judge(piece.span.bytes)
            #expect(judgement.forwardable <= piece.count)
            passed.bytes += judgement.owed + piece[..<judgement.forwardable]
            passed.fault = judgement.fault
            passed.isClosed = judgement.isClosed
            passed.endsAtFrameBoundary = judgement.endsAtFrameBoundary
        }
        return passed
    }

    private func agreement(_ deflate: PermessageDeflate?) -> ExtensionAgreement {
        guard let deflate else { return ExtensionAgreement() }
        var element = "permessage-deflate"
        if deflate.serverNoContextTakeover { element += "; server_no_context_takeover" }
        if deflate.clientNoContextTakeover { element += "; client_no_context_takeover" }
        let list = ExtensionList(Array(element.utf8).span.bytes)
        return ExtensionAgreement(offered: list, answered: list)
    }

    @Test(arguments: Chunking.all)
    func `a valid dialogue goes on to its last byte`(chunking: Chunking) {
        let all =
            masked(0x81, bytes("κόσμε")) + masked(0x01, bytes(0xCE)) + masked(0x89, bytes("p")) + masked(0x00, [])
            + masked(0x80, bytes(0xBA)) + masked(0x82, bytes(0xFF, 0xFE)) + masked(0x8A, [])
            + masked(0x81, [UInt8](repeating: 0x61, count: 3000)) + masked(0x88, bytes(0x03, 0xE8, "bye"))
        let passed = pass(all, chunking)
        #expect(passed == Passed(bytes: all, isClosed: true))
    }

    /// E1–E9, E16: the frames of a client that violate; `ok` goes before them.
    static let violations: [(bytes: [UInt8], fault: FrameFault, code: UInt16)] = [
        (masked(0x89, [UInt8](repeating: 0, count: 126)), .controlTooLong, 1002),
        (masked(0x09, []), .controlFragmented, 1002),
        (masked(0xC1, []), .reservedBits, 1002),
        (masked(0x83, []), .reservedOpcode, 1002),
        (unmasked(0x81, bytes("a")), .unmaskedFromClient, 1002),
        (masked(0x80, []), .continuationWithoutStart, 1002),
        (bytes(0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4), .lengthTooLarge, 1002),
        (bytes(0x82, 0xFE, 0, 5, 1, 2, 3, 4), .lengthNotMinimal, 1002),
        (bytes(0x82, 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4, 5), .messageTooLarge, 1009),
        (masked(0x88, bytes(0x03)), .closePayloadTooShort, 1002),
        (masked(0x88, bytes(0x03, 0xED)), .closeCodeInvalid, 1002),
        (masked(0x88, bytes(0x03, 0xE8, 0xFF)), .closeReasonNotUTF8, 1007),
        (
            masked(
                0x81,
                bytes(0xCE, 0xBA, 0xE1, 0xBD, 0xB9, 0xCF, 0x83, 0xCE, 0xBC, 0xCE, 0xB5, 0xED, 0xA0, 0x80, "edited")),
            .textNotUTF8, 1007
        ),
        (masked(0x81, bytes(0xF0, 0x9F, 0x92)), .textNotUTF8, 1007),
        (masked(0x81, bytes(0xF4, 0x90, 0x80, 0x80)), .textNotUTF8, 1007),
    ]

    @Test(arguments: violations.indices)
    func `what comes before a violation is delivered, and the frame that violates is not`(index: Int) {
        let row = MessageValidatorTests.violations[index]
        let before = masked(0x81, bytes("ok")) + masked(0x89, bytes("ping")) + masked(0x82, bytes(0xFF))
        let whole = pass(before + row.bytes + masked(0x81, bytes("late")))
        #expect(whole == Passed(bytes: before, fault: LocatedFault(row.fault, at: UInt64(before.count))))
        #expect(row.fault.closeCode.rawValue == row.code)
        for chunking in Chunking.all {
            let passed = pass(before + row.bytes + masked(0x81, bytes("late")), chunking)
            #expect(passed.fault == whole.fault, "\(chunking)")
            #expect(passed.bytes.starts(with: before))
            #expect((before + row.bytes).starts(with: passed.bytes))
            #expect(
                passed.endsAtFrameBoundary == (passed.bytes == before), "a close of ours fits only behind whole frames")
        }
    }

    @Test(arguments: Chunking.all)
    func `bad headers and bad closes never go on, not even their first byte`(chunking: Chunking) {
        for row in MessageValidatorTests.violations where row.fault != .textNotUTF8 {
            #expect(
                pass(masked(0x82, bytes("x")) + row.bytes, chunking).bytes == masked(0x82, bytes("x")), "\(row.fault)")
        }
    }

    @Test(arguments: Chunking.all)
    func `a new message inside a fragmented one is stopped behind the fragments`(chunking: Chunking) {
        let before = masked(0x01, bytes("frag")) + masked(0x89, [])
        let passed = pass(before + masked(0x81, bytes("new")), chunking)
        #expect(passed == Passed(bytes: before, fault: LocatedFault(.dataInsideMessage, at: UInt64(before.count))))
    }

    @Test func `text fails at its first bad byte, long before the frame ends`() {
        // E8: 1 GiB declared, three bytes sent.
        let limits = MessageLimits(size: 1 << 40)
        let start = bytes(0x81, 0x7F, 0, 0, 0, 0, 0x40, 0, 0, 0, "ab", 0xFF)
        let passed = pass(start, from: .serverToClient, limits: limits)
        #expect(passed == Passed(fault: LocatedFault(.textNotUTF8, at: 0)))
    }

    @Test func `inside a frame that has gone on nothing of ours fits`() {
        let frame = unmasked(0x81, bytes("good start, ", 0xFF, " bad end"))
        var validator = MessageValidator(direction: .serverToClient)
        let first = Array(frame[..<8])
        let second = Array(frame[8...])
        let started = validator.judge(first.span.bytes)
        #expect(started == .init(forwardable: 8, endsAtFrameBoundary: false))
        let ended = validator.judge(second.span.bytes)
        #expect(ended == .init(forwardable: 0, fault: LocatedFault(.textNotUTF8, at: 0), endsAtFrameBoundary: false))
        #expect(validator.judge(second.span.bytes) == ended, "and it stays so")
    }

    @Test(arguments: Chunking.all)
    func `data after a close is ignored`(chunking: Chunking) {
        // E10
        let close = unmasked(0x88, bytes(0x03, 0xE8))
        let passed = pass(
            close + unmasked(0x81, bytes("late")) + unmasked(0x88, []) + bytes(0xFF, 0xFF), chunking,
            from: .serverToClient)
        #expect(passed == Passed(bytes: close, isClosed: true))
    }

    @Test(arguments: Chunking.all)
    func `a message has as many fragments as the limit says, empty ones too`(chunking: Chunking) {
        // E16
        let limits = MessageLimits(fragments: 100)
        let start = unmasked(0x01, bytes("x"))
        let fine = start + (0..<98).flatMap { _ in bytes(0x00, 0x00) }
        #expect(pass(fine + bytes(0x80, 0x00), chunking, from: .serverToClient, limits: limits).fault == nil)
        let flood = fine + bytes(0x00, 0x00)
        let passed = pass(flood + bytes(0x00, 0x00, 0x00, 0x00), chunking, from: .serverToClient, limits: limits)
        #expect(passed == Passed(bytes: flood, fault: LocatedFault(.tooManyFragments, at: UInt64(flood.count))))
    }

    @Test(arguments: Chunking.all)
    func `the size of a message is that of its fragments together`(chunking: Chunking) {
        let limits = MessageLimits(size: 10)
        let fine = unmasked(0x02, [UInt8](repeating: 1, count: 6)) + unmasked(0x80, [UInt8](repeating: 1, count: 4))
        #expect(pass(fine + fine, chunking, from: .serverToClient, limits: limits).fault == nil)
        let passed = pass(
            fine + unmasked(0x02, bytes("123456")) + unmasked(0x80, bytes("12345")), chunking, from: .serverToClient,
            limits: limits)
        #expect(passed.fault == LocatedFault(.messageTooLarge, at: 22))
        #expect(passed.bytes == fine + unmasked(0x02, bytes("123456")))
    }

    // permessage-deflate

    @Test(arguments: Chunking.all)
    func `compressed text is judged inflated, cut anywhere, with control frames between`(chunking: Chunking) {
        // E15
        let deflater = Deflater()
        let text = Array(String(repeating: "κόσμε ", count: 50).utf8)
        let first = deflater.message(text)
        let second = deflater.message(text)
        let cut = second.count / 2
        let all =
            masked(0xC1, first) + masked(0x41, Array(second[..<cut])) + masked(0x89, bytes("?"))
            + masked(0x80, Array(second[cut...])) + masked(0x81, bytes("plain")) + masked(0xC1, [])
            + masked(0xC2, bytes(0x00))
        #expect(pass(all, chunking, deflate: .init()) == Passed(bytes: all))
    }

    @Test func `a compressed message may be cut at every byte`() {
        let deflater = Deflater()
        let first = deflater.message(bytes("the window of the first message"))
        let second = deflater.message(bytes("the second message, of the window of the first"))
        for cut in 0...second.count {
            let all =
                masked(0xC1, first) + masked(0x41, Array(second[..<cut])) + masked(0x8A, [])
                + masked(0x80, Array(second[cut...]))
            #expect(pass(all, deflate: .init()) == Passed(bytes: all), "cut at \(cut)")
        }
    }

    @Test(arguments: Chunking.all)
    func `compressed text that is not UTF-8 fails with 1007`(chunking: Chunking) {
        let before = masked(0xC1, Deflater(takesOverContext: false).message(bytes("fine")))
        let bad = masked(0xC1, Deflater().message(bytes("bad ", 0xED, 0xA0, 0x80)))
        var deflate = PermessageDeflate()
        deflate.clientNoContextTakeover = true
        let passed = pass(before + bad, chunking, deflate: deflate)
        #expect(passed.fault == LocatedFault(.textNotUTF8, at: UInt64(before.count)))
        #expect(passed.bytes.starts(with: before))
        let binary = before + masked(0xC2, Deflater().message(bytes(0xED, 0xA0, 0x80)))
        #expect(pass(binary, chunking, deflate: deflate) == Passed(bytes: binary))
    }

    @Test(arguments: Chunking.all)
    func `deflate junk fails with 1007 and RSV1 in the wrong place with 1002`(chunking: Chunking) {
        #expect(
            pass(masked(0xC2, bytes(0x07, 0xFF)), chunking, deflate: .init()).fault
                == LocatedFault(.deflateInvalid, at: 0))
        #expect(
            pass(masked(0xC2, bytes(0xF2, 0x48)), chunking, deflate: .init()).fault
                == LocatedFault(.deflateInvalid, at: 0))
        #expect(pass(masked(0xC9, []), chunking, deflate: .init()).fault == LocatedFault(.reservedBitMisplaced, at: 0))
        #expect(pass(masked(0xC1, bytes(0x00)), chunking).fault == LocatedFault(.reservedBits, at: 0))
    }

    @Test func `a bomb fails with 1009 and nothing of it goes on`() {
        // E12
        let bomb = Deflater(level: 9).message([UInt8](repeating: 0, count: 32 << 20))
        let passed = pass(masked(0xC2, bomb), deflate: .init(), limits: MessageLimits(size: 1 << 30))
        #expect(passed == Passed(fault: LocatedFault(.inflationTooLarge, at: 0)))
        let small = pass(masked(0xC2, bomb), deflate: .init(), limits: MessageLimits(size: 100_000))
        #expect(small.fault == LocatedFault(.messageTooLarge, at: 0))
    }

    @Test func `a compressed message that inflates to nothing has an end too`() {
        let empty = [UInt8](repeating: 0, count: 5).enumerated().flatMap { _ in bytes(0x00, 0x00, 0x00, 0xFF, 0xFF) }
        #expect(pass(masked(0xC2, empty + bytes(0x00)), deflate: .init()).fault == nil)
        let long = (0..<1000).flatMap { _ in bytes(0x00, 0x00, 0x00, 0xFF, 0xFF) } + bytes(0x00)
        let passed = pass(masked(0xC2, long), deflate: .init(), limits: MessageLimits(size: 100))
        #expect(passed.fault == LocatedFault(.messageTooLarge, at: 0))
    }

    @Test func `under an unknown extension only the framing is judged`() {
        let list = ExtensionList(bytes("x-foo").span.bytes)
        var validator = MessageValidator(
            direction: .serverToClient, agreement: ExtensionAgreement(offered: list, answered: list))
        let odd = bytes(0xF1, 0x01, 0xFF)
        let judgement = validator.judge(odd.span.bytes)
        #expect(judgement == .init(forwardable: 3))
    }
}
