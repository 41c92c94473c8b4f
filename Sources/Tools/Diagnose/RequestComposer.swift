import HTTPWire
import Probing

/// Writes the request of the first handshake: the fields of a browser's upgrade, with what the user asked for in their place.
enum RequestComposer {
    /// The head's bytes, with a fresh key unless the user gave one or left it out.
    static func head(_ options: DiagnoseOptions) -> [UInt8] {
        var bytes = Array("\(options.method) \(options.place.target) HTTP/1.1\r\n".utf8)
        for line in lines(options) { bytes += Array("\(line.name): \(line.value)\r\n".utf8) }
        return bytes + [0x0D, 0x0A]
    }

    private static func lines(_ options: DiagnoseOptions) -> [(name: String, value: String)] {
        var lines = standard(options)
        var replaced: Set<String> = []
        for edit in options.fields {
            switch edit {
            case .remove(let name): lines.removeAll { $0.name.lowercased() == name.lowercased() }
            case .set(let name, let value):
                // The first of a name replaces what stands there; each further one is a line of its own.
                if replaced.insert(name.lowercased()).inserted,
                    let index = lines.firstIndex(where: { $0.name.lowercased() == name.lowercased() })
                {
                    lines[index] = (name, value)
                } else {
                    lines.append((name, value))
                }
            }
        }
        return lines
    }

    /// In Chromium's order. What only browsers send stands there only if it is asked for: a script's handshake has none of it.
    private static func standard(_ options: DiagnoseOptions) -> [(name: String, value: String)] {
        let isBrowser = options.sendsBrowserFields
        var lines = [("Host", options.place.authority), ("Connection", "Upgrade")]
        if isBrowser {
            lines += [("Pragma", "no-cache"), ("Cache-Control", "no-cache"), ("User-Agent", browser)]
        }
        lines.append(("Upgrade", "websocket"))
        if let origin = options.origins.first ?? (isBrowser ? options.place.origin : nil) { lines.append(("Origin", origin)) }
        lines.append(("Sec-WebSocket-Version", "13"))
        if isBrowser {
            lines += [
                ("Accept-Encoding", options.place.isSecure ? "gzip, deflate, br, zstd" : "gzip, deflate"),
                ("Accept-Language", "en-US,en;q=0.9"),
            ]
        }
        if let bearer = options.bearer { lines.append(("Authorization", "Bearer \(bearer)")) }
        if !options.cookies.isEmpty { lines.append(("Cookie", options.cookies.joined(separator: "; "))) }
        lines.append(("Sec-WebSocket-Key", HandshakeKey.fresh()))
        if isBrowser { lines.append(("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")) }
        if !options.subprotocols.isEmpty { lines.append(("Sec-WebSocket-Protocol", options.subprotocols.joined(separator: ", "))) }
        return lines.map { (name: $0.0, value: $0.1) }
    }

    private static let browser =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
}
