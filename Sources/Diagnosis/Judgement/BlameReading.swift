/// Whose doing a cause is, by what was seen of the path; the catalogue only knows whose it usually is.
///
/// A timer, a limiter or a deny rule may sit in a hop or in the application's own server, and on the wire they look alike. So the one that
/// showed itself is named: who wrote the refusal, the hop that stands on the path, the server that answered with none before it. Where
/// nobody showed himself the blame is `unknown`, which says: not determined.
struct BlameReading {
    let reading: SignReading
    /// Who wrote the answer that is explained; nil where there is none.
    let responder: Responder?
    /// The software that accepted the session whose end is explained.
    let acceptedBy: Stack?
    /// The hop that names itself on its path; nil also where one only shows that it is there.
    let namedHop: Stack?

    func blame(_ entry: CauseEntry) -> Blame {
        switch entry.cause {
        case .upgradeFieldsMissing where reading.has(.viaInRequest): .intermediary
        // The client asked for 13, and the server knows others.
        case .websocketVersionUnsupported where reading.has(.namesOtherVersion) && !reading.has(.versionUnsupported): .backend
        // A hop's timer counts every byte; one that counts messages only is the application's.
        case .idleTimeout where reading.has(.messagesKeepItAlive): .backend
        case .idleTimeout where reading.has(.ourIdleTimer): .configuration
        // That there is a timer is proven then, and not whose: who accepted may stand behind a hop that doesn't show itself.
        case .idleTimeout where reading.has(.pingsKeepItAlive) && !reading.has(.serverClosedFirst):
            isOfTwo ? .unknown : hop ?? .unknown
        // It got what it doesn't take.
        case .policyClose where reading.has(.serverCode1003) && !reading.has(.clientNeverSpoke): .client
        case .rateLimited where reading.has(.outputRateLimited): .intermediary
        case .clientAddressDenied where reading.has(.outputAddressDenied): .intermediary
        case .noHealthyUpstream where reading.has(.failedNoEndpoint): .unknown
        case .idleTimeout, .lifetimeLimit, .rateLimited, .connectionLimit, .blockedByRule, .clientAddressDenied,
            .http2WithoutExtendedConnect:
            ofWhoeverShows
        case .originNotAllowed, .originNotSameHost, .crossSiteRefused, .hostNotAllowed, .upgradeNotEnabled, .noHealthyUpstream:
            refuser(isHop: true) ?? entry.blame
        case .tlsToPlainHttpPort where refuser(isHop: true) != nil: .configuration
        case .invalid101Accept, .invalid101Fields: ofTheAnswersFields(entry)
        case .statusNot101, .extensionNotOffered: hop == nil ? entry.blame : .unknown
        case .protocolViolation, .textNotUtf8, .reservedOpcode, .rsv1WithoutExtension, .invalidCloseCode, .messageTooBig:
            ofTheFrames(entry)
        default: entry.blame
        }
    }

    /// The hop that shows itself on the path.
    private var hop: Blame? {
        reading.has(.intermediaryOnPath) ? .intermediary : reading.has(.edgeOnPath) ? .edge : nil
    }

    /// Whether a hop without a name stands before a server that shows itself: either may have ended the session, and nothing on the wire says
    /// which. Only what the answer shows counts: a hop that wrote into the request stands before Gatehouse, and what it ends, ends from the
    /// client's side.
    var isOfTwo: Bool {
        reading.has(.intermediaryOnPath) && !reading.has(.edgeOnPath) && namedHop == nil && acceptedBy?.who == .backend
    }

    /// Who wrote the refusal; with `isHop` only if that was somebody before the application.
    private func refuser(isHop: Bool) -> Blame? {
        switch responder?.who {
        case .intermediary: .intermediary
        case .edge: .edge
        case .backend: isHop ? nil : .backend
        default: nil
        }
    }

    /// Timers and limits, which everybody on the path may have.
    private var ofWhoeverShows: Blame {
        if let refuser = refuser(isHop: false) { return refuser }
        // Hops cut; a close frame is written by who speaks WebSocket, which is the server or a platform that ends sessions itself.
        if reading.has(.serverClosedFirst) { return reading.has(.edgeOnPath) ? .edge : .backend }
        if isOfTwo { return .unknown }
        if let hop { return hop }
        return acceptedBy?.who == .backend ? .backend : .unknown
    }

    /// What a 101 lacks: every library that computes the Accept writes the fields around it too, and a hop writes its own anew.
    private func ofTheAnswersFields(_ entry: CauseEntry) -> Blame {
        guard let hop else { return entry.blame }
        let lacks = reading.has(.acceptMissing) || reading.has(.upgradeMissingIn101) || reading.has(.connectionMissingIn101)
        if reading.has(.acceptWrong) { return reading.has(.cacheHit) ? hop : .unknown }
        return lacks ? hop : entry.blame
    }

    /// A breach of the protocol is the fault of the side whose frames have it; either side can be guilty of one.
    private func ofTheFrames(_ entry: CauseEntry) -> Blame {
        let seen = (
            client: reading.has(.clientFault) || reading.has(.clientCodeInvalid),
            server: reading.has(.serverFault) || reading.has(.serverCodeInvalid)
        )
        // Where no fault was seen, the side that ended the session with 1002 or 1007 says that it was the other.
        let told = (
            client: reading.has(.serverCode1002) || reading.has(.serverCode1007),
            server: reading.has(.clientCode1002) || reading.has(.clientCode1007)
        )
        switch seen.client || seen.server ? seen : told {
        case (true, false): return .client
        case (false, true): return .backend
        default: return entry.blame
        }
    }
}
