public import ProxyCore

/// The keys that a route believes, from PEM, a JWK, or a set of them.
public struct KeySet: Sendable {
    public let keys: [VerificationKey]
    /// What was left out and why (keys of kinds that sign nothing here), for the log.
    public let notices: [String]

    public init(keys: [VerificationKey], notices: [String] = []) {
        self.keys = keys
        self.notices = notices
    }

    /// How many keys are tried for a token that names none.
    private static let tries = 8

    /// Whether the signature holds under a key of the set.
    ///
    /// A token that names a key is held against the keys of this name, and against those without a name (PEM has none);
    /// the name is compared and used for nothing else (threat B3).
    public func verify(_ token: SignedToken) -> CredentialFault? {
        var tried = 0
        for key in keys where key.algorithms.contains(token.header.algorithm) {
            guard token.header.keyID == nil || key.id == nil || key.id == token.header.keyID else { continue }
            guard tried < KeySet.tries else { break }
            tried += 1
            if key.verifies(token) { return nil }
        }
        return tried == 0 ? .noKey : .badSignature
    }

    /// Whether a token names a key that the set doesn't have: a reason to fetch the set again.
    public func lacks(_ token: SignedToken) -> Bool {
        guard let name = token.header.keyID else { return false }
        return !keys.contains { $0.id == nil || $0.id == name }
    }
}

/// Why a file or answer holds no usable keys. Never with key material in it.
public struct KeySetError: Error, Sendable, Hashable {
    public let observed: String
    public let expected: String

    public init(observed: String, expected: String) {
        self.observed = observed
        self.expected = expected
    }
}
