import Wire

/// Judges text that comes in pieces, and fails at the first byte that can't go on (RFC 6455 §8.1, RFC 3629 §4).
///
/// Between bytes it keeps how many continuation bytes are still due and the range that the next one must lie in.
/// The narrowed ranges after E0, ED, F0 and F4 shut out overlong forms, surrogates and what lies above U+10FFFF,
/// at the earliest byte: this is what "fail fast" asks for.
public struct UTF8Validator: Sendable, Hashable {
    private var due: UInt8 = 0
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    public init() {}

    /// Whether the text may end here: no character is cut.
    public var isAtCharacterBoundary: Bool { due == 0 }

    /// Takes the next bytes of the text; gives the offset of the first byte that breaks it, or nil.
    ///
    /// After a broken byte the validator is of no more use.
    public mutating func firstInvalid(in bytes: RawSpan) -> Int? {
        var offset = 0
        let count = bytes.byteCount
        while offset < count {
            if due == 0 {
                offset = UTF8Validator.skipASCII(bytes, from: offset)
                guard offset < count else { return nil }
            }
            guard accept(bytes.byte(at: offset)) else { return offset }
            offset += 1
        }
        return nil
    }

    /// Whether `bytes` are valid from the first to the last.
    public static func isValid(_ bytes: RawSpan) -> Bool {
        var validator = UTF8Validator()
        return validator.firstInvalid(in: bytes) == nil && validator.isAtCharacterBoundary
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        if due > 0 {
            guard byte >= lowest, byte <= highest else { return false }
            due -= 1
            lowest = 0x80
            highest = 0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: due = 1
        case 0xE0: (due, lowest) = (2, 0xA0)
        case 0xED: (due, highest) = (2, 0x9F)
        case 0xE1...0xEF: due = 2
        case 0xF0: (due, lowest) = (3, 0x90)
        case 0xF1...0xF3: due = 3
        case 0xF4: (due, highest) = (3, 0x8F)
        default: return false
        }
        return true
    }

    /// Steps over ASCII, sixteen bytes at a time as long as they last.
    private static func skipASCII(_ bytes: RawSpan, from start: Int) -> Int {
        var offset = start
        let count = bytes.byteCount
        while count - offset >= 16 {
            let low = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
            let high = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset + 8, as: UInt64.self)
            guard (low | high) & 0x8080_8080_8080_8080 == 0 else { break }
            offset += 16
        }
        while offset < count, bytes.byte(at: offset) < 0x80 { offset += 1 }
        return offset
    }
}
