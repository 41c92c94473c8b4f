import Diagnosis
import HTTPWire
import Wire

/// Values that may hold secrets: every one goes through `LogRedaction.write`.
extension LineBuffer {
    /// A range of a head, as the member `key`.
    mutating func field(
        _ key: StaticString, _ bytes: [UInt8], _ range: Range<Int>, _ place: LogRedaction.Place, _ redaction: LogRedaction
    ) {
        self.key(key)
        element(bytes, range, place, redaction)
    }

    /// Text that may hold secrets, as the member `key`.
    public mutating func field(
        _ key: StaticString, redacted text: String, _ redaction: LogRedaction, _ place: LogRedaction.Place = .text
    ) {
        self.key(key)
        element(redacted: text, redaction, place)
    }

    /// Text that may hold secrets, as the next element.
    public mutating func element(
        redacted text: String, _ redaction: LogRedaction, _ place: LogRedaction.Place = .text
    ) {
        var text = text
        text.withUTF8 { bytes in
            openString()
            redaction.write(bytes, place, into: &self)
            closeString()
        }
    }

    /// A range of a head, as the next element or the value after a key.
    mutating func element(
        _ bytes: [UInt8], _ range: Range<Int>, _ place: LogRedaction.Place, _ redaction: LogRedaction
    ) {
        bytes.withUnsafeBufferPointer { all in
            openString()
            redaction.write(all.within(range), place, into: &self)
            closeString()
        }
    }

    /// The field lines of a head: `[["Name","value"],…]`, all of them, in their order and case.
    mutating func fields(of head: MessageHead, _ redaction: LogRedaction) {
        beginArray("fields")
        // A token may stand in another line than the item that announces it.
        var marked = false
        head.bytes.withUnsafeBufferPointer { all in
            for field in head.fields {
                let name = all.within(field.name)
                beginArray()
                value(name)
                openString()
                if redaction.isPlain(field.known) {
                    redaction.scan(all.within(field.value), .prose, into: &self)
                } else if field.known.bit == KnownField.secWebSocketProtocol.bit {
                    redaction.subprotocols(all.within(field.value), &marked, into: &self)
                } else {
                    redaction.write(all.within(field.value), .field, name: name, into: &self)
                }
                closeString()
                endArray()
            }
        }
        endArray()
    }

    /// The items of all `Sec-WebSocket-Protocol` lines as an array.
    mutating func subprotocols(_ key: StaticString, of head: MessageHead, _ redaction: LogRedaction) {
        beginArray(key)
        defer { endArray() }
        guard head.section.has(KnownField.secWebSocketProtocol) else { return }
        var marked = false
        head.bytes.withUnsafeBufferPointer { all in
            for field in head.fields where field.known.bit == KnownField.secWebSocketProtocol.bit {
                redaction.subprotocolElements(all.within(field.value), &marked, into: &self)
            }
        }
    }

    /// The values of all lines of one field, joined by commas, if there is one.
    mutating func joined(
        _ key: StaticString, _ known: KnownField, of head: MessageHead, _ redaction: LogRedaction
    ) {
        guard head.section.has(known) else { return }
        self.key(key)
        openString()
        head.bytes.withUnsafeBufferPointer { all in
            var isFirst = true
            for field in head.fields where field.known.bit == known.bit {
                if !isFirst { put(", ") }
                isFirst = false
                if redaction.isPlain(known) {
                    redaction.scan(all.within(field.value), .prose, into: &self)
                } else {
                    redaction.write(all.within(field.value), .field, name: all.within(field.name), into: &self)
                }
            }
        }
        closeString()
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The bytes of `range`, cut to what is there.
    func within(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: self[range.clamped(to: 0..<count)])
    }
}
