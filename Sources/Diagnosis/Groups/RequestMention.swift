import Wire

/// A line that names the request that failed, as it stands beside a traceback: whose traceback that is, nothing else tells.
///
/// uvicorn logs a plain request before or behind its traceback, Django, Flask and gunicorn say the path first, the access logs of others follow. A line
/// that says nothing of a failure (`[accepted]`, 403) is no mention: of sessions that run beside each other any may have written it.
struct RequestMention: Sendable {
    /// How far a mention may be from its traceback.
    static let reach = TimeSpan.milliseconds(100)

    /// Without the query.
    let path: [UInt8]
    /// A plain request for sure, hence no upgrade's.
    let isPlain: Bool
    /// Whether the traceback may come after the line, and before it.
    let leads: Bool
    let follows: Bool

    init?(_ line: [UInt8]) {
        let bytes = line.prefix(2048)
        if let start = RequestMention.markers.compactMap({ RequestMention.end(of: $0, in: bytes) }).first {
            path = Array(bytes[start...].prefix { $0 != 0x3F && $0 > 0x20 })
            isPlain = false
            leads = true
            follows = false
            return
        }
        guard let open = bytes.firstIndex(of: 0x22), let close = bytes[(open + 1)...].firstIndex(of: 0x22) else { return nil }
        let words = bytes[(open + 1)..<close].split(separator: 0x20)
        guard (2...3).contains(words.count), words[1].first == 0x2F, !words[0].elementsEqual("WebSocket".utf8) else { return nil }
        let rest = bytes[(close + 1)...].split(separator: 0x20)
        guard let status = rest.first.flatMap({ Int(String(decoding: $0, as: UTF8.self)) }), (500..<600).contains(status) else {
            return nil
        }
        path = Array(words[1].prefix { $0 != 0x3F })
        // uvicorn's form has the phrase behind the status. It logs upgrades otherwise, so that this one was plain.
        let hasPhrase = rest.count > 1 && rest[1].first.map { (0x41...0x5A).contains($0) } == true
        isPlain = words.count == 3 && hasPhrase
        leads = isPlain
        follows = true
    }

    /// Whether a request to `other` may be meant: the same path, or one of them without a prefix, as hops strip it.
    func fits(_ other: [UInt8]) -> Bool {
        if other.isEmpty || other == path { return true }
        let short = path.count < other.count ? path : other
        let long = path.count < other.count ? other : path
        return short.count > 1 && long.suffix(short.count).elementsEqual(short)
    }

    /// The path's first byte is the last of these words.
    private static let markers = ["Internal Server Error: /", "Exception on /", "Error handling request /"].map { Array($0.utf8) }

    /// Where the path begins.
    private static func end(of marker: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= marker.count else { return nil }
        for start in bytes.startIndex...(bytes.endIndex - marker.count)
        where bytes[start] == marker[0] && bytes[start..<start + marker.count].elementsEqual(marker) {
            return start + marker.count - 1
        }
        return nil
    }
}
