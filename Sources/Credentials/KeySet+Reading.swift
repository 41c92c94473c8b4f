import COpenSSL
import COpenSSLShim
public import ProxyCore

extension KeySet {
    /// Octets above which a key set isn't read.
    public static let limit = 512 << 10

    /// Reads PEM (public keys or certificates, one or more), a JWK or a JWKS.
    ///
    /// - Parameters:
    ///   - algorithms: what unpinned keys may sign with; empty: one algorithm by the kind of key (RS256, ES256 and so on by
    ///     the curve, EdDSA, HS256).
    ///   - tries: how many keys one token is held against.
    public init(
        reading bytes: [UInt8], algorithms: Set<TokenAlgorithm> = [], tries: Int = KeySet.triesOfFiles
    ) throws(KeySetError) {
        guard bytes.count <= KeySet.limit else {
            throw KeySetError(observed: "more than 512 KiB", expected: "a PEM file, a JWK or a JWKS")
        }
        let start = bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        if start == 0x7B {
            try self.init(json: bytes, algorithms: algorithms, tries: tries)
        } else {
            try self.init(pem: bytes, algorithms: algorithms, tries: tries)
        }
    }

    // MARK: PEM

    /// Keys of one PEM file; what stands behind them is not read, and that is said.
    static let mostOfPEM = 64

    private init(pem bytes: [UInt8], algorithms: Set<TokenAlgorithm>, tries: Int) throws(KeySetError) {
        // The BIO reads from the bytes themselves, so they have to be held for as long as it lives.
        let (keys, isCut) = try bytes.withUnsafeBytes { octets in
            Result { () throws(KeySetError) in try KeySet.pemKeys(octets, algorithms) }
        }.get()
        guard !keys.isEmpty else {
            throw KeySetError(observed: "neither PEM nor JSON", expected: "a public key or certificate in PEM, a JWK or a JWKS")
        }
        self.init(keys: keys, notices: isCut ? ["what stands behind the first \(keys.count) keys is left out"] : [], tries: tries)
    }

    /// The keys of a PEM file, and whether there is more than is read of one.
    private static func pemKeys(
        _ octets: UnsafeRawBufferPointer, _ algorithms: Set<TokenAlgorithm>
    ) throws(KeySetError) -> ([VerificationKey], isCut: Bool) {
        defer { ERR_clear_error() }
        var keys: [VerificationKey] = []
        // OpenSSL takes no bytes as an error.
        guard !octets.isEmpty else { return (keys, false) }
        guard let bio = BIO_new_mem_buf(octets.baseAddress, Int32(clamping: octets.count)) else {
            throw KeySetError(observed: "no memory", expected: "a PEM file")
        }
        defer { BIO_free(bio) }
        while true {
            var name: UnsafeMutablePointer<CChar>?
            var header: UnsafeMutablePointer<CChar>?
            var data: UnsafeMutablePointer<UInt8>?
            var length = 0
            guard PEM_read_bio(bio, &name, &header, &data, &length) == 1, let name, let data else { break }
            defer {
                CRYPTO_free(name, "", 0)
                CRYPTO_free(header, "", 0)
                CRYPTO_clear_free(data, length, "", 0)
            }
            guard keys.count < mostOfPEM else { return (keys, true) }
            let kind = String(cString: name)
            var position: UnsafePointer<UInt8>? = UnsafePointer(data)
            let found: OpaquePointer?
            switch kind {
            case "PUBLIC KEY": found = d2i_PUBKEY(nil, &position, length)
            case "CERTIFICATE":
                let certificate = d2i_X509(nil, &position, length)
                found = X509_get_pubkey(certificate)
                X509_free(certificate)
            default:
                if kind.contains("PRIVATE") {
                    throw KeySetError(
                        observed: "a private key, which only whoever issues tokens may have",
                        expected: "its public key: openssl pkey -in FILE -pubout")
                }
                continue
            }
            guard let found else { throw KeySetError(observed: "a \(kind) that can't be read", expected: "a public key") }
            keys.append(try KeySet.pinned(nil, found, algorithms, named: nil))
        }
        return (keys, false)
    }

    /// Takes over `key`, with the algorithms that it may check.
    static func pinned(
        _ id: [UInt8]?, _ key: OpaquePointer, _ algorithms: Set<TokenAlgorithm>, named: TokenAlgorithm?
    ) throws(KeySetError) -> VerificationKey {
        let family: TokenAlgorithm.Family
        let usual: TokenAlgorithm
        let bits = EVP_PKEY_get_bits(key)
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA:
            guard bits >= 2048 else {
                EVP_PKEY_free(key)
                throw KeySetError(observed: "an RSA key of \(bits) bits", expected: "2048 or more (RFC 7518 §3.3)")
            }
            (family, usual) = (.rsa, .rs256)
        case EVP_PKEY_EC where bits == 256: (family, usual) = (.curve(coordinate: 32), .es256)
        case EVP_PKEY_EC where bits == 384: (family, usual) = (.curve(coordinate: 48), .es384)
        case EVP_PKEY_EC where bits == 521: (family, usual) = (.curve(coordinate: 66), .es512)
        case EVP_PKEY_ED25519: (family, usual) = (.ed25519, .edDSA)
        default:
            EVP_PKEY_free(key)
            throw KeySetError(observed: "a key of another kind", expected: "RSA, P-256, P-384, P-521 or Ed25519")
        }
        // A curve of the same length that isn't the one of the standard (secp256k1).
        if case .curve(let coordinate) = family, !isStandardCurve(key, coordinate) {
            EVP_PKEY_free(key)
            throw KeySetError(observed: "a key on another curve", expected: "P-256, P-384 or P-521")
        }
        let fitting = (named.map { [$0] } ?? algorithms).filter { $0.family == family }
        if named != nil || !algorithms.isEmpty, fitting.isEmpty {
            EVP_PKEY_free(key)
            throw KeySetError(
                observed: "a key that none of the algorithms named for it fits",
                expected: "an algorithm of its kind, such as \(usual.rawValue)")
        }
        return VerificationKey(id: id, owning: key, family: family, algorithms: fitting.isEmpty ? [usual] : Set(fitting))
    }

    private static func isStandardCurve(_ key: OpaquePointer, _ coordinate: Int) -> Bool {
        var name = [CChar](repeating: 0, count: 80)
        var length = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return false }
        let text = String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(curveName(coordinate))" == text
    }

    static func curveName(_ coordinate: Int) -> StaticString {
        coordinate == 32 ? "prime256v1" : coordinate == 48 ? "secp384r1" : "secp521r1"
    }
}
