import COpenSSL
import COpenSSLShim
import JSONWire
public import ProxyCore

// JWK and JWKS (RFC 7517, RFC 7518 §6, RFC 8037 §2).

extension KeySet {
    init(json bytes: [UInt8], algorithms: Set<TokenAlgorithm>, tries: Int) throws(KeySetError) {
        let document: JSONValue
        do { document = try JSONReader.read(bytes) } catch {
            throw KeySetError(observed: "JSON that can't be read (\(error))", expected: "a JWK or a JWKS")
        }
        guard let listed = document["keys"] else {
            self.init(keys: [try KeySet.key(document, algorithms)])
            return
        }
        guard case .array(let members) = listed, members.count <= 100 else {
            throw KeySetError(observed: "keys that are no list of at most 100", expected: "a JWKS: {\"keys\": […]}")
        }
        var keys: [VerificationKey] = []
        var notices: [String] = []
        // RFC 7517 §5: members that aren't understood are left out; a set may hold keys for encryption too.
        for (index, member) in members.enumerated() {
            do { keys.append(try KeySet.key(member, algorithms)) } catch {
                notices.append("key \(index + 1) of \(members.count) is left out: \(error.observed)")
            }
        }
        guard !keys.isEmpty else {
            throw KeySetError(
                observed: "no usable key among \(members.count); \(notices.first ?? "the set is empty")",
                expected: "a key that signs")
        }
        self.init(keys: keys, notices: notices, tries: tries)
    }

    /// A set of one shared secret.
    public init(secret: [UInt8], algorithms: Set<TokenAlgorithm>) throws(KeySetError) {
        self.init(keys: [try KeySet.secretKey(nil, secret, algorithms)])
    }

    private static func key(_ jwk: JSONValue, _ algorithms: Set<TokenAlgorithm>) throws(KeySetError) -> VerificationKey {
        if let use = jwk["use"]?.text, !use.elementsEqual("sig".utf8) {
            throw KeySetError(observed: "a key for another use than signatures", expected: "use: sig")
        }
        if let operations = jwk["key_ops"], case .array(let list) = operations,
            !list.contains(where: { $0.text?.elementsEqual("verify".utf8) == true })
        {
            throw KeySetError(observed: "a key whose key_ops don't have verify", expected: "verify")
        }
        var named: TokenAlgorithm?
        if let algorithm = jwk["alg"] {
            named = algorithm.text.flatMap { TokenAlgorithm(rawValue: String(decoding: $0, as: UTF8.self)) }
            guard named != nil else {
                throw KeySetError(observed: "a key with an alg that doesn't sign", expected: "such as RS256")
            }
        }
        if let named, !algorithms.isEmpty, !algorithms.contains(named) {
            throw KeySetError(
                observed: "a key for \(named.rawValue), which is not among the algorithms allowed", expected: "one of them")
        }
        let id = jwk["kid"]?.text
        switch jwk["kty"]?.text.map({ String(decoding: $0, as: UTF8.self) }) {
        case "oct"?:
            guard let secret = octets(jwk["k"]) else {
                throw KeySetError(observed: "an oct key without k", expected: "k in base64url")
            }
            return try secretKey(id, secret, named.map { [$0] } ?? algorithms)
        case "RSA"?:
            guard jwk["d"] == nil else { throw privateKey }
            guard let n = octets(jwk["n"]), let e = octets(jwk["e"]) else {
                throw KeySetError(observed: "an RSA key without n or e", expected: "both in base64url")
            }
            return try pinned(id, try made("RSA", numbers: [("n", n), ("e", e)]), algorithms, named: named)
        case "EC"?:
            guard jwk["d"] == nil else { throw privateKey }
            return try pinned(id, try curveKey(jwk), algorithms, named: named)
        case "OKP"?:
            guard jwk["d"] == nil else { throw privateKey }
            guard jwk["crv"]?.text?.elementsEqual("Ed25519".utf8) == true, let x = octets(jwk["x"]), x.count == 32,
                let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, x, x.count)
            else { throw KeySetError(observed: "an OKP key that is not Ed25519", expected: "crv Ed25519 with an x of 32 octets") }
            return try pinned(id, key, algorithms, named: named)
        default: throw KeySetError(observed: "a key of an unknown kty", expected: "oct, RSA, EC or OKP")
        }
    }

    private static var privateKey: KeySetError {
        KeySetError(
            observed: "a private key, which only whoever issues tokens may have", expected: "the key without its private members")
    }

    /// A shared secret. RFC 7518 §3.2: at least as long as the hash.
    static func secretKey(_ id: [UInt8]?, _ secret: [UInt8], _ algorithms: Set<TokenAlgorithm>) throws(KeySetError)
        -> VerificationKey
    {
        let fitting = algorithms.isEmpty ? [.hs256] : algorithms.filter { $0.family == .secret }
        guard let needed = fitting.map(\.hashBits).max() else {
            throw KeySetError(observed: "a secret, which none of the algorithms named fits", expected: "HS256, HS384 or HS512")
        }
        guard secret.count * 8 >= needed else {
            throw KeySetError(
                observed: "a secret of \(secret.count) octets", expected: "\(needed / 8) or more for HS\(needed) (RFC 7518 §3.2)")
        }
        return VerificationKey(id: id, secret: secret, algorithms: Set(fitting))
    }

    private static func octets(_ value: JSONValue?) -> [UInt8]? {
        guard let text = value?.text, !text.isEmpty else { return nil }
        return Base64URL.decode(text)
    }

    private static func curveKey(_ jwk: JSONValue) throws(KeySetError) -> OpaquePointer {
        let coordinate: Int
        switch jwk["crv"]?.text.map({ String(decoding: $0, as: UTF8.self) }) {
        case "P-256"?: coordinate = 32
        case "P-384"?: coordinate = 48
        case "P-521"?: coordinate = 66
        default: throw KeySetError(observed: "an EC key on another curve", expected: "P-256, P-384 or P-521")
        }
        // RFC 7518 §6.2.1.2: each coordinate has the full length.
        guard let x = octets(jwk["x"]), let y = octets(jwk["y"]), x.count == coordinate, y.count == coordinate else {
            throw KeySetError(
                observed: "an EC key whose coordinates have another length", expected: "x and y of \(coordinate) octets")
        }
        return try made("EC", group: curveName(coordinate), point: [0x04] + x + y)
    }

    /// A public key from its numbers; OpenSSL refuses points that aren't on the curve.
    ///
    /// The builder copies neither names nor values before `to_param`, and names never: so these are literals, and the point is held.
    private static func made(
        _ kind: StaticString, numbers: [(name: StaticString, octets: [UInt8])] = [], group: StaticString? = nil, point: [UInt8] = []
    ) throws(KeySetError) -> OpaquePointer {
        defer { ERR_clear_error() }
        let key = point.withUnsafeBufferPointer { held in build(kind, numbers, group, held) }
        guard let key else {
            throw KeySetError(observed: "an \(kind) key whose numbers make no key", expected: "the numbers of a public key")
        }
        return key
    }

    private static func text(_ literal: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    private static func build(
        _ kind: StaticString, _ numbers: [(name: StaticString, octets: [UInt8])], _ group: StaticString?,
        _ point: UnsafeBufferPointer<UInt8>
    ) -> OpaquePointer? {
        guard let builder = OSSL_PARAM_BLD_new() else { return nil }
        defer { OSSL_PARAM_BLD_free(builder) }
        var held: [OpaquePointer?] = []
        defer { for number in held { BN_free(number) } }
        for (name, octets) in numbers {
            let number = BN_bin2bn(octets, Int32(octets.count), nil)
            held.append(number)
            guard OSSL_PARAM_BLD_push_BN(builder, text(name), number) == 1 else { return nil }
        }
        if let group {
            guard OSSL_PARAM_BLD_push_utf8_string(builder, text("group"), text(group), 0) == 1,
                OSSL_PARAM_BLD_push_octet_string(builder, text("pub"), point.baseAddress, point.count) == 1
            else { return nil }
        }
        guard let parameters = OSSL_PARAM_BLD_to_param(builder) else { return nil }
        defer { OSSL_PARAM_free(parameters) }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, text(kind), nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        // 0x86: EVP_PKEY_PUBLIC_KEY, an expression over other macros.
        guard EVP_PKEY_fromdata_init(context) == 1, EVP_PKEY_fromdata(context, &key, 0x86, parameters) == 1, let key else {
            return nil
        }
        guard group == nil || isOnCurve(key) else {
            EVP_PKEY_free(key)
            return nil
        }
        return key
    }

    private static func isOnCurve(_ key: OpaquePointer) -> Bool {
        guard let context = EVP_PKEY_CTX_new(key, nil) else { return false }
        defer { EVP_PKEY_CTX_free(context) }
        return EVP_PKEY_public_check(context) == 1
    }
}
