/// Tokens in `Sec-WebSocket-Protocol`: browsers can't set fields on a WebSocket, so applications put them there.
///
/// An item is replaced, wholly or after its prefix, if it
/// 1. follows an item that announces it (`bearer`, `token`, `access_token` …),
/// 2. has a prefix that says so: `base64url.bearer.authorization.k8s.io.…`, `openai-insecure-api-key.…`, `bearer-…`,
/// 3. is a JSON Web Token, or
/// 4. is long and does not read like a protocol's name (`SecretShape`).
extension LogRedaction {
    /// The value of a line of the field: items between commas.
    ///
    /// - Parameter marked: Whether the item before announced a secret; lines of one head are one list (RFC 9110 §5.3).
    func subprotocols(_ value: UnsafeBufferPointer<UInt8>, _ marked: inout Bool, into line: inout LineBuffer) {
        var start = 0
        while start < value.count {
            let end = value.index(of: 0x2C, from: start) ?? value.count
            let item = value.part(start, end)
            let blank = item.prefix { $0 == 0x20 || $0 == 0x09 }.count
            line.text(item.part(0, blank))
            if blank < item.count { subprotocol(item.part(blank, item.count), &marked, into: &line) }
            if end < value.count { line.text(value.part(end, end + 1)) }
            start = end + 1
        }
    }

    /// The items as elements of the open array: for `subprotocols_offered`.
    func subprotocolElements(_ value: UnsafeBufferPointer<UInt8>, _ marked: inout Bool, into line: inout LineBuffer) {
        var start = 0
        while start < value.count {
            let end = value.index(of: 0x2C, from: start) ?? value.count
            var item = value.part(start, end)
            item = item.part(item.prefix { $0 == 0x20 || $0 == 0x09 }.count, item.count)
            while let last = item.last, last == 0x20 || last == 0x09 { item = item.part(0, item.count - 1) }
            if !item.isEmpty {
                line.openString()
                subprotocol(item, &marked, into: &line)
                line.closeString()
            }
            start = end + 1
        }
    }

    /// One item; `marked` is whether the one before it announced a secret, and afterwards whether this one does.
    func subprotocol(_ item: UnsafeBufferPointer<UInt8>, _ marked: inout Bool, into line: inout LineBuffer) {
        let wasMarked = marked
        var end = item.count
        while end > 0, item[end - 1] == 0x20 || item[end - 1] == 0x09 { end -= 1 }
        let name = item.part(0, end)
        marked = SecretShape.announces(name)
        if marked {
            line.text(item)
        } else if wasMarked {
            replace(name, into: &line)
        } else if let prefix = SecretShape.prefix(name) {
            line.text(name.part(0, prefix))
            replace(name.part(prefix, name.count), into: &line)
        } else if name.count >= 20, !SecretShape.isName(name) {
            replace(name, into: &line)
        } else {
            scan(name, .target, into: &line)
        }
    }
}
