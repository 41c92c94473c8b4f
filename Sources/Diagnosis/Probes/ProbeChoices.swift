import HTTPWire

/// The concrete handshakes of each kind of probe for one request; empty where a kind makes no sense for it.
struct ProbeChoices {
    let request: RequestHead
    let signs: SignSet
    let options: ProbeOptions
    let scheme: String
    let bodyText: String

    private var path: String { verbatim(request.pathRange) }
    private var query: String { request.queryRange.map { "?" + verbatim($0) } ?? "" }
    private var hostText: String { request.effectiveHost.map { request.text($0) } ?? "" }
    private var originText: String? { request.value(of: .origin).map { request.text($0) } }

    func choices(_ kind: ProbeKind) -> [ProbeRequest] {
        switch kind {
        case .control: [ProbeRequest(.control, "none (control)", flip: nil)]
        case .originSelf: originSelf
        case .originRemoved:
            originText == nil ? [] : [ProbeRequest(kind, "Origin removed", flip: .flipOriginRemoved, [.remove(.origin)])]
        case .originCandidate: originCandidates
        case .host: hosts
        case .fetchSiteRemoved:
            request.has(.secFetchSite)
                ? [ProbeRequest(kind, "Sec-Fetch-Site removed", flip: .flipFetchSite, [.remove(.secFetchSite)])] : []
        case .forwardedProto:
            signs.contains(.forwardedProtoSecure)
                ? []
                : [ProbeRequest(kind, "X-Forwarded-Proto: https", flip: .flipForwardedProto, [.set("X-Forwarded-Proto", "https")])]
        case .forwardedHost:
            [ProbeRequest(kind, "X-Forwarded-Host: \(hostText)", flip: .flipForwardedHost, [.set("X-Forwarded-Host", hostText)])]
        case .forwardedRemoved: forwardedRemoved
        case .trailingSlash: slash
        case .randomPath: [ProbeRequest(kind, "a path that can't exist", flip: nil, target: randomPath + query)]
        case .randomPathBelow: randomPathBelow
        case .doubledPrefix: doubledPrefix
        case .pathVariant: pathVariants
        case .usualPath:
            // What a variant asks for as well is asked for once.
            path == "/ws" || path == "/ws/" || signs.contains(.engineIOPath) || otherPaths.contains("/ws")
                ? [] : [ProbeRequest(kind, "path /ws", flip: nil, target: "/ws" + query)]
        case .engineIOPath:
            signs.contains(.engineIOPath)
                ? []
                : [
                    ProbeRequest(
                        kind, "path /socket.io/?EIO=4&transport=websocket", flip: .flipEngineIOPath,
                        target: "/socket.io/?EIO=4&transport=websocket")
                ]
        case .engineIOPolling: engineIOPolling
        case .withoutSid:
            signs.contains(.engineIOHasSid)
                ? [ProbeRequest(kind, "without sid", flip: .flipNoSid, target: target { $0 == "sid" ? nil : $1 })] : []
        case .engineIOVersion:
            signs.contains(.engineIOOldVersion)
                ? [ProbeRequest(kind, "EIO=4", flip: .flipEngineIO4, target: target { $0.lowercased() == "eio" ? "4" : $1 })] : []
        case .withoutExtensions:
            request.has(.secWebSocketExtensions)
                ? [
                    ProbeRequest(
                        kind, "Sec-WebSocket-Extensions removed", flip: .flipNoExtensions, [.remove(.secWebSocketExtensions)])
                ] : []
        case .withoutSubprotocol:
            request.has(.secWebSocketProtocol)
                ? [ProbeRequest(kind, "Sec-WebSocket-Protocol removed", flip: .flipNoSubprotocol, [.remove(.secWebSocketProtocol)])]
                : []
        case .subprotocol: subprotocols
        case .version13:
            signs.contains(.versionMissing) || signs.contains(.versionUnsupported)
                ? [ProbeRequest(kind, "Sec-WebSocket-Version: 13", flip: .flipVersion, [.set("Sec-WebSocket-Version", "13")])] : []
        case .properKey:
            signs.contains(.keyMissing) || signs.contains(.keyMalformed)
                ? [
                    ProbeRequest(
                        kind, "a proper Sec-WebSocket-Key", flip: .flipKey, [.set("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")])
                ] : []
        case .methodGet: signs.contains(.methodOther) ? [ProbeRequest(kind, "method GET", flip: .flipMethod, method: "GET")] : []
        case .upgradeFields:
            signs.contains(.upgradeFieldMissing) || signs.contains(.connectionTokenMissing)
                ? [
                    ProbeRequest(
                        kind, "Upgrade: websocket and Connection: Upgrade", flip: .flipUpgradeFields,
                        [.set("Upgrade", "websocket"), .set("Connection", "Upgrade")])
                ]
                : []
        case .plainGet:
            signs.contains(.isPlainRequest) ? [] : [ProbeRequest(kind, "a plain GET", flip: nil, method: "GET", [.removeUpgrade])]
        case .plainRandomPath:
            [
                ProbeRequest(
                    kind, "a plain GET of a path that can't exist", flip: nil, target: randomPath + query, method: "GET",
                    [.removeUpgrade])
            ]
        case .withoutCredentials: withoutCredentials
        case .withCredentials:
            options.credentials.isEmpty
                ? []
                : [
                    ProbeRequest(
                        kind, "with the given credentials", flip: .flipCredentials,
                        options.credentials.map { .set($0.name, $0.value) })
                ]
        case .withoutCookies:
            request.has(.cookie) ? [ProbeRequest(kind, "Cookie removed", flip: .flipSmallHead, [.remove(.cookie)])] : []
        case .userAgent:
            signs.contains(.bearsBrowserAgent)
                ? []
                : [
                    ProbeRequest(
                        kind, "a browser's User-Agent", flip: .flipUserAgent,
                        [
                            .set(
                                "User-Agent",
                                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36")
                        ])
                ]
        case .secure:
            options.mayUseTLS && scheme != "https" ? [ProbeRequest(kind, "over TLS", flip: .flipSecure, secure: true)] : []
        }
    }

    // MARK: Origin and Host

    private var originSelf: [ProbeRequest] {
        let own = ownOrigin
        return own == originText || hostText.isEmpty
            ? [] : [ProbeRequest(.originSelf, "Origin: \(own)", flip: .flipOriginSelf, [.set("Origin", own)])]
    }

    /// The Origin of a page that this host serves itself.
    private var ownOrigin: String {
        // Behind TLS that ended earlier, the page's scheme is the public one.
        let isSecure = scheme == "https" || signs.contains(.forwardedProtoSecure)
        return "\(isSecure ? "https" : "http")://\(hostText)"
    }

    /// The Origins that somebody named: to be tried whatever else is likely.
    var namedOrigins: [ProbeRequest] {
        guard !options.origins.isEmpty else { return [] }
        return (originSelf + originCandidates).filter { probe in options.origins.contains { probe.change == "Origin: \($0)" } }
    }

    private var originCandidates: [ProbeRequest] {
        var candidates = options.origins
        if let originText, let colon = originText.utf8.firstIndex(of: 0x3A), originText[colon...].hasPrefix("://") {
            let scheme = String(originText[..<colon])
            let host = String(originText[colon...].dropFirst(3))
            if let other = ProbeChoices.otherLoopback(host) {
                candidates.append("\(scheme)://\(other)")
            } else {
                candidates.append(host.hasPrefix("www.") ? "\(scheme)://\(host.dropFirst(4))" : "\(scheme)://www.\(host)")
            }
            candidates.append("\(scheme == "https" ? "http" : "https")://\(host)")
            if let own = HostAndPort(host).port { candidates.append("\(scheme)://\(host.dropLast(own.count + 1))") }
        }
        // The host's own Origin is a probe of its own kind.
        var seen = [originText ?? "", ownOrigin]
        return candidates.filter { candidate in
            defer { seen.append(candidate) }
            return !seen.contains(candidate)
        }.prefix(max(5, options.origins.count)).map {
            ProbeRequest(.originCandidate, "Origin: \($0)", flip: .flipOriginOther, [.set("Origin", $0)])
        }
    }

    /// `localhost` for `127.0.0.1` and the other way round, with the same port: one machine, and two Origins.
    private static func otherLoopback(_ host: String) -> String? {
        let place = HostAndPort(host)
        let port = place.port.map { ":\($0)" } ?? ""
        return place.host == "localhost" ? "127.0.0.1\(port)" : place.host == "127.0.0.1" ? "localhost\(port)" : nil
    }

    private var hosts: [ProbeRequest] {
        var candidates = options.hosts
        if let originText, let range = originText.range(of: "://") { candidates.append(String(originText[range.upperBound...])) }
        let own = HostAndPort(hostText)
        if own.port != nil { candidates.append(own.host) }
        candidates.append("localhost")
        var seen = [hostText]
        return candidates.filter { candidate in
            defer { seen.append(candidate) }
            return !candidate.isEmpty && !seen.contains(candidate)
        }.prefix(3).map { ProbeRequest(.host, "Host: \($0)", flip: .flipHost, [.set("Host", $0)]) }
    }

    private var forwardedRemoved: [ProbeRequest] {
        let names: [FieldName] = [.forwarded, .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .xRealIP].filter {
            request.has($0)
        }
        return names.isEmpty
            ? []
            : [ProbeRequest(.forwardedRemoved, "X-Forwarded-* removed", flip: .flipForwardedRemoved, names.map { .remove($0) })]
    }

    // MARK: Paths

    private var slash: [ProbeRequest] {
        guard path.count > 1 else { return [] }
        let other = path.hasSuffix("/") ? String(path.dropLast()) : path + "/"
        return [ProbeRequest(.trailingSlash, "path \(other)", flip: .flipSlash, target: other + query)]
    }

    /// Beside the path that was asked for, so that the same rules of proxies take it.
    private var randomPath: String {
        let parts = path.split(separator: "/")
        return "/" + (parts.dropLast() + [Substring(randomName)]).joined(separator: "/")
    }

    /// Proxies' rules are prefixes, most of them: this one is taken by the rule that takes the path itself.
    private var randomPathBelow: [ProbeRequest] {
        guard path.count > 1 else { return [] }
        let below = path + (path.hasSuffix("/") ? "" : "/") + randomName
        return [ProbeRequest(.randomPathBelow, "a path below it that can't exist", flip: nil, target: below + query)]
    }

    private var randomName: String { "gatehouse-" + String(options.nonce, radix: 16) }

    private var doubledPrefix: [ProbeRequest] {
        guard let first = path.split(separator: "/").first else { return [] }
        let doubled = "/\(first)\(path)"
        return [ProbeRequest(.doubledPrefix, "path \(doubled)", flip: .flipDoubledPrefix, target: doubled + query)]
    }

    private var pathVariants: [ProbeRequest] {
        otherPaths.map { ProbeRequest(.pathVariant, "path \($0)", flip: .flipPrefix, target: $0 + query) }
    }

    /// Without its first part, without its last, behind a usual one, before another usual one.
    private var otherPaths: [String] {
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

    private var engineIOPolling: [ProbeRequest] {
        guard signs.contains(.engineIOPath), !signs.contains(.engineIOPolling) else { return [] }
        let polling = target { $0.lowercased() == "transport" ? "polling" : $1 }
        return [
            ProbeRequest(
                .engineIOPolling, "Engine.IO's polling request", flip: nil, target: polling, method: "GET", [.removeUpgrade])
        ]
    }

    /// The target with each query parameter's value replaced by what `change` gives; nil leaves the parameter out.
    private func target(_ change: (String, String) -> String?) -> String {
        guard let range = request.queryRange else { return path }
        let pairs = request.bytes.pairs(in: range, separator: 0x26).compactMap { pair -> String? in
            let name = verbatim(pair.name)
            return change(name, verbatim(pair.value)).map { "\(name)=\($0)" }
        }
        return pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
    }

    /// As it came: what is sent again must not change.
    private func verbatim(_ range: Range<Int>) -> String {
        String(decoding: request.bytes[range.clamped(to: 0..<request.bytes.count)], as: UTF8.self)
    }

    // MARK: Subprotocols and credentials

    private var subprotocols: [ProbeRequest] {
        var candidates = options.subprotocols
        // Some servers say which one they want.
        if let range = bodyText.range(of: "expected one of ") {
            let names = bodyText[range.upperBound...].prefix { $0 != "." || false }.split(separator: ",")
            candidates += names.prefix(2).map { $0.split(separator: " ").joined() }
        }
        if signs.contains(.saysSubprotocolMissing) || signs.contains(.saysSubprotocolInvalid) {
            candidates += ["graphql-transport-ws", "graphql-ws", "mqtt", "actioncable-v1-json", "v12.stomp", "ocpp1.6"]
        }
        return candidates.prefix(6).map {
            ProbeRequest(
                .subprotocol, "Sec-WebSocket-Protocol: \($0)", flip: .flipSubprotocol, [.set("Sec-WebSocket-Protocol", $0)])
        }
    }

    private var withoutCredentials: [ProbeRequest] {
        guard signs.contains(.hasAuthorization) || signs.contains(.hasCookie) else { return [] }
        return [
            ProbeRequest(
                .withoutCredentials, "Authorization and Cookie removed", flip: .flipNoCredentials,
                [.remove(.authorization), .remove(.cookie)])
        ]
    }
}

extension String {
    /// The first place of `text` in this string, without Foundation.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        let wanted = Array(text.utf8)
        let all = utf8
        guard !wanted.isEmpty, all.count >= wanted.count else { return nil }
        var start = all.startIndex
        var left = all.count
        while left >= wanted.count {
            if all[start...].starts(with: wanted) { return start..<all.index(start, offsetBy: wanted.count) }
            start = all.index(after: start)
            left -= 1
        }
        return nil
    }
}
