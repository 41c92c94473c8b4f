import TestSupport
import Testing
import Wire

@testable import WebSocketWire

@Suite("Text is UTF-8 (RFC 6455 §8.1, RFC 3629)") struct UTF8ValidatorTests {
    /// E8: the bytes and the offset of the first one that can't go on; nil: valid; -1: cut inside a character.
    static let rows: [(bytes: [UInt8], invalidAt: Int?)] = [
        ([], nil),
        (bytes("plain ASCII, longer than sixteen bytes, so that the wide steps are taken"), nil),
        (bytes("Hello-µ@ßöäüàá-UTF-8!!"), nil),
        (bytes("κόσμε"), nil),
        (bytes("\u{0}\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}\u{D7FF}\u{E000}\u{FFFD}"), nil),
        (bytes("\u{FEFF}\u{FFFE}"), nil),
        // Lone continuation bytes, first and last.
        (bytes(0x80), 0), (bytes(0xBF), 0), (bytes("ok", 0x80), 2),
        // Never in UTF-8.
        (bytes(0xC0), 0), (bytes(0xC1), 0), (bytes(0xF5), 0), (bytes(0xFE), 0), (bytes(0xFF), 0),
        // Overlong forms, found at the second byte.
        (bytes(0xC0, 0xAF), 0), (bytes(0xE0, 0x80, 0xAF), 1), (bytes(0xE0, 0x9F, 0xBF), 1),
        (bytes(0xF0, 0x80, 0x80, 0xAF), 1), (bytes(0xF0, 0x8F, 0xBF, 0xBF), 1),
        // Surrogates.
        (bytes(0xED, 0xA0, 0x80), 1), (bytes(0xED, 0xBF, 0xBF), 1), (bytes(0xED, 0x9F, 0xBF), nil),
        (bytes(0xEE, 0x80, 0x80), nil),
        // Above U+10FFFF.
        (bytes(0xF4, 0x90, 0x80, 0x80), 1), (bytes(0xF4, 0x8F, 0xBF, 0xBF), nil),
        (bytes(0xF8, 0x88, 0x80, 0x80, 0x80), 0),
        // A character that another one breaks.
        (bytes(0xE2, 0x82, "x"), 2), (bytes(0xCE, "x"), 1), (bytes(0xF1, 0x80, 0x80, 0xC3), 3),
        (bytes("0123456789abcdef0123456789abcdef", 0xFF, "tail"), 32),
        // Cut at the end: fine so far, not valid as a whole.
        (bytes(0xCE), -1), (bytes(0xE2, 0x82), -1), (bytes(0xF0, 0x9F, 0x92), -1), (bytes("κόσμ", 0xCE), -1),
    ]

    @Test(arguments: rows.indices)
    func `text fails at the first byte that can't go on, wherever it is cut`(index: Int) {
        let row = UTF8ValidatorTests.rows[index]
        for chunking in Chunking.all {
            var validator = UTF8Validator()
            var position = 0
            var invalid: Int?
            for piece in chunking.pieces(of: row.bytes) where invalid == nil {
                let piece = Array(piece)
                invalid = validator.firstInvalid(in: piece.span.bytes).map { $0 + position }
                position += piece.count
            }
            if row.invalidAt == -1 {
                #expect(invalid == nil && !validator.isAtCharacterBoundary, "\(chunking)")
            } else {
                #expect(invalid == row.invalidAt, "\(chunking)")
                if invalid == nil { #expect(validator.isAtCharacterBoundary) }
            }
        }
        let isValid = UTF8Validator.isValid(row.bytes.span.bytes)
        #expect(isValid == (row.invalidAt == nil))
    }

    @Test func `the verdict is the standard library's for every pair and many triples of bytes`() {
        var wrong: [[UInt8]] = []
        for first in 0x00...0xFF {
            for second in stride(from: 0x00, through: 0xFF, by: 5) {
                for tail in [[], bytes(0x80), bytes(0xBF, 0x80), bytes(0x80, 0x7F)] {
                    let text = bytes(first, second, tail)
                    let expected = String(validating: text, as: UTF8.self) != nil
                    let isValid = UTF8Validator.isValid(text.span.bytes)
                    if isValid != expected { wrong.append(text) }
                }
            }
        }
        #expect(wrong == [])
    }
}
