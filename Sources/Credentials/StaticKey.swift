/// A key that whoever has it may use; kept as its SHA-256. The hash needs no salt: keys are drawn, not thought up.
public struct StaticKey: Sendable, Hashable {
    /// Names the holder, for the ledger and the backend.
    public let name: String
    /// 32 octets.
    public let digest: [UInt8]

    public init(name: String, digest: [UInt8]) {
        self.name = name
        self.digest = digest
    }
}
