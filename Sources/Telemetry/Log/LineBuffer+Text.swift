/// How foreign bytes get into a line: the only place that escapes.
///
/// | in the input | in the line |
/// |---|---|
/// | printable ASCII but `"` and `\` | itself |
/// | `"` `\` tab, line feed, carriage return | `\"` `\\` `\t` `\n` `\r` |
/// | other bytes below 0x20, DEL | `\u00XX` |
/// | C1 controls, characters that turn, hide or break text (U+200B…F, U+2028…E, U+2060…F, U+061C, U+FEFF, tags …) | `\uXXXX` |
/// | other characters in valid UTF-8 | themselves |
/// | a byte that is not part of valid UTF-8 | `\\xHH`: the four characters `\xHH` once the JSON is read |
///
/// The last row makes the byte 0xFF and the four characters `\xff` read alike; a log line is for people, the
/// capture has the bytes.
extension LineBuffer {
    /// Opens a string value; `text` appends to it, `closeString` ends it.
    @inline(__always)
    mutating func openString() {
        separate()
        put(0x22)
        budget = count < lineLimit ? valueLimit : LineBuffer.stub
        omitted = 0
    }

    /// Ends the open string, saying how many bytes of the value are not shown.
    @inline(__always)
    mutating func closeString() {
        if omitted > 0 { markOmission() }
        reserve(1)
        put(0x22)
    }

    /// A string value of foreign bytes.
    mutating func value(_ bytes: UnsafeBufferPointer<UInt8>) {
        openString()
        text(bytes)
        closeString()
    }

    /// Appends foreign bytes to the open string, escaped, within its budget.
    mutating func text(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        var length = bytes.count
        if length > budget {
            length = LineBuffer.wholeCharacters(start, budget)
            omitted += bytes.count - length
            budget = 0
        } else {
            budget -= length
        }
        // No input byte takes more than six, and a block of eight is copied whole.
        reserve(length * 6 + 8)
        var index = 0
        while index < length {
            index = copyPlain(start, index, length)
            guard index < length else { break }
            index += escape(start + index, length - index)
        }
    }

    /// Appends text of ours to the open string whatever its budget: a fingerprint must not be cut.
    mutating func mark(_ hash: UInt32) {
        guard budget > 0 else {
            omitted += 1
            return
        }
        put("«redacted:")
        reserve(8)
        for shift in stride(from: 28, through: 0, by: -4) { put(LineBuffer.hexDigit(hash >> UInt32(shift))) }
        put("»")
    }

    /// Copies printable ASCII from `index` on and returns the index of the first byte that needs more thought.
    @inline(__always)
    private mutating func copyPlain(_ start: UnsafePointer<UInt8>, _ from: Int, _ length: Int) -> Int {
        var index = from
        while length - index >= 8 {
            let block = UnsafeRawPointer(start + index).loadUnaligned(as: UInt64.self)
            // All eight are copied, and those from the first odd one on are written over.
            UnsafeMutableRawPointer(base + count).storeBytes(of: block, as: UInt64.self)
            let odd = LineBuffer.odd(block.littleEndian)
            let plain = odd == 0 ? 8 : odd.trailingZeroBitCount / 8
            count &+= plain
            index &+= plain
            if plain < 8 { return index }
        }
        if length - index >= 4 {
            let block = UnsafeRawPointer(start + index).loadUnaligned(as: UInt32.self)
            UnsafeMutableRawPointer(base + count).storeBytes(of: block, as: UInt32.self)
            // Four blanks behind them, which are never odd.
            let odd = LineBuffer.odd(UInt64(block.littleEndian) | 0x2020_2020_0000_0000)
            let plain = odd == 0 ? 4 : odd.trailingZeroBitCount / 8
            count &+= plain
            index &+= plain
            if plain < 4 { return index }
        }
        while index < length {
            let byte = start[index]
            if byte &- 0x20 > 0x5E || byte == 0x22 || byte == 0x5C { break }
            put(byte)
            index &+= 1
        }
        return index
    }

    /// The top bits of those of eight bytes that are not printable ASCII, or are `"` or `\`; only the lowest one is exact.
    ///
    /// Tests on all eight at once, in one register: a byte minus 0x20 borrows from its top bit if it is smaller; a byte
    /// that equals a constant is zero after XOR and borrows when 1 is taken away. A borrow runs on into the next bytes, which
    /// is why only the first that is found counts.
    @inline(__always)
    private static func odd(_ block: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = block ^ (ones &* 0x22)
        let backslash = block ^ (ones &* 0x5C)
        let delete = block ^ (ones &* 0x7F)
        let small = (block &- ones &* 0x20) & ~block
        let equal = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((delete &- ones) & ~delete)
        return (block | small | equal) & (ones &* 0x80)
    }

    /// Escapes what stands at `start` and says how many input bytes that took.
    private mutating func escape(_ start: UnsafePointer<UInt8>, _ left: Int) -> Int {
        let byte = start[0]
        switch byte {
        case 0x22, 0x5C:
            put(0x5C)
            put(byte)
        case 0x09: put("\\t")
        case 0x0A: put("\\n")
        case 0x0D: put("\\r")
        case 0x00..<0x20, 0x7F: putUnicode(UInt16(byte))
        default: return escapeBeyondASCII(start, left)
        }
        return 1
    }

    /// A character beyond ASCII: itself if it is well-formed and shows, else escaped.
    private mutating func escapeBeyondASCII(_ start: UnsafePointer<UInt8>, _ left: Int) -> Int {
        guard let (scalar, length) = LineBuffer.decode(start, left) else {
            put("\\\\x")
            put(LineBuffer.hexDigit(UInt32(start[0] >> 4)))
            put(LineBuffer.hexDigit(UInt32(start[0])))
            return 1
        }
        if LineBuffer.shows(scalar) {
            for index in 0..<length { put(start[index]) }
        } else if scalar <= 0xFFFF {
            putUnicode(UInt16(scalar))
        } else {
            putUnicode(UInt16(0xD800 + (scalar - 0x10000) >> 10))
            putUnicode(UInt16(0xDC00 + (scalar - 0x10000) & 0x3FF))
        }
        return length
    }

    private mutating func putUnicode(_ unit: UInt16) {
        put("\\u")
        for shift in stride(from: 12, through: 0, by: -4) { put(LineBuffer.hexDigit(UInt32(unit) >> UInt32(shift))) }
    }

    private mutating func markOmission() {
        put("…[+")
        digits(UInt64(omitted))
        put(" bytes]")
    }

    /// The character at `start` and its length in bytes, or nil if the bytes are not well-formed (Unicode table 3-7).
    private static func decode(_ start: UnsafePointer<UInt8>, _ left: Int) -> (scalar: UInt32, length: Int)? {
        let first = start[0]
        func tail(_ index: Int, _ allowed: ClosedRange<UInt8> = 0x80...0xBF) -> UInt32? {
            guard index < left, allowed.contains(start[index]) else { return nil }
            return UInt32(start[index] & 0x3F)
        }
        switch first {
        case 0xC2...0xDF:
            guard let a = tail(1) else { return nil }
            return (UInt32(first & 0x1F) << 6 | a, 2)
        case 0xE0...0xEF:
            let second: ClosedRange<UInt8> = first == 0xE0 ? 0xA0...0xBF : first == 0xED ? 0x80...0x9F : 0x80...0xBF
            guard let a = tail(1, second), let b = tail(2) else { return nil }
            return (UInt32(first & 0x0F) << 12 | a << 6 | b, 3)
        case 0xF0...0xF4:
            let second: ClosedRange<UInt8> = first == 0xF0 ? 0x90...0xBF : first == 0xF4 ? 0x80...0x8F : 0x80...0xBF
            guard let a = tail(1, second), let b = tail(2), let c = tail(3) else { return nil }
            return (UInt32(first & 0x07) << 18 | a << 12 | b << 6 | c, 4)
        default:
            return nil
        }
    }

    /// Whether showing the character shows it, and nothing but it.
    private static func shows(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x80...0x9F: false  // C1: terminals take 0x9B for ESC [
        case 0xAD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180F, 0x3164, 0xFFA0: false
        case 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F: false
        case 0xFE00...0xFE0F, 0xFEFF, 0xFFF0...0xFFFB, 0xFFFE, 0xFFFF: false
        case 0x1D173...0x1D17A, 0xE0000...0xE0FFF: false
        default: true
        }
    }

    /// The largest length up to `limit` that does not cut a character, if what stands there is one.
    private static func wholeCharacters(_ start: UnsafePointer<UInt8>, _ limit: Int) -> Int {
        var length = limit
        while length > 0, limit - length < 3, start[length] & 0xC0 == 0x80 { length -= 1 }
        return start[length] & 0xC0 == 0x80 ? limit : length
    }

    @inline(__always)
    static func hexDigit(_ value: UInt32) -> UInt8 {
        let digit = UInt8(truncatingIfNeeded: value & 15)
        return digit < 10 ? 0x30 + digit : 0x57 + digit
    }
}
