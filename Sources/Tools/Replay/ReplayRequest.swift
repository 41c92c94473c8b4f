import HTTPWire
import Probing
import WebSocketWire
import Wire

/// Writes a recorded request anew for another server.
///
/// Start line and fields are the recorded ones, octet by octet, in their order and case, but for: the Host, an Origin of the recorded host's
/// own, a fresh key in the place of a valid one (an invalid one is part of what was recorded), no extensions but permessage-deflate (which is
/// negotiated anew where the recorded client offered it), and whatever the rules say.
struct ReplayRequest {
    let bytes: [UInt8]
    /// The key whose answer is expected; empty where none is sent.
    let key: [UInt8]

    /// - Parameter isPlain: whether no compression is offered.
    init(
        _ recorded: RequestHead, to place: DiagnosePlace, hasPath: Bool, rules: RewriteRules, key fresh: String,
        isPlain: Bool = false
    ) {
        func octets(_ range: Range<Int>) -> [UInt8] { Array(recorded.bytes[range.clamped(to: 0..<recorded.bytes.count)]) }
        let recordedHost = recorded.effectiveHost.map { recorded.text($0) } ?? ""
        var target =
            recorded.targetForm == .origin && !hasPath ? octets(recorded.targetRange) : Array(place.target.utf8)
        for (name, value) in rules.query { target = ReplayRequest.setting(Array(name.utf8), Array(value.utf8), in: target) }
        var lines: [Line] = []
        var key: [UInt8] = []
        for (index, field) in recorded.fields.enumerated() {
            var line = Line(name: octets(field.name), value: octets(field.value), lowered: recorded.text(field.name).lowercased())
            switch line.lowered {
            case "host": line.value = Array((rules.host ?? place.authority).utf8)
            case "origin":
                let origin = recorded.text(field.value).lowercased()
                let isOwn = ["http", "https"].contains { origin == "\($0)://\(recordedHost)".lowercased() }
                if let origin = rules.origin ?? (isOwn ? place.origin : nil) { line.value = Array(origin.utf8) }
            case "sec-websocket-key":
                key = line.value
                if AcceptKey.isValid(key: key.span.bytes) { key = Array(fresh.utf8) }
                line.value = key
            case "sec-websocket-extensions":
                // Others can be neither spoken nor compared.
                let offers = isPlain ? [] : ReplayRequest.compression(recorded, index)
                if offers.isEmpty { continue }
                line.value = Array(offers.joined(separator: ", ".utf8))
            default: break
            }
            lines.append(line)
        }
        if let origin = rules.origin, !lines.contains(where: { $0.lowered == "origin" }) { lines.append(Line("Origin", origin)) }
        for (name, value) in rules.fields {
            let lowered = name.lowercased()
            let place = lines.firstIndex { $0.lowered == lowered }
            lines.removeAll { $0.lowered == lowered }
            if let value { lines.insert(Line(name, value), at: min(place ?? lines.count, lines.count)) }
        }
        var bytes = octets(recorded.methodRange)
        for piece in [Array(" ".utf8), target, Array(" HTTP/1.1\r\n".utf8)] { bytes += piece }
        for line in lines {
            bytes += line.name
            bytes += ": ".utf8
            bytes += line.value
            bytes += "\r\n".utf8
        }
        bytes += "\r\n".utf8
        self.bytes = bytes
        self.key = key
    }

    /// A field as it goes out: octets, since a head may have any. Its name in lower case only finds it.
    private struct Line {
        var name: [UInt8]
        var value: [UInt8]
        var lowered: String

        init(name: [UInt8], value: [UInt8], lowered: String) {
            self.name = name
            self.value = value
            self.lowered = lowered
        }

        init(_ name: String, _ value: String) {
            self.init(name: Array(name.utf8), value: Array(value.utf8), lowered: name.lowercased())
        }
    }

    /// The elements of a field that offer permessage-deflate, as they were spelt.
    private static func compression(_ head: RequestHead, _ index: Int) -> [[UInt8]] {
        let value = head.fields[index].value
        let list = ExtensionList(head.bytes.span.bytes.extracting(value))
        return list.offers.filter { $0.name == PermessageDeflate.name }.map { offer in
            Array(head.bytes[value.lowerBound + offer.range.lowerBound..<value.lowerBound + offer.range.upperBound])
        }
    }

    /// `target` with another value of a parameter, or with the parameter at its end.
    private static func setting(_ name: [UInt8], _ value: [UInt8], in target: [UInt8]) -> [UInt8] {
        let question = target.firstIndex(of: 0x3F) ?? target.endIndex
        let own: [UInt8] = name + Array("=".utf8) + value
        var found = false
        var pairs = target[question...].dropFirst().split(separator: 0x26).map { pair -> [UInt8] in
            guard pair.prefix(while: { $0 != 0x3D }).elementsEqual(name) else { return Array(pair) }
            found = true
            return own
        }
        if !found { pairs.append(own) }
        return Array(target[..<question]) + Array("?".utf8) + Array(pairs.joined(separator: "&".utf8))
    }
}
