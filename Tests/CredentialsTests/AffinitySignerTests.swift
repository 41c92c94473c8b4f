import Credentials
import TestSupport
import Testing

struct AffinitySignerTests {
    private let old = [UInt8](repeating: 1, count: 32)
    private let new = [UInt8](repeating: 2, count: 32)

    @Test func `HMAC-SHA256 as RFC 4231 has it`() {
        let signer = AffinitySigner(keys: [bytes("Jefe")])
        #expect(
            signer.sign(bytes("what do ya want for nothing?"))
                == bytes(
                    0x5B, 0xDC, 0xC1, 0x46, 0xBF, 0x60, 0x75, 0x4E, 0x6A, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xC7,
                    0x5A, 0x00, 0x3F, 0x08, 0x9D, 0x27, 0x39, 0x83, 0x9D, 0xEC, 0x58, 0xB9, 0x64, 0xEC, 0x38, 0x43))
    }

    @Test func `the first key signs, and all are accepted while they are there`() throws {
        let before = AffinitySigner(keys: [old])
        let between = AffinitySigner(keys: [new, old])
        let after = AffinitySigner(keys: [new])
        let code = try #require(before.sign(bytes("a")))
        #expect(before.verify(bytes("a"), code) == .current && between.verify(bytes("a"), code) == .outdated)
        #expect(after.verify(bytes("a"), code) == .forged)
        #expect(between.sign(bytes("a")) == after.sign(bytes("a")))
    }

    @Test func `every other code is forged`() throws {
        let signer = AffinitySigner.ofProcess
        let code = try #require(signer.sign(bytes("a")))
        #expect(code.count == 32 && signer.verify(bytes("a"), code) == .current)
        #expect(signer.verify(bytes("b"), code) == .forged && signer.verify(bytes("a"), []) == .forged)
        #expect(signer.verify(bytes("a"), Array(code.dropLast())) == .forged)
        for place in code.indices {
            var changed = code
            changed[place] ^= 1
            #expect(signer.verify(bytes("a"), changed) == .forged)
        }
        #expect(AffinitySigner(keys: []).sign(bytes("a")) == nil && AffinitySigner(keys: []).verify(bytes("a"), code) == .forged)
    }
}
