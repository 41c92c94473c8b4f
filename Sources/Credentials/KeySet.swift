public import ProxyCore

/// The keys that a route believes, from PEM, a JWK, or a set of them.
public struct KeySet: Sendable {
    public let keys: [VerificationKey]
    /// What was left out and why (keys of kinds that sign nothing here), for the log.
    public let notices: [String]

    /// How many keys one token is held against: each costs a verification, also for whoever made the token up.
    private let tries: Int

    public init(keys: [VerificationKey], notices: [String] = [], tries: Int = KeySet.triesOfFiles) {
        self.keys = keys
        self.tries = tries
        self.notices = notices + KeySet.untried(keys, tries)
    }

    /// Of a file, whose keys the operator counted: as many as PEM may have.
    public static let triesOfFiles = 64
    /// Of a set that somebody else made.
    public static let triesOfFetched = 8

    /// Whether the signature holds under a key of the set.
    ///
    /// A token that names a key is held against the keys of this name, then against those without a name (PEM has none);
    /// the name is compared and used for nothing else (threat B3). Both faults may mean that the set is old: a key may have been
    /// exchanged under its name.
    public func verify(_ token: SignedToken) -> CredentialFault? {
        var left = tries
        let holds =
            if let name = token.header.keyID {
                isSigned(token, &left) { $0 == name } || isSigned(token, &left) { $0 == nil }
            } else {
                isSigned(token, &left) { _ in true }
            }
        if holds { return nil }
        return left == tries ? .noKey : .badSignature
    }

    /// Whether one of the keys whose names are wanted has signed `token`; each that is tried takes one of `left`.
    private func isSigned(_ token: SignedToken, _ left: inout Int, _ isWanted: ([UInt8]?) -> Bool) -> Bool {
        for key in keys where key.algorithms.contains(token.header.algorithm) && isWanted(key.id) {
            guard left > 0 else { return false }
            left -= 1
            if key.verifies(token) { return true }
        }
        return false
    }

    /// Says where keys can't all be tried: the last of those without a name would sign in vain.
    private static func untried(_ keys: [VerificationKey], _ tries: Int) -> [String] {
        TokenAlgorithm.allCases.compactMap { algorithm in
            let count = keys.count(where: { $0.id == nil && $0.algorithms.contains(algorithm) })
            guard count > tries else { return nil }
            return "\(count) keys for \(algorithm.rawValue) have no kid, and only the first \(tries) are tried"
        }
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
