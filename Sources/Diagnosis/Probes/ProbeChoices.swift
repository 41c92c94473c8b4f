import HTTPWire

/// The concrete handshakes of each kind of probe for one request; empty where a kind makes no sense for it.
struct ProbeChoices {
    let request: RequestHead
    let signs: SignSet
    let options: ProbeOptions
    let scheme: String
    /// Subprotocols that the refusal names as those it takes.
    let named: [String]

    var path: String { verbatim(request.pathRange) }
    var query: String { request.queryRange.map { "?" + verbatim($0) } ?? "" }
    var hostText: String { request.effectiveHost.map { request.text($0) } ?? "" }
    var originText: String? { request.value(of: .origin).map { request.text($0) } }

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

    // MARK: Subprotocols and credentials

    private var subprotocols: [ProbeRequest] {
        // Some servers say which ones they want.
        var candidates = options.subprotocols + named.prefix(2)
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

    // MARK: The query

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
}
