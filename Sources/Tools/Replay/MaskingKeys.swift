import TLSEngine

/// Fresh masking keys that nobody can foresee (RFC 6455 §5.3), drawn from the system's generator by the kilobyte: one at a time costs more than the frame.
struct MaskingKeys {
    private var keys: [UInt32] = []

    private static let atOnce = 256

    mutating func next() -> UInt32 {
        if let key = keys.popLast() { return key }
        keys.append(contentsOf: repeatElement(0, count: MaskingKeys.atOnce))
        keys.withUnsafeMutableBytes { SecureRandom.fill($0) }
        return keys.removeLast()
    }
}
