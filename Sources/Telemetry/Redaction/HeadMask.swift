/// Makes the secrets in a head's octets unreadable at their place: what is a secret is decided by the one redaction, but here every octet
/// keeps its offset, for captures.
///
/// In the place of a secret stand the eight digits of its fingerprint, as many as there is room for, and then as many `x` as are missing: a head stays
/// a head, and equal secrets stay equal.
public struct HeadMask: ~Copyable {
    private var line = LineBuffer(capacity: 4096, valueLimit: 1 << 20, lineLimit: 1 << 20)

    public init() { line.secrets = [] }

    /// Masks in place; how many secrets there were.
    public mutating func mask(_ head: UnsafeMutableRawBufferPointer, _ redaction: LogRedaction) -> Int {
        guard let base = head.baseAddress, !head.isEmpty else { return 0 }
        let bytes = UnsafeBufferPointer(start: UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), count: head.count)
        let found = secrets(in: bytes, redaction)
        for secret in found {
            guard let place = secret.baseAddress else { continue }
            HeadMask.cover(base + (UnsafeRawPointer(place) - UnsafeRawPointer(base)), secret.count, redaction.fingerprint(secret))
        }
        return found.count
    }

    /// Where the secrets of a head stand, in the order of its lines.
    mutating func secrets(in bytes: UnsafeBufferPointer<UInt8>, _ redaction: LogRedaction) -> [UnsafeBufferPointer<UInt8>] {
        line.clear()
        line.secrets?.removeAll(keepingCapacity: true)
        var start = 0
        var isFirst = true
        var name: UnsafeBufferPointer<UInt8>?
        // A token may stand in another line than the item that announces it.
        var marked = false
        while start < bytes.count {
            let end = bytes.index(of: 0x0A, from: start) ?? bytes.count
            var stop = end
            if stop > start, bytes[stop - 1] == 0x0D { stop -= 1 }
            let text = bytes.part(start, stop)
            line.clear()
            line.openString()
            if isFirst, !text.isEmpty {
                redaction.write(text, .startLine, into: &line)
                isFirst = false
            } else if let first = text.first {
                if first != 0x20, first != 0x09 { name = HeadMask.name(of: text) }
                let offset = first == 0x20 || first == 0x09 ? 0 : min(text.count, (text.firstIndex(of: 0x3A) ?? -1) + 1)
                value(text.part(offset, text.count), name, &marked, redaction)
            }
            start = end + 1
        }
        return line.secrets ?? []
    }

    /// A copy of `head` with its secrets masked, and how many there were.
    public mutating func masked(_ head: UnsafeRawBufferPointer, _ redaction: LogRedaction) -> (bytes: [UInt8], count: Int) {
        var copy = [UInt8](head)
        let count = copy.withUnsafeMutableBytes { mask($0, redaction) }
        return (copy, count)
    }

    private mutating func value(
        _ value: UnsafeBufferPointer<UInt8>, _ name: UnsafeBufferPointer<UInt8>?, _ marked: inout Bool, _ redaction: LogRedaction
    ) {
        let blank = value.prefix { $0 == 0x20 || $0 == 0x09 }.count
        let value = value.part(blank, value.count)
        guard let name else { return redaction.write(value, .text, into: &line) }
        if SecretName.equals(name, "sec-websocket-protocol") {
            redaction.subprotocols(value, &marked, into: &line)
        } else {
            redaction.write(value, .field, name: name, into: &line)
        }
    }

    /// The bytes before the colon, without blanks behind them.
    private static func name(of line: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
        guard var end = line.firstIndex(of: 0x3A) else { return nil }
        while end > 0, line[end - 1] == 0x20 || line[end - 1] == 0x09 { end -= 1 }
        return end > 0 ? line.part(0, end) : nil
    }

    /// Writes the fingerprint over a secret.
    static func cover(_ place: UnsafeMutableRawPointer, _ count: Int, _ fingerprint: UInt32) {
        for index in 0..<count {
            let digit: UInt8 =
                index < 8 ? LineBuffer.hexDigit(fingerprint >> UInt32(28 - 4 * index)) : 0x78
            place.storeBytes(of: digit, toByteOffset: index, as: UInt8.self)
        }
    }
}
