import HTTPWire
import Probing
import WebSocketWire
import Wire

/// Writes a recorded request anew for another server.
///
/// Start line and fields are the recorded ones, in their order and case, but for: the Host, an Origin of the recorded host's own, a fresh
/// key in the place of a valid one (an invalid one is part of what was recorded), no extensions but permessage-deflate (which is negotiated
/// anew where the recorded client offered it), and whatever the rules say.
struct ReplayRequest {
    let bytes: [UInt8]
    /// The key whose answer is expected; empty where none is sent.
    let key: [UInt8]

    /// - Parameter isPlain: whether no compression is offered.
    init(
        _ recorded: RequestHead, to place: DiagnosePlace, hasPath: Bool, rules: RewriteRules, key fresh: String,
        isPlain: Bool = false
    ) {
        let recordedHost = recorded.effectiveHost.map { recorded.text($0) } ?? ""
        var target = recorded.targetForm == .origin && !hasPath ? recorded.text(recorded.targetRange) : place.target
        for (name, value) in rules.query { target = ReplayRequest.setting(name, value, in: target) }
        var lines: [(name: String, value: String)] = []
        var key = ""
        for index in recorded.fields.indices {
            let name = recorded.text(recorded.fields[index].name)
            var value = recorded.text(recorded.fields[index].value)
            switch name.lowercased() {
            case "host": value = rules.host ?? place.authority
            case "origin":
                let own =
                    value.lowercased() == "http://\(recordedHost)".lowercased()
                    || value.lowercased() == "https://\(recordedHost)".lowercased()
                value = rules.origin ?? (own ? place.origin : value)
            case "sec-websocket-key":
                if AcceptKey.isValid(key: Array(value.utf8).span.bytes) { value = fresh }
                key = value
            case "sec-websocket-extensions":
                // Others can be neither spoken nor compared.
                let offers = isPlain ? [] : ReplayRequest.compression(recorded, index)
                if offers.isEmpty { continue }
                value = offers.joined(separator: ", ")
            default: break
            }
            lines.append((name, value))
        }
        if let origin = rules.origin, !lines.contains(where: { $0.name.lowercased() == "origin" }) {
            lines.append(("Origin", origin))
        }
        for (name, value) in rules.fields {
            let place = lines.firstIndex { $0.name.lowercased() == name.lowercased() }
            lines.removeAll { $0.name.lowercased() == name.lowercased() }
            if let value { lines.insert((name, value), at: min(place ?? lines.count, lines.count)) }
        }
        var text = "\(recorded.text(recorded.methodRange)) \(target) HTTP/1.1\r\n"
        for (name, value) in lines { text += "\(name): \(value)\r\n" }
        bytes = Array((text + "\r\n").utf8)
        self.key = Array(key.utf8)
    }

    /// The elements of a field that offer permessage-deflate, as they were spelt.
    private static func compression(_ head: RequestHead, _ index: Int) -> [String] {
        let value = head.fields[index].value
        let list = ExtensionList(head.bytes.span.bytes.extracting(value))
        return list.offers.filter { $0.name == PermessageDeflate.name }.map { offer in
            String(
                decoding: head.bytes[value.lowerBound + offer.range.lowerBound..<value.lowerBound + offer.range.upperBound],
                as: UTF8.self)
        }
    }

    /// `target` with another value of a parameter, or with the parameter at its end.
    private static func setting(_ name: String, _ value: String, in target: String) -> String {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var found = false
        var pairs = (parts.count == 2 ? parts[1].split(separator: "&", omittingEmptySubsequences: false).map(String.init) : [])
            .map { pair -> String in
                guard pair == name || pair.hasPrefix(name + "=") else { return pair }
                found = true
                return "\(name)=\(value)"
            }
        if !found { pairs.append("\(name)=\(value)") }
        return "\(parts.first ?? "/")?\(pairs.filter { !$0.isEmpty }.joined(separator: "&"))"
    }
}
