import HTTPWire
import ProxyCore
import Wire

extension SnapshotBuilder {
    /// The gate of a route; nil if it has no rule.
    mutating func gate(_ map: DecodedMap, ofRoute: Bool) -> Gate? {
        var limits = SessionLimits()
        if ofRoute, let written = map.map("limits") {
            limits.sessions = written.integer("sessions")
            limits.sessionsPerUser = written.integer("sessions_per_user")
            limits.upgradesPerSecond = written.integer("upgrades_per_second")
            limits.messagesPerSecond = written.integer("messages_per_second")
            limits.messageSize = written.size("message_size")
            limits.onLimit = written.word("on_limit")
            if limits.sessionsPerUser != nil, map.any("auth") == nil, let place = written.any("sessions_per_user") {
                report(
                    place, "a limit for each user where nobody is named", "auth beside it", "add auth, or use sessions_per_address")
            }
        }
        let origins = map.any("origins").flatMap { originRule($0) }
        let authentication = map.any("auth").flatMap { authenticationRule($0) }
        let permission = map.any("permission").flatMap { permissionRule($0, map.map("auth")) }
        if let origins, origins.allow.contains(.any), let authentication, let written = map.any("origins"),
            authentication.sources.contains(where: { if case .cookie = $0 { true } else { false } })
        {
            warn(
                written, "every origin with a credential from a cookie", "the origins of your own pages",
                "browsers send the cookie along for any page on the Internet, which could then act as the user")
        }
        let gate = Gate(
            origins: origins, authentication: authentication, permission: permission, limits: limits,
            coversRequests: map.text("guards") == "all")
        if gate.isOpen, let guards = map.any("guards"), map.any("origins") == nil, map.any("auth") == nil {
            report(guards, "guards without anything to judge by", "origins, auth or permission beside it", "remove guards")
        }
        return gate.isOpen ? nil : gate
    }

    // MARK: Origins

    private mutating func originRule(_ written: Decoded) -> OriginRule? {
        var items: [Decoded] = []
        var rule = OriginRule(allow: [])
        switch written.value {
        case .list(let list): items = list
        case .map(let map):
            items = map.list("allow") ?? []
            if let missing: OriginRule.Missing = map.word("missing") { rule.missing = missing }
            rule.reportOnly = map.boolean("report_only") ?? false
        default: return nil
        }
        if items.isEmpty {
            report(written, "origins of which none is allowed", "at least one", "add allow: [same-host]")
        }
        for item in items {
            guard case .text(let text) = item.value else { continue }
            do throws(OriginPatternFault) { rule.allow.append(try OriginPattern(text)) } catch {
                report(
                    item, "\(Excerpt.quoted(text)), which \(error.explanation)",
                    "an origin such as https://app.example.com, https://*.example.com, same-host, null or *", error.remedy)
            }
        }
        return rule
    }

    // MARK: Permission

    private mutating func permissionRule(_ written: Decoded, _ auth: DecodedMap?) -> PermissionRule? {
        var items: [Decoded] = []
        var rule = PermissionRule(conditions: [])
        switch written.value {
        case .list(let list): items = list
        case .map(let map):
            items = map.list("require") ?? []
            rule.reportOnly = map.boolean("report_only") ?? false
            if let text = map.text("path"), let place = map.any("path") {
                rule.template = PathTemplate(text)
                if rule.template == nil {
                    report(place, Excerpt.quoted(text), "a path such as /conversations/{id}/ws, decoded, each name once")
                }
            }
        default: return nil
        }
        if items.isEmpty, rule.template == nil {
            report(written, "a permission without a condition", "at least one", "add require: [claims.conversation == path.id]")
        }
        for item in items {
            guard case .text(let text) = item.value else { continue }
            do throws(PermissionExpression.Fault) {
                let condition = try PermissionExpression(text)
                rule.conditions.append(condition)
                for reference in condition.references { check(reference, rule, auth, at: item) }
            } catch {
                report(item, error.observed, error.expected)
            }
        }
        return rule
    }

    private mutating func check(_ reference: RequestReference, _ rule: PermissionRule, _ auth: DecodedMap?, at place: Decoded) {
        switch reference {
        case .path(let name) where rule.template?.names.contains(name) != true:
            report(
                place, "\(reference), which no path names", "a path with {\(String(decoding: name, as: UTF8.self))} in it",
                "write permission as a map: {path: \"/conversations/{id}/ws\", require: […]}")
        case .claim, .scopes:
            guard !["jwt", "forward", "subjects"].contains(where: { auth?.any($0) != nil }) else { return }
            report(
                place, "\(reference) where nothing with claims is checked", "auth with jwt, forward or subjects beside it",
                "add auth: {from: […], jwt: {…}}")
        case .user:
            guard auth == nil else { return }
            report(place, "user where nobody is authenticated", "auth beside it", "add auth")
        default: break
        }
    }
}
