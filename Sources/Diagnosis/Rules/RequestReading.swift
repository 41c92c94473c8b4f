import HTTPWire
import Wire

/// Reads the signs of a request.
enum RequestReading {
    static func read(_ head: RequestHead, _ observation: HandshakeObservation, into signs: inout SignReading) {
        readFields(head, observation, into: &signs)
        OriginReading.read(head, scheme: observation.client.scheme, into: &signs)
        let tokens = readCredentials(head, into: &signs)
        if !observation.credentialHolds { readTokens(head, tokens, at: observation.openedAt, into: &signs) }
        readTarget(head, into: &signs)
        readForwarding(head, into: &signs)
        signs.add(observation.client.scheme == "https" ? .clientUsedTLS : .clientUsedPlain)
        if head.bytes.count > 7800 {
            signs.add(.headIsLarge)
            if let index = head.fields.firstIndex(where: { $0.value.count > 7800 }) {
                signs.add(.fieldIsLarge, .requestFieldAt(index))
            }
        }
        signs.add(.queryIsLong, if: head.targetRange.count > 4000)
    }

    private static func readFields(_ head: RequestHead, _ observation: HandshakeObservation, into signs: inout SignReading) {
        let isAttempt = UpgradeRequestCheck.isWebSocketAttempt(head)
        // What a plain request lacks of a handshake is no fault of it.
        let faults = isAttempt ? observation.requestFaults : []
        for fault in faults {
            if let field = fault.field { signs.add(fault.sign, .requestField(field)) } else { signs.add(fault.sign, .requestLine) }
        }
        let breaking = faults.contains { $0 != .originRepeated && $0 != .body }
        signs.add(.isUpgrade, if: isAttempt && !breaking)
        signs.add(.isPlainRequest, if: !isAttempt)
        signs.add(.viaInRequest, if: head.section.has(KnownField.via))
        if let site = head.value(of: .secFetchSite),
            head.bytes.matches("cross-site", at: site) || head.bytes.matches("same-site", at: site)
        {
            signs.add(.fetchSiteCross, .requestField(.secFetchSite))
        }
        if head.section.has(KnownField.secWebSocketProtocol) {
            signs.add(.offersSubprotocol, .requestField(.secWebSocketProtocol))
        } else {
            signs.add(.offersNoSubprotocol)
        }
        for offer in head.elements(of: .secWebSocketExtensions) where head.bytes.contains("permessage-deflate", in: offer) {
            signs.add(.offersDeflate, .requestField(.secWebSocketExtensions))
        }
        if let agent = head.value(of: .userAgent) {
            signs.add(.bearsBrowserAgent, if: head.bytes.contains("mozilla/", in: agent))
        } else {
            signs.add(.noUserAgent)
        }
    }

    /// Finds credentials by their places and names; gives the ranges that look like JSON Web Tokens.
    private static func readCredentials(_ head: RequestHead, into signs: inout SignReading) -> [Range<Int>] {
        var tokens: [Range<Int>] = []
        let bytes = head.bytes
        if let value = head.value(of: .authorization) {
            signs.add(.hasAuthorization, .requestField(.authorization))
            if let start = bytes.find("eyj", in: value) { tokens.append(start..<value.upperBound) }
        }
        if let value = head.value(of: .cookie) {
            signs.add(.hasCookie, .requestField(.cookie))
            if let start = bytes.find("=eyj", in: value) { tokens.append(start + 1..<value.upperBound) }
        }
        if let query = head.queryRange {
            for pair in bytes.pairs(in: query, separator: 0x26) where !pair.value.isEmpty {
                let isSid = bytes.matches("sid", at: pair.name)
                if !isSid, SecretNames.kind(bytes, pair.name, .parameter) == .credential || bytes.isJSONWebToken(pair.value) {
                    signs.add(.hasQueryToken, .requestLine)
                }
                if bytes.isJSONWebToken(pair.value) { tokens.append(pair.value) }
            }
        }
        for element in head.section.has(KnownField.secWebSocketProtocol) ? head.elements(of: .secWebSocketProtocol) : [] {
            let isWord = ["bearer", "authorization", "jwt", "token", "access_token"].contains(
                bytes.printable(element, limit: 20).lowercased())
            if isWord || bytes.isJSONWebToken(element) || CredentialReading.isTokenLike(bytes.printable(element, limit: 200)) {
                signs.add(.hasSubprotocolToken, .requestField(.secWebSocketProtocol))
            }
            if bytes.isJSONWebToken(element) { tokens.append(element) }
        }
        for (index, field) in head.fields.enumerated() where field.known == .other {
            if SecretNames.kind(bytes, field.name, .field) == .credential { signs.add(.hasTokenField, .requestFieldAt(index)) }
            if bytes[field.name.clamped(to: 0..<bytes.count)].contains(0x5F) {
                signs.add(.hasUnderscoreField, .requestFieldAt(index))
            }
        }
        signs.add(credentials.isDisjoint(with: signs.set) ? .noCredentials : .hasCredentials)
        return tokens
    }

    private static let credentials: SignSet = [
        .hasAuthorization, .hasCookie, .hasQueryToken, .hasSubprotocolToken, .hasTokenField,
    ]

    /// Reads `exp` and `nbf` of the first token whose payload can be read. Times before 2001 are no wall clock and compared with nothing.
    private static func readTokens(_ head: RequestHead, _ tokens: [Range<Int>], at now: Timestamp, into signs: inout SignReading) {
        let seconds = now.nanoseconds / 1_000_000_000
        guard seconds > 978_307_200 else { return }
        for token in tokens {
            guard let claims = TokenClaims(head.bytes, token) else { continue }
            if let end = claims.expires, end < seconds {
                signs.add(.tokenHasExpired, .note("exp: \(end), \(seconds - end) s before this handshake"))
            }
            if let start = claims.notBefore, start > seconds {
                signs.add(.tokenNotYetValid, .note("nbf: \(start), \(start - seconds) s after this handshake"))
            }
            return
        }
    }

    private static func readTarget(_ head: RequestHead, into signs: inout SignReading) {
        let bytes = head.bytes
        let path = head.pathRange
        signs.add(.pathIsRoot, if: path.count <= 1)
        signs.add(.pathEndsInSlash, if: path.count > 1 && path.last.map { bytes[$0] == 0x2F } == true)
        if bytes.contains("/socket.io", in: path) || bytes.contains("/engine.io", in: path) {
            signs.add(.engineIOPath, .requestLine)
        }
        guard let query = head.queryRange else { return }
        for pair in bytes.pairs(in: query, separator: 0x26) {
            if bytes.matches("eio", at: pair.name) {
                signs.add(.engineIOPath, .requestLine)
                if bytes.equals("2", at: pair.value) || bytes.equals("3", at: pair.value) {
                    signs.add(.engineIOOldVersion, .requestLine)
                }
            }
            if bytes.matches("transport", at: pair.name), bytes.matches("polling", at: pair.value) {
                signs.add(.engineIOPolling, .requestLine)
            }
        }
        for pair in bytes.pairs(in: query, separator: 0x26) where bytes.matches("sid", at: pair.name) && signs.has(.engineIOPath) {
            signs.add(.engineIOHasSid, .requestLine)
        }
    }

    private static func readForwarding(_ head: RequestHead, into signs: inout SignReading) {
        signs.add(.forwardedForPresent, if: head.section.has(KnownField.xForwardedFor))
        guard let value = head.value(of: .xForwardedProto) else { return }
        if head.bytes.matches("https", at: value) { signs.add(.forwardedProtoSecure, .requestField(.xForwardedProto)) }
        if head.bytes.matches("wss", at: value) || head.bytes.matches("ws", at: value) {
            signs.add(.forwardedProtoWebSocket, .requestField(.xForwardedProto))
        }
    }
}
