import HTTPWire
import ProxyCore
import Wire

extension SnapshotBuilder {
    /// How a route learns who asks; its checks are added to `credentials`.
    mutating func authenticationRule(_ written: Decoded) -> AuthenticationRule? {
        guard case .map(let map) = written.value else { return nil }
        var settings = CredentialSettings()
        settings.keys = staticKeys(map.list("keys") ?? [])
        settings.passwordFile = map.text("htpasswd")
        settings.token = map.any("jwt").flatMap { tokenSettings($0) }
        let forward = map.any("forward").flatMap { forwardRule($0) }
        let sources = credentialSources(map, at: written)
        let (takesBasic, takesTokens) = (sources.contains(.basic), sources.contains { $0 != .basic && $0 != .certificate })
        if let items = map.list("subjects") {
            settings.certificates = CertificateRule(subjects: subjects(items))
            if items.isEmpty, let place = map.any("subjects") { report(place, "no subject", "at least one, or *") }
            if !sources.contains(.certificate), let place = map.any("subjects") {
                report(
                    place, "subjects of certificates that nobody looks at", "client_certificate in auth.from beside it",
                    "add client_certificate to auth.from")
            }
        } else if sources.contains(.certificate), map.any("forward") == nil, let place = map.any("from") {
            report(place, "client_certificate without subjects", "whose are let in", "add subjects: [\"CN=…\"], or [\"*\"] for all")
        }
        let checks = ["subjects", "keys", "htpasswd", "jwt"].compactMap { map.any($0) }
        if checks.isEmpty, map.any("forward") == nil, !sources.contains(.certificate) {
            report(written, "auth without a check", "keys, htpasswd, jwt, subjects or forward", "add jwt: {keys: keys.json}")
        }
        if let place = map.any("forward"), !checks.isEmpty {
            report(place, "forward beside other checks", "one or the other", "have the service check all, or remove forward")
        }
        if map.any("htpasswd") != nil, !takesBasic, !sources.isEmpty, let place = map.any("htpasswd") {
            report(place, "passwords that are read from nowhere", "basic among auth.from", "add basic to auth.from")
        }
        if takesBasic, map.any("htpasswd") == nil, map.any("forward") == nil, let place = map.any("from") {
            report(place, "basic without passwords to check it by", "htpasswd beside it", "add htpasswd: FILE")
        }
        if takesTokens, map.any("jwt") == nil, map.any("keys") == nil, map.any("htpasswd") != nil, let place = map.any("from") {
            report(place, "places for tokens without a check of tokens", "jwt or keys beside them", "leave only basic in auth.from")
        }
        var rule = AuthenticationRule(
            sources: sources, token: settings.token?.rule, accepted: words(settings),
            identity: identityFields(map.list("identity") ?? []),
            strips: map.boolean("strip") ?? false, reportOnly: map.boolean("report_only") ?? false)
        if let forward {
            rule.forward = forward
            rule.accepted = "what \(forward.url) lets in"
            var told = forward.passes.map { IdentityField(name: $0, value: .claim([Array($0.description.utf8)])) }
            // The client's own field of this name would be another user than the one who was let in.
            if let user = forward.user, user.known == .other { told.append(IdentityField(name: user, value: .user)) }
            for field in told where !rule.identity.contains(where: { $0.name == field.name }) { rule.identity.append(field) }
        }
        if let span = map.duration("expiry_warning") { rule.expiryWarning = span }
        if let code = map.integer("expiry_code") { rule.expiryCode = UInt16(clamping: code) }
        rule.store = credentials.count
        credentials.append(settings)
        return rule
    }

    private func words(_ settings: CredentialSettings) -> String {
        var parts: [String] = []
        if !settings.keys.isEmpty { parts.append("a static key") }
        if let rule = settings.certificates {
            parts.append("a certificate of " + rule.subjects.map(\.description).joined(separator: " or "))
        }
        if let token = settings.token { parts.append(token.rule.words) }
        if settings.passwordFile != nil { parts.append("a user with a password") }
        return parts.joined(separator: " or ")
    }

    private mutating func credentialSources(_ map: DecodedMap, at written: Decoded) -> [CredentialSource] {
        var sources: [CredentialSource] = []
        for item in map.list("from") ?? [] {
            switch item.value {
            case .text("authorization"): sources.append(.bearer)
            case .text("basic"): sources.append(.basic)
            case .text("client_certificate"):
                sources.append(.certificate)
                certificatePlaces.append(item)
            case .text("subprotocol"): sources.append(.subprotocol(prefix: []))
            case .map(let place):
                guard place.entries.count == 1 else {
                    report(item, "\(place.entries.count) places in one entry", "one place for each entry of the list")
                    continue
                }
                if let name = place.text("query") { sources.append(.query(Array(name.utf8))) }
                if let name = place.text("cookie") { sources.append(.cookie(Array(name.utf8))) }
                if let name = place.text("header").flatMap({ FieldName($0) }) {
                    sources.append(name == .authorization ? .bearer : .field(name))
                }
                if let prefix = place.text("subprotocol") { sources.append(.subprotocol(prefix: Array(prefix.utf8))) }
            default: break
            }
        }
        if map.any("forward") == nil ? map.list("from")?.isEmpty != false : map.list("from")?.isEmpty == true {
            report(
                map.any("from") ?? written, "auth that reads a credential from nowhere", "at least one place",
                "add from: [authorization, {query: token}]")
        }
        return sources
    }

    private mutating func subjects(_ items: [Decoded]) -> [SubjectPattern] {
        var patterns: [SubjectPattern] = []
        for item in items {
            guard case .text(let text) = item.value else { continue }
            if let pattern = SubjectPattern(text) {
                patterns.append(pattern)
            } else {
                report(item, Excerpt.quoted(text), "a subject such as CN=robot-* or DNS=*.devices.example, or *")
            }
        }
        return patterns
    }

    /// A certificate that no listener asks for can't open anything.
    mutating func checkCertificates(_ snapshot: Snapshot) {
        guard let place = certificatePlaces.first,
            !snapshot.listeners.contains(where: { $0.tls?.clientAuthorityFile != nil })
        else { return }
        report(
            place, "client_certificate where no listener asks for one", "a listener with tls.client_ca",
            "add client_ca: FILE to the listener's tls")
    }

    private mutating func staticKeys(_ items: [Decoded]) -> [CredentialSettings.KeyDigest] {
        var keys: [CredentialSettings.KeyDigest] = []
        for item in items {
            guard case .map(let map) = item.value else { continue }
            guard let name = map.text("name"), let text = map.text("sha256") else {
                report(item, "a key without name or sha256", "both", "add {name: ops, sha256: …}: printf %s KEY | sha256sum")
                continue
            }
            let digits = text.utf8.map(\.hexadecimalValue)
            guard digits.count == 64, !digits.contains(nil) else {
                // Whoever wrote the key itself here must not find it in a log.
                report(
                    map.any("sha256") ?? item, "a text of \(digits.count) characters", "the 64 digits of a SHA-256",
                    "make it with: printf %s KEY | sha256sum")
                continue
            }
            let values = digits.compactMap { $0 }
            keys.append(
                CredentialSettings.KeyDigest(
                    name: name, digest: stride(from: 0, to: 64, by: 2).map { values[$0] << 4 | values[$0 + 1] }))
        }
        return keys
    }

    private mutating func identityFields(_ items: [Decoded]) -> [IdentityField] {
        var fields: [IdentityField] = []
        for item in items {
            guard case .map(let map) = item.value else { continue }
            guard let text = map.text("field"), let name = FieldName(text), let value = map.text("value") else {
                report(item, "an identity without field or value", "both", "add {field: X-User, value: user}")
                continue
            }
            // Fields that mean something to HTTP are written by whoever understands them.
            guard name.known == .other else {
                report(
                    map.any("field") ?? item, "\(Excerpt.quoted(text)), which HTTP itself uses",
                    "a name of your own, such as X-User")
                continue
            }
            guard let reference = RequestReference(value) else {
                report(map.any("value") ?? item, Excerpt.quoted(value), "user, scopes, address or a claim such as claims.tenant")
                continue
            }
            if case .path = reference {
                report(
                    map.any("value") ?? item, "\(reference)", "user, scopes, address or a claim", "the path goes upstream anyway")
                continue
            }
            fields.append(IdentityField(name: name, value: reference))
        }
        return fields
    }
}
