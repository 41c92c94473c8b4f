import HTTPWire
import TestSupport
import Testing

struct PercentEncodingTests {
    @Test(
        arguments: [
            ("", ""), ("plain", "plain"), ("a%2Fb", "a/b"), ("%41%6a", "Aj"), ("a+b", "a+b"), ("%2B", "+"), ("%2541", "%41"),
            ("%", nil), ("%4", nil), ("a%", nil), ("%zz", nil), ("%+4", nil), ("% 4", nil), ("%4g", nil), ("%%41", nil),
        ] as [(String, String?)])
    func `escapes are undone once, and one that is none spoils the whole`(text: String, decoded: String?) {
        #expect(PercentEncoding.decoded(text.utf8) == decoded.map { Array($0.utf8) })
    }

    @Test func `a plus is a blank where forms encode, unless it was escaped`() {
        #expect(PercentEncoding.decoded("a+b%2Bc".utf8, plusIsBlank: true) == bytes("a b+c"))
    }

    @Test func `what is malformed can be left as it stands`() {
        #expect(PercentEncoding.decoded("%41%4%zz%42%".utf8, keepsMalformed: true) == bytes("A%4%zzB%"))
        #expect(PercentEncoding.decoded(bytes("x%ff")[1...]) == [0xFF])
    }
}
