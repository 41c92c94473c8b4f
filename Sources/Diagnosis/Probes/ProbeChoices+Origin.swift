import HTTPWire

/// Other Origins and Hosts to try, and the fields in which hops say what they were.
extension ProbeChoices {
    var originSelf: [ProbeRequest] {
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

    var originCandidates: [ProbeRequest] {
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

    var hosts: [ProbeRequest] {
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

    var forwardedRemoved: [ProbeRequest] {
        let names: [FieldName] = [.forwarded, .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .xRealIP].filter {
            request.has($0)
        }
        return names.isEmpty
            ? []
            : [ProbeRequest(.forwardedRemoved, "X-Forwarded-* removed", flip: .flipForwardedRemoved, names.map { .remove($0) })]
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
