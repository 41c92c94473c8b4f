/// A change to one factor of a handshake; what a `ProbePlan` may try.
public enum ProbeKind: String, Sendable, Hashable, CaseIterable {
    /// Nothing changes.
    case control
    case originSelf = "origin-self"
    case originRemoved = "origin-removed"
    /// A candidate: with or without `www.`, the other scheme, one that the user named.
    case originCandidate = "origin-candidate"
    case host
    case fetchSiteRemoved = "fetch-site-removed"
    case forwardedProto = "forwarded-proto"
    case forwardedHost = "forwarded-host"
    case forwardedRemoved = "forwarded-removed"
    case trailingSlash = "trailing-slash"
    case randomPath = "random-path"
    /// The same below the path that was asked for, where somebody else answers beside it.
    case randomPathBelow = "random-path-below"
    /// The first part of the path twice, for a hop that strips it.
    case doubledPrefix = "doubled-prefix"
    /// Other paths on which WebSockets often live.
    case pathVariant = "path-variant"
    /// Where an endpoint lives that has no name of its own; accepted there, it shows that the server has one, and no more.
    case usualPath = "usual-path"
    case engineIOPath = "engine-io-path"
    case engineIOPolling = "engine-io-polling"
    case withoutSid = "without-sid"
    case engineIOVersion = "engine-io-version"
    case withoutExtensions = "without-extensions"
    case withoutSubprotocol = "without-subprotocol"
    case subprotocol
    case version13 = "version-13"
    case properKey = "proper-key"
    case methodGet = "method-get"
    case upgradeFields = "upgrade-fields"
    /// The same request without any field of the upgrade.
    case plainGet = "plain-get"
    /// The control of `plainGet`: whether every path is answered so.
    case plainRandomPath = "plain-random-path"
    case withoutCredentials = "without-credentials"
    case withCredentials = "with-credentials"
    case withoutCookies = "without-cookies"
    case userAgent = "user-agent"
    /// The same over TLS.
    case secure
}

extension ProbeKind {
    /// Whether both change the same thing, so that an accepted one leaves open which rule it met.
    func concernsSameFactor(as other: ProbeKind) -> Bool { self == other || (factor != nil && factor == other.factor) }

    /// Whether it asks for another place (site, endpoint or port): what is in force there says little about the place that refused.
    var leadsElsewhere: Bool {
        switch self {
        case .host, .pathVariant, .engineIOPath, .secure: true
        default: false
        }
    }

    /// Whether it asks for another path.
    var changesPath: Bool { factor == .path }

    private enum Factor { case origin, path, credentials, forwarding }

    private var factor: Factor? {
        switch self {
        case .originSelf, .originRemoved, .originCandidate, .fetchSiteRemoved: .origin
        case .trailingSlash, .doubledPrefix, .pathVariant, .engineIOPath: .path
        case .withCredentials, .withoutCredentials, .withoutCookies: .credentials
        case .forwardedProto, .forwardedHost, .forwardedRemoved, .host: .forwarding
        default: nil
        }
    }
}
