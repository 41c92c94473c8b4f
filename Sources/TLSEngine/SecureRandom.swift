import COpenSSL

/// Random bytes that nobody can foresee: for masking keys, session names, salts and nonces.
public struct SecureRandom: RandomNumberGenerator, Sendable {
    public init() {}

    /// Fills `bytes`.
    ///
    /// - Precondition: the system has a source of entropy. Going on without one would be worse than ending.
    public static func fill(_ bytes: UnsafeMutableRawBufferPointer) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        let filled = RAND_bytes_ex(nil, start.assumingMemoryBound(to: UInt8.self), bytes.count, 0)
        precondition(
            filled == 1, "SecureRandom: the system gives no random bytes (getrandom failed); nothing safe can be done")
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        var value: UInt64 = 0
        withUnsafeMutableBytes(of: &value) { SecureRandom.fill($0) }
        return value
    }
}
