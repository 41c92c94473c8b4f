// Checks what a client presented, with everything that needs a key.
//
// Theory of operation. A token is held against the static keys first (a hash and constant-time comparisons), then taken for a JWT:
// parsed, its signature checked unless the caller's `TokenMemory` has seen it hold, its claims judged by the rule. All of that is quick enough
// for a loop. A password isn't: bcrypt is slow on purpose, so `check` answers nil and the caller asks `checkPassword` on a thread of its own.
import JSONWire
public import ProxyCore
public import Wire

/// The checks of one route's credentials. Immutable but for the keys that may be fetched anew.
public final class CredentialChecker: Sendable {
    private let keys: [StaticKey]
    private let passwords: PasswordFile?
    public let tokens: TokenKeys?
    private let rule: TokenRule
    private let certificates: CertificateRule?

    public init(
        keys: [StaticKey] = [], passwords: PasswordFile? = nil, tokens: TokenKeys? = nil, rule: TokenRule = TokenRule(),
        certificates: CertificateRule? = nil
    ) {
        self.certificates = certificates
        self.keys = keys
        self.passwords = passwords
        self.tokens = tokens
        self.rule = rule
    }

    /// What is to be said of `credential`; nil if it is a password, whose check takes too long for a loop.
    ///
    /// - Parameters:
    ///   - now: the wall clock.
    ///   - memory: the caller's own; tokens that hold are added to it.
    public func check(_ credential: PresentedCredential, now: Timestamp, _ memory: inout TokenMemory) -> CredentialOutcome? {
        switch credential.content {
        case .token(let text): return check(text, now: now, &memory)
        case .certificate(let facts): return certificates?.check(facts) ?? .refused(.wrongKind)
        case .password: return passwords == nil ? .refused(.wrongKind) : nil
        }
    }

    /// The slow part of `check`.
    public func checkPassword(_ credential: PresentedCredential) -> CredentialOutcome {
        guard case .password(let user, let password) = credential.content, let passwords else { return .refused(.wrongKind) }
        return passwords.holds(user: user, password: password)
            ? .accepted(AuthenticatedUser(name: user)) : .refused(.wrongPassword)
    }

    private func check(_ text: [UInt8], now: Timestamp, _ memory: inout TokenMemory) -> CredentialOutcome {
        if !keys.isEmpty, text.count <= SignedToken.limit {
            let digest = Hashing.sha256(text)
            var found: StaticKey?
            // Every key is compared, so that the time doesn't tell which was nearly right.
            for key in keys where Hashing.areEqual(key.digest, digest) { found = key }
            if let found { return .accepted(AuthenticatedUser(name: Array(found.name.utf8))) }
        }
        guard let tokens else { return .refused(keys.isEmpty ? .wrongKind : .unknownKey) }
        let numbered = tokens.numbered
        let place = memory.place(of: text)
        if let numbered, let claims = memory.claims(text, at: place, generation: numbered.generation) {
            return judge(claims, now: now)
        }
        let token: SignedToken
        do { token = try SignedToken(text, last: memory.header) } catch {
            return .refused(keys.isEmpty || error != .notCompact ? .token(error) : .unknownKey)
        }
        memory.header = token.header
        guard let (set, generation) = numbered else { return .unavailable("no key set has been fetched yet") }
        if let fault = set.verify(token) {
            // Whether the token is forged or its key is new can't be told from here.
            tokens.want()
            return .refused(fault)
        }
        memory.remember(text, at: place, token.claims, generation: generation)
        return judge(token.claims, now: now)
    }

    /// What is to be said of a token whose signature holds.
    private func judge(_ claims: JSONValue, now: Timestamp) -> CredentialOutcome {
        do {
            let expiry = try rule.check(claims, now: now)
            let name = claims[Array(rule.userClaim.utf8)]?.comparableText ?? []
            return .accepted(AuthenticatedUser(name: name, claims: claims, expiresAt: expiry))
        } catch { return .refused(.claims(error)) }
    }
}
