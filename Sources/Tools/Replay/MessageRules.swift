import CaptureFile
import WebSocketWire
import Wire

/// When two messages are the same.
struct MessageRules {
    enum Mode: String, CaseIterable {
        /// JSON by its values, whatever the order of members and the blanks; everything else by its bytes.
        case json
        /// Byte by byte.
        case exact
        /// Text or binary, whatever stands in it.
        case type
    }

    enum Order: String, CaseIterable { case kept, free }

    var mode = Mode.json
    var order = Order.kept
    /// What doesn't count in JSON.
    var ignored: [JSONPath] = []
    /// What doesn't count in texts: each match stands for any other.
    var patterns: [Regex<AnyRegexOutput>] = []

    /// A message without what doesn't count. Equal ones agree.
    enum Canonical: Hashable {
        case json(JSONNode)
        case bytes(isText: Bool, [UInt8])
        case anything(isText: Bool)
    }

    func canonical(_ opcode: Opcode, _ payload: [UInt8]) -> Canonical {
        let isText = opcode == .text
        guard mode != .type else { return .anything(isText: isText) }
        guard isText else { return .bytes(isText: false, payload) }
        var bytes = payload
        if !patterns.isEmpty {
            var text = String(decoding: payload, as: UTF8.self)
            for pattern in patterns { text = text.replacing(pattern, with: "…") }
            bytes = Array(text.utf8)
        }
        guard mode == .json, let first = bytes.first(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }),
            first == 0x7B || first == 0x5B, var node = JSONNode(bytes)
        else { return .bytes(isText: true, bytes) }
        for path in ignored { node = path.removing(from: node) }
        return .json(MessageRules.sorted(node))
    }

    private static func sorted(_ node: JSONNode) -> JSONNode {
        switch node {
        case .object(let members):
            .object(members.map { JSONNode.Member(key: $0.key, value: sorted($0.value)) }.sorted { $0.key < $1.key })
        case .array(let elements): .array(elements.map { sorted($0) })
        default: node
        }
    }

    /// In what two messages differ, in one line.
    static func explain(_ recorded: Canonical, _ present: Canonical) -> String {
        switch (recorded, present) {
        case (.json(let old), .json(let new)): jsonDifference(old, new, "$") ?? "nothing"
        case (.bytes(let oldIsText, let old), .bytes(let newIsText, let new)) where oldIsText == newIsText:
            bytesDifference(old, new, isText: oldIsText)
        default: "recorded \(shown(recorded)), now \(shown(present))"
        }
    }

    private static func jsonDifference(_ old: JSONNode, _ new: JSONNode, _ path: String) -> String? {
        guard old != new else { return nil }
        switch (old, new) {
        case (.object(let olds), .object(let news)):
            for member in olds {
                let place = "\(path).\(member.key)"
                guard let now = new[member.key] else { return "\(place): recorded \(cut(member.value.shown)), now missing" }
                if let difference = jsonDifference(member.value, now, place) { return difference }
            }
            for member in news where old[member.key] == nil {
                return "\(path).\(member.key): not in the recording, now \(cut(member.value.shown))"
            }
        case (.array(let olds), .array(let news)):
            for index in 0..<min(olds.count, news.count) {
                if let difference = jsonDifference(olds[index], news[index], "\(path)[\(index)]") { return difference }
            }
            if olds.count != news.count { return "\(path): recorded \(olds.count) elements, now \(news.count)" }
        default: break
        }
        return "\(path): recorded \(cut(old.shown)), now \(cut(new.shown))"
    }

    private static func bytesDifference(_ old: [UInt8], _ new: [UInt8], isText: Bool) -> String {
        let same = zip(old, new).prefix { $0 == $1 }.count
        func shown(_ bytes: [UInt8]) -> String {
            let start = same > 20 ? same - 12 : 0
            let piece = bytes[min(start, bytes.count)..<min(start + 60, bytes.count)]
            let text =
                isText
                ? "\"\(String(decoding: piece, as: UTF8.self))\""
                : piece.prefix(24).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            return (start > 0 ? "…" : "") + text + (start + 60 < bytes.count ? "…" : "")
        }
        let sizes = old.count == new.count ? "" : " (\(old.count) and \(new.count) bytes)"
        return "from byte \(same): recorded \(shown(old)), now \(shown(new))\(sizes)"
    }

    /// A message in a few words.
    static func shown(_ message: Canonical) -> String {
        switch message {
        case .json(let node): cut(node.shown)
        case .bytes(true, let bytes): cut("\"\(String(decoding: bytes.prefix(200), as: UTF8.self))\"")
        case .bytes(false, let bytes): "binary of \(bytes.count) bytes"
        case .anything(let isText): isText ? "a text" : "a binary message"
        }
    }

    private static func cut(_ text: String) -> String { text.count > 100 ? text.prefix(99) + "…" : text }
}
