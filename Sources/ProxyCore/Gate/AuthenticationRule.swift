public import Diagnosis
public import HTTPWire
public import Wire

/// How a route learns who asks: where the credential stands, what is accepted, what the backend is told.
///
/// Pure: it finds the credential and words the refusals. Hashes and signatures are the shell's (`CredentialChecker`), which answers
/// with a `CredentialOutcome`.
public struct AuthenticationRule: Sendable, Hashable {
    /// Looked at in this order; the first that holds something decides.
    public var sources: [CredentialSource]
    /// Nil: tokens are not checked as JWT.
    public var token: TokenRule?
    /// What is accepted, in words: `a static key`, `a token with …`.
    public var accepted: String
    /// Fields that tell the backend who it is.
    public var identity: [IdentityField]
    /// Whether the credential is left out of what goes upstream, where it stands in a field, the query or a subprotocol.
    public var strips: Bool
    /// The close code of a session whose credential has ended.
    public var expiryCode: UInt16
    /// How long before its end a session is told of in the ledger; zero for never.
    public var expiryWarning = AuthenticationRule.expiryWarning
    public var reportOnly: Bool
    /// A service that judges in place of the checks; then a credential is looked for only if `sources` names places.
    public var forward: ForwardRule?
    /// The place of the checks in the snapshot's list.
    public var store = 0

    public static let expiryWarning = TimeSpan.seconds(60)

    public init(
        sources: [CredentialSource], token: TokenRule? = nil, accepted: String, identity: [IdentityField] = [],
        strips: Bool = false, expiryCode: UInt16 = 4401, reportOnly: Bool = false
    ) {
        self.sources = sources
        self.token = token
        self.accepted = accepted
        self.identity = identity
        self.strips = strips
        self.expiryCode = expiryCode
        self.reportOnly = reportOnly
    }

    /// The credential that counts, or why there is none.
    ///
    /// - Parameter certificate: the client's, if its chain was verified.
    public func find(in head: RequestHead, certificate: CertificateFacts? = nil) -> Result<PresentedCredential, Missing> {
        for source in sources {
            if source == .certificate, let certificate {
                return .success(PresentedCredential(source: source, content: .certificate(certificate)))
            }
            switch PresentedCredential.search(source, in: head) {
            case .absent: continue
            case .found(let credential): return .success(credential)
            case .unreadable(let observed): return .failure(Missing(refusal: unreadable(source, observed)))
            }
        }
        return .failure(Missing(refusal: missing()))
    }

    /// A refusal as an error, because `Result` wants one.
    public struct Missing: Error, Sendable, Hashable {
        public let refusal: GateRefusal
    }

    private func missing() -> GateRefusal {
        GateRefusal(
            .credentials, "credentials_missing", cause: .credentialsMissing, status: 401, observed: "no credential",
            allowed: "\(accepted) in \(places)", fix: "Send \(accepted) in \(places)", challenge: challenge(nil))
    }

    private func unreadable(_ source: CredentialSource, _ observed: String) -> GateRefusal {
        GateRefusal(
            .credentials, "credentials_unreadable", cause: .credentialsRejected, status: 401, observed: observed,
            allowed: "\(accepted) in \(places)", fix: "Send one credential in \(source)", challenge: challenge("invalid_request"))
    }

    /// The refusal of a credential that was checked and doesn't hold; without one, of the request as a whole.
    public func refusal(_ fault: CredentialFault, of credential: PresentedCredential?) -> GateRefusal {
        if case .service(let status, let challenge) = fault {
            return GateRefusal(
                .credentials, fault.id, cause: status == 403 ? .blockedByRule : .credentialsRejected, status: status,
                observed: fault.sentence, allowed: accepted, fix: "Ask the service of auth.forward why it refuses this request",
                challenge: challenge ?? (status == 401 ? self.challenge(nil) : nil))
        }
        let cause: Cause
        let fix: String
        switch fault {
        case .subjectNotAllowed:
            (cause, fix) = (.credentialsRejected, "Add the subject to auth.subjects, or have the client show another certificate")
        case .claims(.expired):
            (cause, fix) = (.tokenExpired, "Fetch a fresh token before each connect")
        case .claims(.wrongAudience):
            (cause, fix) = (
                .tokenWrongAudience, "Have the token issued for this audience, or name its audience in auth.jwt.audience"
            )
        case .noKey, .badSignature, .token(.noAlgorithm):
            (cause, fix) = (.credentialsRejected, "Sign with a key of auth.jwt and the algorithm that this key is pinned to")
        default: (cause, fix) = (.credentialsRejected, "Send \(accepted) in \(credential.map { "\($0.source)" } ?? places)")
        }
        return GateRefusal(
            .credentials, fault.id, cause: cause, status: 401,
            observed: fault.sentence + (credential.map { ", in \($0.source)" } ?? ""),
            allowed: accepted, fix: fix, challenge: challenge("invalid_token"))
    }

    /// The check could not be made: refused all the same (threat A14).
    public func unavailable(_ why: String) -> GateRefusal {
        GateRefusal(
            .credentials, "credentials_uncheckable", cause: .credentialsRejected, status: 503, observed: why, allowed: accepted,
            fix: "Mend what the check needs; until then nobody is let in", retryAfter: 5)
    }

    /// What the backend is told, and what it isn't, of a request on the route. Names are removed whether or not there is a user: a
    /// backend that reads them must never read a client's (threat B18).
    public func apply(_ view: RequestView, _ credential: PresentedCredential?, to context: inout ForwardingContext) {
        for field in identity {
            context.removed.append(field.name)
            if let twin = field.twin { context.removed.append(twin) }
            let value: [UInt8]
            switch view.value(field.value) {
            case .absent: continue
            case .one(let octets): value = octets
            case .many(let several): value = Array(several.joined(separator: [0x2C]))
            }
            guard !value.isEmpty, value.count <= 4096, value.allSatisfy({ (0x20...0x7E).contains($0) }) else { continue }
            context.extra.append(ForwardingContext.ExtraField(name: field.name, value: value))
        }
        guard let credential else { return }
        // A token is no subprotocol: the backend could only pick it, and the answer would show it.
        context.subprotocols = credential.offered
        guard strips else { return }
        context.removedParameter = credential.parameter
        switch credential.source {
        case .bearer, .basic: context.removed.append(.authorization)
        case .field(let name): context.removed.append(name)
        default: break
        }
    }

    private var places: String { sources.map(\.description).joined(separator: " or ") }

    /// RFC 9110 §11.6.1, RFC 6750 §3.
    private func challenge(_ error: String?) -> String {
        if !sources.isEmpty, sources.allSatisfy({ $0 == .basic }) { return "Basic realm=\"gatehouse\", charset=\"UTF-8\"" }
        return "Bearer realm=\"gatehouse\"" + (error.map { ", error=\"\($0)\"" } ?? "")
    }
}

/// A field that tells the backend something of the user; whatever the client sent under its name is removed.
public struct IdentityField: Sendable, Hashable {
    public let name: FieldName
    public let value: RequestReference
    /// The name with `-` for `_`: to a reader that takes both for one it is the same, and lookalikes of it are removed with it. Nil where
    /// there is no difference.
    let twin: FieldName?

    public init(name: FieldName, value: RequestReference) {
        self.name = name
        self.value = value
        let dashed = name.description.split(separator: "_", omittingEmptySubsequences: false).joined(separator: "-")
        twin = FieldName(dashed).flatMap { $0 == name ? nil : $0 }
    }
}
