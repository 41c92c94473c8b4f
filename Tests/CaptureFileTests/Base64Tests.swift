import CaptureFile
import Testing

/// The vectors of RFC 4648 §10.
struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"),
    ])
    func `bytes are read with padding and without`(_ text: String, _ bytes: String) {
        #expect(Base64.decode(text) == Array(bytes.utf8))
        #expect(Base64.decode(text.filter { $0 != "=" }) == Array(bytes.utf8))
    }

    @Test(arguments: ["Zm9v!", "Zm 9v", "Zm-_", "Zm9v\n", "é"])
    func `what is no digit makes it no Base64`(_ text: String) { #expect(Base64.decode(text) == nil) }
}
