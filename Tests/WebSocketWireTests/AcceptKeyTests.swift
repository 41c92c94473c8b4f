import TestSupport
import Testing
import Wire

@testable import WebSocketWire

@Suite("The accept key (RFC 6455 §1.3, §4.2.2)") struct AcceptKeyTests {
    @Test func `the RFC's own example`() {
        let key = bytes("dGhlIHNhbXBsZSBub25jZQ==")
        let accept = AcceptKey(key: key.span.bytes)
        #expect(accept.text == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test func `SHA-1 of the standard's examples`() {
        let rows: [(String, String)] = [
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
            (String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
        ]
        for (text, expected) in rows {
            var digest = SHA1()
            for byte in text.utf8 { digest.append(byte) }
            let end = digest.finish()
            let hexadecimal = (0..<20).map { (end[$0] < 16 ? "0" : "") + String(end[$0], radix: 16) }.joined()
            #expect(hexadecimal == expected)
        }
    }

    @Test func `keys of every length give what octet by octet they give`() {
        for length in 0...130 {
            let key = (0..<length).map { UInt8(truncatingIfNeeded: 0x41 + $0 * 7) }
            var digest = SHA1()
            for byte in key + bytes("258EAFA5-E914-47DA-95CA-C5AB0DC85B11") { digest.append(byte) }
            let end = digest.finish()
            let decoded = Self.decoded(AcceptKey(key: key.span.bytes).text)
            #expect(decoded == (0..<20).map { end[$0] }, "\(length)")
        }
    }

    /// The octets of base64, by its definition.
    private static func decoded(_ text: String) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var octets: [UInt8] = []
        var bits: UInt32 = 0
        var held: UInt32 = 0
        for character in text {
            guard let value = alphabet.firstIndex(of: character) else { break }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                octets.append(UInt8(truncatingIfNeeded: bits >> held))
            }
        }
        return octets
    }

    private func verifies(_ accept: [UInt8], key: [UInt8]) -> Bool {
        AcceptKey.verify(accept.span.bytes, key: key.span.bytes)
    }

    @Test func `an answer is verified byte by byte`() {
        let key = bytes("dGhlIHNhbXBsZSBub25jZQ==")
        let right = bytes("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(verifies(right, key: key))
        for offset in right.indices {
            var wrong = right
            wrong[offset] ^= 0x20
            #expect(!verifies(wrong, key: key), "byte \(offset)")
        }
        for wrong in [[], Array(right.dropLast()), right + bytes(" "), bytes("dGhlIHNhbXBsZSBub25jZQ==")] {
            #expect(!verifies(wrong, key: key))
        }
    }

    @Test(arguments: [
        ("dGhlIHNhbXBsZSBub25jZQ==", true), ("AAAAAAAAAAAAAAAAAAAAAA==", true), ("+/+/+/+/+/+/+/+/+/+/+w==", true),
        ("", false), ("dGhlIHNhbXBsZSBub25jZQ=", false), ("dGhlIHNhbXBsZSBub25jZQ", false),
        ("dGhlIHNhbXBsZSBub25jZQ== ", false), ("dGhlIHNhbXBsZSBub25jZ===", false), ("dGhlIHNhbXBsZS-ub25jZQ==", false),
        ("dGhlIHNhbXBsZSBub25jZQAA", false), ("Zm9v", false), ("dGhlIHNhbXBsZSBub25j\u{E9}Q==", false),
        ("=GhlIHNhbXBsZSBub25jZQ==", false),
    ])
    func `a key is sixteen bytes in base64`(key: String, isValid: Bool) {
        let key = bytes(key)
        let judged = AcceptKey.isValid(key: key.span.bytes)
        #expect(judged == isValid)
    }

    @Test func `a key is made from sixteen bytes`() {
        // "the sample nonce"
        let nonce: InlineArray<16, UInt8> = [
            0x74, 0x68, 0x65, 0x20, 0x73, 0x61, 0x6D, 0x70, 0x6C, 0x65, 0x20, 0x6E, 0x6F, 0x6E, 0x63, 0x65,
        ]
        #expect(AcceptKey.key(nonce: nonce) == bytes("dGhlIHNhbXBsZSBub25jZQ=="))
    }
}
