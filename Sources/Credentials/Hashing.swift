import COpenSSL
import ProxyCore

/// Hashes and comparisons whose time tells nothing (threat B11).
public enum Hashing {
    /// SHA-256 of `octets`.
    public static func sha256(_ octets: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        // The one-shot function fails only where SHA-256 itself is missing; then nothing equals the zeros.
        _ = EVP_Digest(octets, octets.count, &digest, nil, EVP_sha256(), nil)
        return digest
    }

    static func hash(_ algorithm: TokenAlgorithm) -> OpaquePointer? {
        switch algorithm.hashBits {
        case 256: EVP_sha256()
        case 384: EVP_sha384()
        case 512: EVP_sha512()
        default: nil
        }
    }

    /// Whether both are equal; the time depends on their length alone.
    static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && !a.isEmpty && CRYPTO_memcmp(a, b, a.count) == 0
    }
}
