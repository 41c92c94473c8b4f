import Credentials
import ProxyCore
import TestSupport
import Testing
import Wire

@Suite struct KeySetTests {
    private func problem(_ text: String, _ algorithms: Set<TokenAlgorithm> = []) -> String? {
        do {
            _ = try KeySet(reading: Array(text.utf8), algorithms: algorithms)
            return nil
        } catch { return error.observed }
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"keys":[]}"#, #"{"keys":7}"#, #"{"kty":"oct"}"#, #"{"kty":"oct","k":"YWJj"}"#,
        #"{"kty":"oct","k":"===="}"#,
        #"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, #"{"kty":"RSA","n":"","e":"AQAB"}"#,
        #"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
        #"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#, #"{"kty":"OKP","crv":"X25519","x":"AA"}"#,
        #"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#,
        #"{"kty":"oct","k":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE","use":"enc"}"#,
        #"{"kty":"oct","k":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE","alg":"HS512"}"#,
        #"{"kty":"oct","k":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE","alg":"none"}"#,
        #"{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}"#, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "hello",
        #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}"#,
    ])
    func `what holds no usable key is refused`(_ text: String) { #expect(problem(text) != nil) }

    @Test func `a set keeps what it understands and says what it leaves out`() throws {
        let k = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"
        let set = try KeySet(
            reading: Array(#"{"keys":[{"kty":"new"},{"kty":"oct","kid":"a","k":"\#(k)"},{"kty":"RSA","use":"enc"}]}"#.utf8))
        #expect(set.keys.map(\.id) == [bytes("a")] && set.keys.first?.algorithms == [.hs256])
        #expect(set.notices.count == 2)
        #expect(problem(#"{"kty":"oct","k":"\#(k)","alg":"HS256"}"#, [.rs256]) != nil)
    }

    @Test func `a key of PEM is pinned to one algorithm by its kind`() throws {
        for (kind, algorithm) in [
            ("RSA", TokenAlgorithm.rs256), ("P-256", .es256), ("P-384", .es384), ("P-521", .es512), ("ED25519", .edDSA),
        ] {
            #expect(try KeySet(reading: try TestSigner(kind).pem).keys.first?.algorithms == [algorithm])
        }
        let two = try TestSigner("RSA").pem + TestSigner("P-256").pem
        #expect(try KeySet(reading: two).keys.count == 2)
        #expect(throws: KeySetError.self) { try KeySet(reading: try TestSigner("ED448").pem) }
    }

    @Test func `a file of ten keys holds ten keys, and a token of each is taken`() throws {
        // Long enough that memory which is given back is written over while the file is still being read.
        let signers = try (0..<10).map { _ in try TestSigner("RSA") }
        let set = try KeySet(reading: signers.flatMap(\.pem))
        #expect(set.keys.count == 10 && set.notices.isEmpty)
        for signer in signers { #expect(set.verify(try SignedToken(try signer.token(.rs256))) == nil) }
        #expect(set.verify(try SignedToken(try TestSigner("RSA").token(.rs256))) == .badSignature)
    }

    @Test func `what stands behind the keys that a file may have is said`() throws {
        let pem = try TestSigner("ED25519").pem
        #expect(try KeySet(reading: (0..<64).flatMap { _ in pem }).notices.isEmpty)
        let more = try KeySet(reading: (0..<65).flatMap { _ in pem })
        #expect(more.keys.count == 64 && more.notices == ["what stands behind the first 64 keys is left out"])
    }

    // MARK: Static keys and passwords

    private func checked(_ checker: CredentialChecker, _ content: PresentedCredential.Content) -> CredentialOutcome? {
        let credential = PresentedCredential(source: .bearer, content: content)
        var memory = TokenMemory()
        return checker.check(credential, now: .zero, &memory) ?? checker.checkPassword(credential)
    }

    @Test func `a static key lets in its holder`() throws {
        // printf %s open-sesame | sha256sum
        let digest: [UInt8] = [
            0xd7, 0xec, 0xdf, 0x25, 0xea, 0xf3, 0xde, 0xba, 0x0f, 0x26, 0x28, 0x77, 0x1d, 0xbd, 0xd2, 0x2d, 0x41, 0x38, 0xab, 0x6c,
            0xf3, 0x8f, 0x91, 0xed, 0x02, 0xa2, 0xca, 0x0d, 0xec, 0x7c, 0x8a, 0xb7,
        ]
        let checker = CredentialChecker(keys: [StaticKey(name: "ops", digest: digest)])
        #expect(checked(checker, .token(bytes("open-sesame"))) == .accepted(AuthenticatedUser(name: bytes("ops"))))
        for wrong in ["", "open-sesamE", "open-sesame ", "open"] {
            #expect(checked(checker, .token(Array(wrong.utf8))) == .refused(.unknownKey))
        }
        #expect(checked(checker, .password(user: bytes("ops"), password: bytes("open-sesame"))) == .refused(.wrongKind))
    }

    // htpasswd -nbB -C 4 ann secret
    private static let ann = "ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"

    @Test func `a password file takes bcrypt and nothing weaker`() {
        for text in [
            "", "ann", ":x", "ann:plain", "ann:$apr1$abc$abc", "ann:{SHA}abc", "ann:$2y$31$" + String(repeating: "a", count: 53),
            "ann:$2y$04$" + String(repeating: "a", count: 52),
        ] {
            #expect(throws: KeySetError.self) { try PasswordFile(reading: Array(text.utf8)) }
        }
    }

    @Test func `a password is its user's and nobody else's`() throws {
        let checker = CredentialChecker(passwords: try PasswordFile(reading: Array("# users\n\(Self.ann)\r\n\n".utf8)))
        #expect(
            checked(checker, .password(user: bytes("ann"), password: bytes("secret")))
                == .accepted(AuthenticatedUser(name: bytes("ann"))))
        for (user, password) in [("ann", "secreT"), ("ann", ""), ("Ann", "secret"), ("bob", "secret"), ("", "secret")] {
            #expect(checked(checker, .password(user: Array(user.utf8), password: Array(password.utf8))) == .refused(.wrongPassword))
        }
        // bcrypt would read the first 72 octets alone, and only up to a zero.
        #expect(checked(checker, .password(user: bytes("ann"), password: bytes("secret", 0))) == .refused(.wrongPassword))
        #expect(checked(checker, .token(bytes("secret"))) == .refused(.wrongKind))
    }

    @Test func `names are octets: what Unicode takes for one text, or for no text, is somebody else`() throws {
        let hash = Self.ann.dropFirst("ann:".count)
        // é in one piece, é with its accent behind it, and é in ISO 8859-1.
        let (composed, decomposed, latin) = (bytes(0xC3, 0xA9), bytes("e", 0xCC, 0x81), bytes(0xE9))
        let file = composed + bytes(":\(hash)\n") + latin + bytes(":\(hash)\n")
        let checker = CredentialChecker(passwords: try PasswordFile(reading: file))
        for user in [composed, latin] {
            #expect(checked(checker, .password(user: user, password: bytes("secret"))) == .accepted(AuthenticatedUser(name: user)))
        }
        for user in [decomposed, bytes(0xE8), bytes(0xEF, 0xBF, 0xBD)] {
            #expect(checked(checker, .password(user: user, password: bytes("secret"))) == .refused(.wrongPassword))
        }
        _ = try PasswordFile(reading: file + decomposed + bytes(":\(hash)\n"))
        #expect(throws: KeySetError.self) { try PasswordFile(reading: file + composed + bytes(":\(hash)\n")) }
    }

    @Test func `nothing is let in before there is a key set`() {
        let checker = CredentialChecker(tokens: TokenKeys(nil))
        #expect(checked(checker, .token(Tokens.hmac(bytes("x")))) == .unavailable("no key set has been fetched yet"))
    }
}
