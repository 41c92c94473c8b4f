import JSONWire
import ProxyCore
import TestSupport
import Testing
import Wire

@testable import Credentials

@Suite struct `Tokens that were verified are remembered, and nothing else of them is believed` {
    private func at(_ seconds: UInt64) -> Timestamp { Timestamp(nanoseconds: seconds * 1_000_000_000) }

    private func outcome(_ checker: CredentialChecker, _ token: [UInt8], _ now: UInt64, _ memory: inout TokenMemory) -> String {
        let credential = PresentedCredential(source: .bearer, content: .token(token))
        switch checker.check(credential, now: at(now), &memory) {
        case .accepted(let user)?: return String(decoding: user.name, as: UTF8.self)
        case .refused(let fault)?: return fault.id
        case .unavailable?: return "unavailable"
        case nil: return "slow"
        }
    }

    @Test func `a token is remembered once its signature held, and its times are judged each time`() throws {
        let signer = try TestSigner("P-256")
        let checker = CredentialChecker(tokens: TokenKeys(try KeySet(reading: signer.pem)))
        let token = try signer.token(.es256)
        let generation = try #require(checker.tokens?.numbered?.generation)
        var memory = TokenMemory()
        #expect(memory.claims(token, at: memory.place(of: token), generation: generation) == nil)
        #expect(outcome(checker, token, 1000, &memory) == "ann")
        #expect(memory.claims(token, at: memory.place(of: token), generation: generation) != nil)
        #expect(outcome(checker, token, 1999, &memory) == "ann")
        #expect(outcome(checker, token, 2100, &memory) == "token_expired")
    }

    @Test func `a token that was refused is not remembered`() throws {
        let signer = try TestSigner("P-256")
        let checker = CredentialChecker(tokens: TokenKeys(try KeySet(reading: try TestSigner("P-256").pem)))
        let generation = try #require(checker.tokens?.numbered?.generation)
        var memory = TokenMemory()
        let token = try signer.token(.es256)
        #expect(outcome(checker, token, 1000, &memory) == "token_signature_invalid")
        #expect(memory.claims(token, at: memory.place(of: token), generation: generation) == nil)
    }

    @Test func `a set that was fetched anew believes nothing of its predecessor`() throws {
        let signer = try TestSigner("P-256")
        let keys = TokenKeys(try KeySet(reading: signer.pem))
        let checker = CredentialChecker(tokens: keys)
        let token = try signer.token(.es256)
        var memory = TokenMemory()
        #expect(outcome(checker, token, 1000, &memory) == "ann")
        keys.replace(by: try KeySet(reading: try TestSigner("P-256").pem))
        #expect(outcome(checker, token, 1000, &memory) == "token_signature_invalid")
    }

    @Test func `another route's keys believe nothing of this one's`() throws {
        let signer = try TestSigner("P-256")
        let token = try signer.token(.es256)
        var memory = TokenMemory()
        let mine = CredentialChecker(tokens: TokenKeys(try KeySet(reading: signer.pem)))
        let theirs = CredentialChecker(tokens: TokenKeys(try KeySet(reading: try TestSigner("P-256").pem)))
        #expect(outcome(mine, token, 1000, &memory) == "ann")
        #expect(outcome(theirs, token, 1000, &memory) == "token_signature_invalid")
    }

    @Test func `a remembered token with one letter changed is another token`() throws {
        let signer = try TestSigner("P-256")
        let checker = CredentialChecker(tokens: TokenKeys(try KeySet(reading: signer.pem)))
        let token = try signer.token(.es256)
        var memory = TokenMemory()
        #expect(outcome(checker, token, 1000, &memory) == "ann")
        for index in [token.count / 3, token.count / 2, token.count - 20] {
            var changed = token
            changed[index] = changed[index] == 0x41 ? 0x42 : 0x41
            #expect(outcome(checker, changed, 1000, &memory) != "ann")
        }
    }

    @Test func `many tokens cost no more than their places`() throws {
        var memory = TokenMemory()
        for text in (0..<5000).map({ bytes("token \($0)") }) {
            memory.remember(text, at: memory.place(of: text), .object([]), generation: 1)
        }
        let kept = (0..<5000).map { bytes("token \($0)") }.filter {
            memory.claims($0, at: memory.place(of: $0), generation: 1) != nil
        }.count
        #expect(kept > 0 && kept <= TokenMemory.places)
        let long = [UInt8](repeating: 0x61, count: TokenMemory.longest + 1)
        memory.remember(long, at: memory.place(of: long), .object([]), generation: 1)
        #expect(memory.claims(long, at: memory.place(of: long), generation: 1) == nil)
    }
}
