import Credentials
import JSONWire
import ProxyCore
import TestSupport
import Testing
import Wire

@Suite struct SignatureTests {
    private let now = Timestamp(nanoseconds: 1000 * 1_000_000_000)

    private func outcome(_ token: [UInt8], _ keys: KeySet) -> String {
        let source = CredentialSource.query(bytes("token"))
        let checker = CredentialChecker(tokens: TokenKeys(keys))
        var memory = TokenMemory()
        switch checker.check(PresentedCredential(source: source, content: .token(token)), now: now, &memory) {
        case .accepted(let user)?: return String(decoding: user.name, as: UTF8.self)
        case .refused(let fault)?: return fault.id
        case .unavailable?: return "unavailable"
        case nil: return "slow"
        }
    }

    // MARK: Vectors

    private static let body = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

    private func verify(_ jwk: String, _ algorithm: TokenAlgorithm, _ signed: String, _ signature: String) throws
        -> CredentialFault?
    {
        let signature = try #require(Base64URL.decode(Array(signature.utf8)))
        let token = SignedToken(
            header: TokenHeader(text: [], algorithm: algorithm, keyID: nil), signed: Array(signed.utf8), signature: signature,
            claims: .object([]))
        return try KeySet(reading: Array(jwk.utf8), algorithms: [algorithm]).verify(token)
    }

    @Test func `RFC 7515 A.1, HS256`() throws {
        let jwk = #"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + Self.body
        #expect(try verify(jwk, .hs256, signed, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == nil)
        #expect(try verify(jwk, .hs256, signed + "x", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == .badSignature)
    }

    @Test func `RFC 7515 A.2, RS256`() throws {
        let jwk = #"""
            {"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}
            """#
        let signature =
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        #expect(try verify(jwk, .rs256, "eyJhbGciOiJSUzI1NiJ9." + Self.body, signature) == nil)
        #expect(try verify(jwk, .rs384, "eyJhbGciOiJSUzI1NiJ9." + Self.body, signature) == .badSignature)
        #expect(try verify(jwk, .ps256, "eyJhbGciOiJSUzI1NiJ9." + Self.body, signature) == .badSignature)
    }

    @Test func `RFC 7515 A.3, ES256`() throws {
        let jwk =
            #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        #expect(try verify(jwk, .es256, "eyJhbGciOiJFUzI1NiJ9." + Self.body, signature) == nil)
        #expect(try verify(jwk, .es256, "eyJhbGciOiJFUzI1NiJ9." + Self.body + "A", signature) == .badSignature)
    }

    @Test func `RFC 8037 A.4, EdDSA`() throws {
        let jwk = #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
        let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        #expect(try verify(jwk, .edDSA, signed, signature) == nil)
        #expect(try verify(jwk, .edDSA, signed + "A", signature) == .badSignature)
    }

    // MARK: Every algorithm

    @Test(arguments: TokenAlgorithm.allCases.filter { $0.family != .secret })
    func `a token holds under its key and algorithm, and under no other`(_ algorithm: TokenAlgorithm) throws {
        let kind =
            switch algorithm.family {
            case .rsa: "RSA"
            case .curve(let coordinate): coordinate == 32 ? "P-256" : coordinate == 48 ? "P-384" : "P-521"
            default: "ED25519"
            }
        let signer = try TestSigner(kind)
        let token = try signer.token(algorithm)
        let keys = try KeySet(reading: signer.pem, algorithms: [algorithm])
        #expect(outcome(token, keys) == "ann")
        #expect(outcome(token, try KeySet(reading: try TestSigner(kind).pem, algorithms: [algorithm])) == "token_signature_invalid")
        for index in [token.count / 3, token.count - 20] {
            var changed = token
            changed[index] = changed[index] == 0x41 ? 0x42 : 0x41
            #expect(outcome(changed, keys) != "ann")
        }
        for other in TokenAlgorithm.allCases where other != algorithm && other.family == algorithm.family {
            #expect(outcome(token, try KeySet(reading: signer.pem, algorithms: [other])) == "token_key_unknown")
        }
    }

    // MARK: Tricks

    @Test func `the public key is no secret (B2)`() throws {
        let signer = try TestSigner("RSA")
        let keys = try KeySet(reading: signer.pem)
        #expect(outcome(Tokens.hmac(signer.pem), keys) == "token_key_unknown")
        #expect(outcome(Tokens.hmac(signer.pem.dropLast()), keys) == "token_key_unknown")
        #expect(outcome(try signer.token(.rs256), keys) == "ann")
        // An operator who names both families pins each key to its own all the same.
        let both = try KeySet(reading: signer.pem, algorithms: [.rs256, .hs256])
        #expect(outcome(Tokens.hmac(signer.pem), both) == "token_key_unknown")
        #expect(throws: KeySetError.self) { try KeySet(reading: signer.pem, algorithms: [.hs256]) }
    }

    @Test func `none signs nothing (B1)`() throws {
        let keys = try KeySet(reading: try TestSigner("RSA").pem)
        for name in ["none", "None", "NONE", "nOnE", ""] {
            let token = Tokens.unsigned("{\"alg\":\"\(name)\"}", #"{"sub":"ann","exp":2000}"#) + [0x2E]
            #expect(outcome(token, keys) == "token_algorithm_refused")
        }
        #expect(outcome(Tokens.unsigned(#"{"alg":"RS256"}"#, "{}") + [0x2E], keys) == "token_signature_invalid")
    }

    @Test func `kid is a name, and a key that the token brings is not read (B3)`() throws {
        let secret = [UInt8](repeating: 0x61, count: 32)
        let k = String(decoding: Tokens.encoded(secret), as: UTF8.self)
        let keys = try KeySet(reading: Array(#"{"keys":[{"kty":"oct","kid":"one","k":"\#(k)"}]}"#.utf8))
        #expect(outcome(Tokens.hmac(secret, header: #","kid":"one""#), keys) == "ann")
        #expect(outcome(Tokens.hmac(secret), keys) == "ann")
        for kid in ["../../../dev/null", "two", "", "' OR 1=1 --", "http://evil/"] {
            #expect(outcome(Tokens.hmac(secret, header: #","kid":"\#(kid)""#), keys) == "token_key_unknown")
            #expect(outcome(Tokens.hmac([], header: #","kid":"\#(kid)""#), keys) == "token_key_unknown")
        }
        let own = [UInt8](repeating: 0x62, count: 32)
        let ownText = String(decoding: Tokens.encoded(own), as: UTF8.self)
        let bringing = #","jwk":{"kty":"oct","k":"\#(ownText)"},"jku":"http://127.0.0.1:1/","x5u":"http://127.0.0.1:1/""#
        #expect(outcome(Tokens.hmac(own, header: bringing), keys) == "token_signature_invalid")
    }

    @Test func `a signature of zeros, in DER, or of another length is none (B9)`() throws {
        let signer = try TestSigner("P-256")
        let keys = try KeySet(reading: signer.pem)
        let unsigned = Tokens.unsigned(#"{"alg":"ES256"}"#, #"{"sub":"ann","exp":2000}"#)
        let good = try signer.sign(unsigned, .es256)
        let zeros = [UInt8](repeating: 0, count: 32)
        let bad: [[UInt8]] = [
            zeros + zeros, [], [0], Array(good.prefix(63)), good + [0], [0x30, 0x44] + good, zeros + good.suffix(32),
            Array(good.prefix(32)) + zeros, [UInt8](repeating: 0xFF, count: 64),
        ]
        for signature in bad {
            #expect(outcome(unsigned + [0x2E] + Tokens.encoded(signature), keys) == "token_signature_invalid")
        }
        #expect(outcome(unsigned + [0x2E] + Tokens.encoded(good), keys) == "ann")
    }

    @Test func `claims are judged behind the signature`() throws {
        let signer = try TestSigner("ED25519")
        let keys = try KeySet(reading: signer.pem)
        #expect(outcome(try signer.token(.edDSA, #"{"sub":"ann","exp":900}"#), keys) == "token_expired")
        #expect(outcome(try signer.token(.edDSA, #"{"sub":"ann"}"#), keys) == "token_without_expiry")
        #expect(outcome(try signer.token(.edDSA, #"{"exp":2000}"#), keys) == "")
        let forged =
            Tokens.unsigned(#"{"alg":"EdDSA"}"#, #"{"exp":900}"#) + [0x2E] + Tokens.encoded([UInt8](repeating: 1, count: 64))
        #expect(outcome(forged, keys) == "token_signature_invalid")
    }

    @Test func `huge and many-dotted tokens cost nothing (B7)`() throws {
        let keys = try KeySet(reading: try TestSigner("ED25519").pem)
        #expect(outcome([UInt8](repeating: 0x2E, count: 1 << 20), keys) == "token_too_large")
        #expect(outcome([UInt8](repeating: 0x2E, count: 8000), keys) == "token_not_compact")
    }
}
