public import Wire

/// The WebSocket handshakes and messages of a HAR document, as Chromium and mitmproxy write them (`_webSocketMessages`).
///
/// Heads are written anew from the fields that the document lists, so they are not the bytes of the wire; the order and the case are those
/// of the document.
public struct HARFile: Sendable {
    /// One handshake and what followed it.
    public struct Session: Sendable {
        public var startedAt: Timestamp
        /// Host and port as they stand in the URL, without a user's name; empty where the URL has none.
        public var authority: String
        /// The request's head, with its empty line.
        public var request: [UInt8]
        /// The response's head; nil where the document has no status.
        public var response: [UInt8]?
        /// From the request to the response.
        public var wait: TimeSpan
        public var body: [UInt8]
        public var messages: [Message]
        /// Whether of the response only the status is known: browsers don't show a page, nor their tools, how a handshake was refused.
        public var isStatusOnly = false
    }

    public struct Message: Sendable {
        public var direction: Direction
        public var time: Timestamp
        public var opcode: UInt8
        public var payload: [UInt8]
    }

    public var sessions: [Session]
    /// The document's length in bytes.
    public let length: Int

    /// The document that `bytes` hold, or nil if they are no HAR.
    public init?(_ bytes: [UInt8]) {
        guard let document = JSONNode(bytes), let entries = document["log"]?["entries"], case .array = entries else { return nil }
        length = bytes.count
        sessions = entries.elements.compactMap { HARFile.session($0) }
    }

    private static func session(_ entry: JSONNode) -> Session? {
        guard let request = entry["request"], let url = request["url"]?.text else { return nil }
        let fields = HARFile.fields(request)
        let isUpgrade = fields.contains { $0.name.lowercased() == "upgrade" && $0.value.lowercased().contains("websocket") }
        let messages = entry["_webSocketMessages"]
        guard isUpgrade || messages != nil || entry["_resourceType"]?.text == "websocket" else { return nil }
        let startedAt = entry["startedDateTime"]?.text.flatMap { CalendarTime.parse($0) } ?? .zero
        let (target, authority) = HARFile.split(url)
        var lines = ["\(HARFile.line(request["method"]?.text ?? "GET")) \(target) HTTP/1.1"]
        if !fields.contains(where: { $0.name.lowercased() == "host" }) { lines.append("Host: \(authority)") }
        lines += fields.map { "\($0.name): \($0.value)" }
        let response = entry["response"]
        let status = Int(exactly: response?["status"]?.number ?? 0) ?? 0
        var answer: [UInt8]?
        if let response, (100..<600).contains(status) {
            let head =
                ["HTTP/1.1 \(status) \(HARFile.line(response["statusText"]?.text ?? ""))"]
                + HARFile.fields(response).map { "\($0.name): \($0.value)" }
            answer = Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        }
        let told = (messages?.elements ?? []).compactMap { message($0) }
        let refusal = answer == nil ? (messages?.elements ?? []).lazy.compactMap { refusedStatus($0) }.first : nil
        if let refusal { answer = Array("HTTP/1.1 \(refusal) \r\n\r\n".utf8) }
        // Chromium's wait ends later than the first messages come.
        var wait = span(milliseconds: entry["timings"]?["wait"]?.number ?? 0)
        if startedAt != .zero, let first = told.first?.time, first >= startedAt { wait = min(wait, first - startedAt) }
        return Session(
            startedAt: startedAt, authority: authority, request: Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8),
            response: answer,
            wait: wait, body: Array((response?["content"]?["text"]?.text ?? "").utf8),
            messages: told, isStatusOnly: refusal != nil)
    }

    /// `Error during WebSocket handshake: Unexpected response code: 403`, which is all that Chromium keeps of a refusal.
    private static func refusedStatus(_ node: JSONNode) -> Int? {
        guard node["type"]?.text == "error", let words = node["data"]?.text else { return nil }
        let mark = "Unexpected response code: "
        guard let place = words.firstRange(of: mark), let status = Int(words[place.upperBound...].prefix { $0.isNumber }),
            (100..<600).contains(status), status != 101
        else { return nil }
        return status
    }

    private static func message(_ node: JSONNode) -> Message? {
        guard let type = node["type"]?.text, let time = node["time"]?.number, time >= 0, time < 1e10 else { return nil }
        let opcode = node["opcode"]?.number ?? 1
        guard opcode >= 0, opcode < 16 else { return nil }
        let data = node["data"]?.text ?? ""
        // Nanoseconds since 1970 are more than a double holds exactly; microseconds are not.
        let micros = UInt64((time * 1_000_000).rounded())
        return Message(
            direction: type == "send" ? .clientToServer : .serverToClient, time: Timestamp(nanoseconds: micros * 1000),
            opcode: UInt8(opcode), payload: opcode == 1 ? Array(data.utf8) : Base64.decode(data.utf8) ?? Array(data.utf8))
    }

    /// Name and value of each field that can stand in a head.
    private static func fields(_ node: JSONNode) -> [(name: String, value: String)] {
        (node["headers"]?.elements ?? []).prefix(256).compactMap { field in
            guard let name = field["name"]?.text, let value = field["value"]?.text else { return nil }
            // HTTP/2's pseudo fields are no fields.
            guard !name.isEmpty, !name.hasPrefix(":"), line(name) == name, HARFile.value(value) == value else { return nil }
            return (name, value)
        }
    }

    /// Text without what would begin another line.
    private static func line(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 >= 0x20 && $0 != 0x7F }, as: UTF8.self)
    }

    /// What can be a field's value, which may have tabs (RFC 9110 §5.5).
    private static func value(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, as: UTF8.self)
    }

    private static func split(_ url: String) -> (target: String, authority: String) {
        let bytes = Array(line(url).utf8)
        var start = 0
        if let colon = bytes.firstIndex(of: 0x3A), bytes[colon...].starts(with: Array("://".utf8)) { start = colon + 3 }
        let rest = bytes[start...]
        let end = rest.firstIndex { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 } ?? rest.endIndex
        let target = rest[end...].prefix { $0 != 0x23 && $0 != 0x20 }
        let text = String(decoding: target, as: UTF8.self)
        // What stands before the `@` may be a password, and is no part of a Host.
        let host = rest[..<end].lastIndex(of: 0x40).map { rest[($0 + 1)..<end] } ?? rest[..<end]
        return (text.hasPrefix("/") ? text : "/" + text, String(decoding: host, as: UTF8.self))
    }

    private static func span(milliseconds: Double) -> TimeSpan {
        milliseconds > 0 && milliseconds < 1e9 ? TimeSpan(nanoseconds: UInt64(milliseconds * 1_000_000)) : .zero
    }
}
