import HTTPWire

/// Which fields end at a hop (RFC 9110 §7.6.1), and which names mean the same field to somebody else.
enum HopByHopFields {
    /// Fields of the connection: never forwarded, in neither direction. `Upgrade` and `Connection` are written anew where
    /// a WebSocket is to be opened; `Transfer-Encoding` where the next hop gets chunks; `TE` and `Trailer` as `TrailerForwarding` says.
    static var common: UInt64 {
        KnownField.connection.bit | KnownField.keepAlive.bit | KnownField.proxyConnection.bit
            | KnownField.transferEncoding.bit | KnownField.te.bit | KnownField.trailer.bit | KnownField.upgrade.bit
            | KnownField.http2Settings.bit | KnownField.proxyAuthenticate.bit | KnownField.proxyAuthorization.bit
            | KnownField.proxyAuthenticationInfo.bit
    }

    /// Fields that frame the message or say whom it is for: a `Connection` that names them is not obeyed, since they are
    /// written anew and stand for what was parsed.
    static var restated: UInt64 {
        KnownField.host.bit | KnownField.contentLength.bit | KnownField.transferEncoding.bit
    }

    /// Whether a `Connection` option of the head names the field (RFC 9110 §7.6.1: it is to be removed).
    static func isNamed(_ index: Int, by section: FieldSection) -> Bool {
        isNamed(section.bytes, section.fields[index].name, by: section)
    }

    /// Whether a `Connection` option of the head names the field whose name lies in `bytes`.
    static func isNamed(_ bytes: [UInt8], _ name: Range<Int>, by section: FieldSection) -> Bool {
        var from = 0
        while let line = section.index(of: .connection, from: from) {
            from = line + 1
            var elements = ListElements(section.fields[line].value)
            while let element = elements.next(in: section.bytes) {
                if element.count == name.count,
                    zip(element, name).allSatisfy({ section.bytes[$0].lowercased == bytes[$1].lowercased })
                {
                    return true
                }
            }
        }
        return false
    }

    /// The field that a name with `_` is to servers which read `_` and `-` alike (threat B18); nil if it has none.
    static func lookalike(_ section: FieldSection, _ name: Range<Int>) -> FieldName? {
        var hasUnderscore = false
        for index in name where section.bytes[index] == 0x5F { hasUnderscore = true }
        guard hasUnderscore else { return nil }
        let text = section.bytes[name].map { $0 == 0x5F ? 0x2D : $0 }
        return FieldName(String(decoding: text, as: UTF8.self))
    }
}
