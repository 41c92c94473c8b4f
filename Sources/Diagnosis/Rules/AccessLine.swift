import HTTPWire
import Wire

/// A line of an access log that says how a request arrived at the backend: held against what was sent, it tells what a hop between did to it.
///
/// Only the forms of servers that log upgrades in another form than plain requests are read, since only there the absence of the one means
/// something: uvicorn (`"WebSocket /ws" 403`, `"GET /ws HTTP/1.1" 404 Not Found`) and daphne (`"WSCONNECTING /ws" - -`, `"GET /ws" 404 179`). An
/// `Unsupported upgrade request` of uvicorn's is a sign of its own: there the upgrade did arrive.
struct AccessLine {
    enum Kind {
        case webSocket
        case plain
    }

    let kind: Kind
    /// Without the query.
    let path: [UInt8]
    /// Nil where the line has none.
    let status: Int?

    /// Nil for every other line.
    init?(_ line: [UInt8]) {
        let bytes = line.prefix(2048)
        guard let open = bytes.firstIndex(of: 0x22), let close = bytes[(open + 1)...].firstIndex(of: 0x22) else { return nil }
        let words = bytes[(open + 1)..<close].split(separator: 0x20)
        guard (2...3).contains(words.count), words[1].first == 0x2F else { return nil }
        let rest = bytes[(close + 1)...].split(separator: 0x20)
        let status = rest.first.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
        switch String(decoding: words[0], as: UTF8.self) {
        case "WebSocket", "WSCONNECTING":
            // What the backend accepted is no refusal, whose path it may resemble.
            guard words.count == 2, rest.first.map({ !$0.elementsEqual("[accepted]".utf8) }) ?? true else { return nil }
            kind = .webSocket
        case "GET":
            guard let status, (100..<600).contains(status) else { return nil }
            let isUvicorn =
                words.count == 3 && words[2].starts(with: Array("HTTP/".utf8)) && rest.count > 1
                && rest[1].first.map { (0x41...0x5A).contains($0) } == true && rest.last?.last != 0x22
            let isDaphne = words.count == 2 && rest.count == 2
            guard isUvicorn || isDaphne else { return nil }
            kind = .plain
        default: return nil
        }
        path = Array(words[1].prefix { $0 != 0x3F })
        self.status = status
    }

    /// What the line says of an upgrade with this head and this answer; nil if it speaks of another request, or may.
    func sign(_ request: RequestHead, _ answer: Int?) -> Sign? {
        if let status, let answer, status != answer { return nil }
        let target = request.targetRange
        let sent = request.bytes[target].prefix { $0 != 0x3F }
        switch kind {
        case .plain:
            // A hop may have changed the path as well; another request with the same answer must not be taken for this one.
            return path.elementsEqual(sent) && answer != nil ? .outputSawPlainRequest : nil
        case .webSocket:
            if path.elementsEqual(sent) { return .outputSawUpgrade }
            guard answer != nil || status == nil, AccessLine.isCutFrom(path, Array(sent)) || AccessLine.isCutFrom(Array(sent), path)
            else {
                return nil
            }
            return .outputSawOtherPath
        }
    }

    /// Whether `short` is `long` without a prefix, as hops strip it.
    private static func isCutFrom(_ short: [UInt8], _ long: [UInt8]) -> Bool {
        if short == [0x2F] { return long.count > 1 }
        return short.count > 1 && short.count < long.count && long.suffix(short.count).elementsEqual(short)
    }
}
