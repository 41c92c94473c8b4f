public import HTTPWire

/// Upgrades to protocols other than WebSocket, on routes with `upgrade: any` (RFC 9110 §7.8; threats C7, C8).
///
/// Gatehouse doesn't understand what is spoken after such a 101, so it passes no wish for a protocol in which the next bytes would again be
/// requests: `h2c` and `HTTP/…` would carry them past whoever checks requests here. A list with one of these goes on without
/// its upgrade, as does everything that is malformed.
public enum OtherUpgrade {
    /// What `Upgrade` says to the backend; nil if the request asks for nothing that may pass.
    public static func protocols(_ head: RequestHead) -> [UInt8]? {
        guard head.version == .http11, head.connection.contains(.upgrade), head.section.has(KnownField.upgrade),
            !head.section.has(KnownField.http2Settings)
        else { return nil }
        var list: [UInt8] = []
        for element in head.elements(of: .upgrade) {
            let text = head.bytes[element].map { $0 | ($0 >= 0x41 && $0 <= 0x5A ? 0x20 : 0) }
            guard isProtocol(text), !forbidden.contains(Array(text.prefix { $0 != 0x2F })) else { return nil }
            if !list.isEmpty { list += [0x2C, 0x20] }
            list += head.bytes[element]
        }
        return list.isEmpty ? nil : list
    }

    /// Whether this 101 switches to something that was asked for, and to nothing else.
    public static func isAnswer(_ response: ResponseHead, to request: RequestHead) -> Bool {
        let chosen = response.elements(of: .upgrade)
        let asked = request.elements(of: .upgrade)
        guard response.status == 101, response.connection.contains(.upgrade), !chosen.isEmpty else { return false }
        return chosen.allSatisfy { answer in
            asked.contains { wish in
                wish.count == answer.count
                    && zip(wish, answer).allSatisfy { request.bytes[$0] | 0x20 == response.bytes[$1] | 0x20 }
            }
        }
    }

    private static let forbidden: Set<[UInt8]> = [
        Array("h2c".utf8), Array("h2".utf8), Array("h3".utf8), Array("http".utf8), Array("websocket".utf8),
    ]

    /// `name` or `name/version`, both tokens.
    private static func isProtocol(_ text: [UInt8]) -> Bool {
        let parts = text.split(separator: 0x2F, omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { FieldName(String(decoding: $0, as: UTF8.self)) != nil }
    }
}
