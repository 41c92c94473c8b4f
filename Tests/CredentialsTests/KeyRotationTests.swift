import Credentials
import ProxyCore
import TestSupport
import Testing
import Wire

@Suite struct `Keys that are exchanged where they come from` {
    /// Whether a check of the token asks for the set to be fetched again.
    private func asks(_ token: [UInt8], _ set: KeySet) -> Bool {
        let keys = TokenKeys(set)
        var memory = TokenMemory()
        let credential = PresentedCredential(source: .bearer, content: .token(token))
        _ = CredentialChecker(tokens: keys).check(credential, now: Timestamp(nanoseconds: 1000 * 1_000_000_000), &memory)
        return keys.takeWanted()
    }

    private func secret(_ number: Int) -> [UInt8] { [UInt8](repeating: UInt8(number), count: 32) }

    /// The secret of this number as a JWK.
    private func key(_ number: Int, kid: String? = nil) -> String {
        let name = kid.map { #""kid":"\#($0)","# } ?? ""
        return #"{"kty":"oct",\#(name)"k":"\#(String(decoding: Tokens.encoded(secret(number)), as: UTF8.self))"}"#
    }

    private func keySet(_ keys: [String], tries: Int = KeySet.triesOfFiles) throws -> KeySet {
        try KeySet(reading: Array(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8), tries: tries)
    }

    @Test func `a signature that holds under no key may mean a new key, whatever the set knows of names`() throws {
        let new = secret(2)
        #expect(asks(Tokens.hmac(new, header: #","kid":"b""#), try keySet([key(1, kid: "a")])), "another name")
        #expect(asks(Tokens.hmac(new, header: #","kid":"a""#), try keySet([key(1, kid: "a")])), "the same name")
        #expect(asks(Tokens.hmac(new), try keySet([key(1, kid: "a")])), "no name in the token")
        #expect(asks(Tokens.hmac(new, header: #","kid":"b""#), try keySet([key(1)])), "no name in the set")
        #expect(!asks(Tokens.hmac(secret(1)), try keySet([key(1, kid: "a")])))
        #expect(!asks(Tokens.hmac(secret(1), #"{"sub":"ann","exp":5}"#), try keySet([key(1, kid: "a")])), "old, but signed")
        #expect(!asks(bytes("junk"), try keySet([key(1, kid: "a")])), "no token")
    }

    @Test func `a key is found by its name behind as many without one as are tried`() throws {
        let keys = try keySet((1...8).map { key($0) } + [key(9, kid: "nine")], tries: KeySet.triesOfFetched)
        #expect(!asks(Tokens.hmac(secret(9), header: #","kid":"nine""#), keys))
        #expect(asks(Tokens.hmac(secret(9)), keys), "without its name it is the ninth")
        #expect(keys.notices.isEmpty)
    }

    @Test func `keys that are never tried are said`() throws {
        let nameless = (1...9).map { key($0) }
        let fetched = try keySet(nameless, tries: KeySet.triesOfFetched)
        #expect(fetched.notices == ["9 keys for HS256 have no kid, and only the first 8 are tried"])
        let file = try keySet(nameless)
        #expect(file.notices.isEmpty && !asks(Tokens.hmac(secret(9)), file))
    }
}
