/// Other paths to try: variants of the one that was asked for, and such as can't exist.
extension ProbeChoices {
    var slash: [ProbeRequest] {
        guard path.count > 1 else { return [] }
        let other = path.hasSuffix("/") ? String(path.dropLast()) : path + "/"
        return [ProbeRequest(.trailingSlash, "path \(other)", flip: .flipSlash, target: other + query)]
    }

    /// Beside the path that was asked for, so that the same rules of proxies take it.
    var randomPath: String {
        let parts = path.split(separator: "/")
        return "/" + (parts.dropLast() + [Substring(randomName)]).joined(separator: "/")
    }

    /// Proxies' rules are prefixes, most of them: this one is taken by the rule that takes the path itself.
    var randomPathBelow: [ProbeRequest] {
        guard path.count > 1 else { return [] }
        let below = path + (path.hasSuffix("/") ? "" : "/") + randomName
        return [ProbeRequest(.randomPathBelow, "a path below it that can't exist", flip: nil, target: below + query)]
    }

    private var randomName: String { "gatehouse-" + String(options.nonce, radix: 16) }

    var doubledPrefix: [ProbeRequest] {
        guard let first = path.split(separator: "/").first else { return [] }
        let doubled = "/\(first)\(path)"
        return [ProbeRequest(.doubledPrefix, "path \(doubled)", flip: .flipDoubledPrefix, target: doubled + query)]
    }

    var pathVariants: [ProbeRequest] {
        otherPaths.map { ProbeRequest(.pathVariant, "path \($0)", flip: .flipPrefix, target: $0 + query) }
    }

    /// Without its first part, without its last, behind a usual one, before another usual one.
    var otherPaths: [String] {
        let parts = path.split(separator: "/")
        var candidates: [String] = []
        if parts.count > 1 {
            candidates.append("/" + parts.dropFirst().joined(separator: "/") + (path.hasSuffix("/") ? "/" : ""))
            candidates.append("/" + parts.dropLast().joined(separator: "/"))
        }
        if parts.first != "api" { candidates.append("/api" + (path == "/" ? "/ws" : path)) }
        if parts.first != "ws", parts.last != "ws" { candidates.append("/ws" + (path == "/" ? "" : path)) }
        candidates.append((path.hasSuffix("/") ? path : path + "/") + "websocket")
        candidates.append("/websocket")
        var seen = [path]
        return Array(
            candidates.filter { candidate in
                defer { seen.append(candidate) }
                return !seen.contains(candidate)
            }.prefix(6))
    }

    /// What a path that can't exist has in it, and what the path has in its place: a page that repeats its path differs by that.
    func standIn(_ kind: ProbeKind) -> (name: [UInt8], original: [UInt8])? {
        let hasSlash = path.hasSuffix("/")
        switch kind {
        case .randomPath:
            let last = String(path.split(separator: "/").last ?? "")
            return (Array(randomName.utf8), Array((last + (hasSlash && !last.isEmpty ? "/" : "")).utf8))
        case .randomPathBelow: return (Array(((hasSlash ? "" : "/") + randomName).utf8), [])
        default: return nil
        }
    }
}
