import Testing
import Wire

struct Base64Tests {
    /// The vectors of RFC 4648 §10.
    private static let vectors = [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"),
    ]

    @Test(arguments: vectors)
    func `bytes are read with padding and without, and written with it`(_ text: String, _ bytes: String) {
        for alphabet in [Base64.Alphabet.standard, .url, .either] {
            #expect(Base64.decode(text.utf8, alphabet) == Array(bytes.utf8))
            #expect(Base64.decode(text.filter { $0 != "=" }.utf8, alphabet) == Array(bytes.utf8))
        }
        #expect(Base64.encode(Array(bytes.utf8)) == text)
    }

    @Test(arguments: ["Zm9v!", "Zm 9v", "Zm9v\n", "é", "Zm=v", "=", "Zm9v=", "Zg=", "Zg===", "Z"])
    func `what is no digit, and a length that none has, makes it no Base64`(_ text: String) {
        for alphabet in [Base64.Alphabet.standard, .url, .either] { #expect(Base64.decode(text.utf8, alphabet) == nil) }
    }

    @Test func `the alphabets differ in the last two digits, and are told apart unless either will do`() {
        let bytes: [UInt8] = [0xFB, 0xEF, 0xFF]
        #expect(Base64.decode("++//".utf8) == [0xFB, 0xEF, 0xFF] && Base64.decode("++//".utf8, .url) == nil)
        #expect(Base64.decode("--__".utf8, .url) == bytes && Base64.decode("--__".utf8) == nil)
        for text in ["++//", "--__", "+-/_"] { #expect(Base64.decode(text.utf8, .either) == bytes) }
        #expect(Base64.encode(bytes) == "++//")
    }

    @Test func `what is written is read again, whatever its length`() {
        for length in 0..<70 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ length) }
            #expect(Base64.decode(Base64.encode(bytes).utf8) == bytes)
        }
    }
}
