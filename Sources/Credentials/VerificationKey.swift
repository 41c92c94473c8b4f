import COpenSSL
import COpenSSLShim
public import ProxyCore

/// A key that checks signatures, pinned to the algorithms that it is for.
///
/// The token's `alg` is compared with `algorithms` and never chooses anything (threats B1, B2). Immutable.
///
/// @unchecked Sendable: an EVP_PKEY that nobody changes may be used from every thread.
public final class VerificationKey: @unchecked Sendable {
    private enum Material {
        case secret([(algorithm: TokenAlgorithm, key: HMACKey)])
        case key(OpaquePointer)
    }

    /// Its name in the set; nil for a key from a PEM file.
    public let id: [UInt8]?
    public let family: TokenAlgorithm.Family
    public let algorithms: Set<TokenAlgorithm>
    private let material: Material

    /// A secret for HMAC.
    init(id: [UInt8]?, secret: [UInt8], algorithms: Set<TokenAlgorithm>) {
        self.id = id
        self.algorithms = algorithms
        family = .secret
        material = .secret(algorithms.compactMap { algorithm in HMACKey(algorithm, secret).map { (algorithm, $0) } })
    }

    /// Takes over the caller's reference.
    init(id: [UInt8]?, owning key: OpaquePointer, family: TokenAlgorithm.Family, algorithms: Set<TokenAlgorithm>) {
        self.id = id
        self.family = family
        self.algorithms = algorithms
        material = .key(key)
    }

    deinit {
        if case .key(let key) = material { EVP_PKEY_free(key) }
    }

    /// Whether `token` is signed by this key, with an algorithm that the key is pinned to.
    public func verifies(_ token: SignedToken) -> Bool {
        guard algorithms.contains(token.header.algorithm), token.header.algorithm.family == family else { return false }
        switch (material, family) {
        case (.secret(let keys), _):
            guard let key = keys.first(where: { $0.algorithm == token.header.algorithm })?.key,
                let code = key.code(of: token.signed)
            else {
                return false
            }
            return Hashing.areEqual(code, token.signature)
        case (.key(let key), .curve(let coordinate)):
            guard let signature = VerificationKey.derSignature(token.signature, coordinate: coordinate) else { return false }
            return VerificationKey.verify(token, key, signature)
        case (.key(let key), _): return VerificationKey.verify(token, key, token.signature)
        }
    }

    private static func verify(_ token: SignedToken, _ key: OpaquePointer, _ signature: [UInt8]) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            // The queue is the thread's: what a failed check leaves must not be read by a TLS session.
            ERR_clear_error()
        }
        var parameters: OpaquePointer?
        // EdDSA has its hash inside itself.
        guard EVP_DigestVerifyInit(context, &parameters, Hashing.hash(token.header.algorithm), nil, key) == 1 else { return false }
        if token.header.algorithm.isPSS {
            // RFC 7518 §3.5: the salt is as long as the hash (-1), and no other length is accepted.
            guard EVP_PKEY_CTX_set_rsa_padding(parameters, 6) == 1, EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, -1) == 1 else {
                return false
            }
        }
        return EVP_DigestVerify(context, signature, signature.count, token.signed, token.signed.count) == 1
    }

    /// `r || s` of RFC 7518 §3.4 as the DER that OpenSSL takes; nil for any other length, and for zeros (CVE-2022-21449).
    static func derSignature(_ raw: [UInt8], coordinate: Int) -> [UInt8]? {
        guard raw.count == coordinate * 2 else { return nil }
        func integer(_ octets: ArraySlice<UInt8>) -> [UInt8]? {
            let significant = octets.drop { $0 == 0 }
            guard let first = significant.first else { return nil }
            let padded = first & 0x80 != 0 ? [0] + Array(significant) : Array(significant)
            return [0x02, UInt8(padded.count)] + padded
        }
        guard let r = integer(raw[..<coordinate]), let s = integer(raw[coordinate...]) else { return nil }
        let count = r.count + s.count
        return (count < 0x80 ? [0x30, UInt8(count)] : [0x30, 0x81, UInt8(count)]) + r + s
    }
}
