/// How much of a session a feeder could see. Rules state what they need, and the report names what was not assessed.
public enum Fidelity: UInt8, Sendable, Hashable, Comparable {
    /// TLS records only: no head, no frame.
    case ciphertextOnly
    /// Bytes are missing (lost segments, one direction, a start in the middle).
    case lossy
    /// All bytes up to a limit of the recording.
    case truncated
    /// Everything, our own acts included.
    case full

    @inlinable public static func < (a: Fidelity, b: Fidelity) -> Bool { a.rawValue < b.rawValue }
}
