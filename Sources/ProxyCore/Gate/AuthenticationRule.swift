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

    /// Why nobody can be let in as this user: something of it that the backend is to be told can't be written so that the backend reads
    /// the same. Nil if all of it can. Without it a session would open that belongs to nobody, or to somebody else.
    public func unwritable(_ view: RequestView) -> GateRefusal? {
        for field in identity {
            guard case .unwritable(let what) = field.written(in: view) else { continue }
            return GateRefusal(
                .credentials, "identity_unwritable", cause: .blockedByRule, status: 403,
                observed: "\(what), for the field \(field.name)",
                allowed:
                    "printable ASCII without blanks at its ends, in lists without commas, at most \(IdentityField.longest) octets",
                fix: "Tell the backend a claim that can stand in a field, such as an id, or take \(field.name) out of auth.identity"
            )
        }
        return nil
    }

    /// What the backend is told, and what it isn't, of a request on the route. Names are removed whether or not there is a user: a
    /// backend that reads them must never read a client's (threat B18).
    public func apply(_ view: RequestView, _ credential: PresentedCredential?, to context: inout ForwardingContext) {
        addRemoved(credential, to: &context.removed)
        for field in identity {
            // What can't be written has been refused (`unwritable`), where there was anything to judge.
            guard case .value(let value) = field.written(in: view) else { continue }
            context.extra.append(ForwardingContext.ExtraField(name: field.name, value: value))
        }
        guard let credential else { return }
        // A token is no subprotocol: the backend could only pick it, and the answer would show it.
        context.subprotocols = credential.offered
        if strips { context.removedParameter = credential.parameter }
    }

    /// Adds the names under which nothing of the client's goes on, neither in the head nor behind the body.
    public func addRemoved(_ credential: PresentedCredential?, to names: inout [FieldName]) {
        for field in identity {
            names.append(field.name)
            if let twin = field.twin { names.append(twin) }
        }
        guard strips, let credential else { return }
        switch credential.source {
        case .bearer, .basic: names.append(.authorization)
        case .field(let name): names.append(name)
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
