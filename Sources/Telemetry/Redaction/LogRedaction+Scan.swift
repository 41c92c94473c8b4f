/// What is found in any value: parameters, userinfo, JSON Web Tokens, `Bearer` and its token.
///
/// One pass over the bytes. Only a few bytes can belong to the beginning of a secret: `=` and `%` (for `%3D`) after a
/// parameter's name, `:` before `//user@` or inside JSON, `.` inside a JSON Web Token, and the first letter of `Bearer`. At
/// each of them the bytes before and after are looked at; all others are passed by.
extension LogRedaction {
    /// How a value ends and which names count.
    enum Surroundings {
        /// The whole value is one URL: only `&` and `#` end a parameter.
        case target
        /// Text that may contain URLs: white space, quotes and angle brackets end them too.
        case prose
    }

    func scan(_ value: UnsafeBufferPointer<UInt8>, _ surroundings: Surroundings, into line: inout LineBuffer) {
        // Everything before `clean` is written.
        var clean = 0
        var index = 0
        guard let start = UnsafeRawPointer(value.baseAddress) else { return }
        while index < value.count {
            if value.count - index >= 8 {
                let found = LogRedaction.triggers((start + index).loadUnaligned(as: UInt64.self).littleEndian)
                guard found != 0 else {
                    index &+= 8
                    continue
                }
                index &+= found.trailingZeroBitCount / 8
            } else {
                switch value[index] {
                case 0x3D, 0x2E, 0x3A, 0x25, 0x42, 0x62: break
                default:
                    index &+= 1
                    continue
                }
            }
            guard LogRedaction.mayBegin(value, index) else {
                index &+= 1
                continue
            }
            guard let secret = secret(value, at: index, from: clean, surroundings), !secret.isEmpty,
                !SecretShape.isMark(value.part(secret.lowerBound, secret.upperBound))
            else {
                index &+= 1
                continue
            }
            line.text(value.part(clean, secret.lowerBound))
            replace(value.part(secret.lowerBound, secret.upperBound), into: &line)
            clean = secret.upperBound
            index = max(index + 1, clean)
        }
        line.text(value.part(clean, value.count))
    }

    /// The top bits of those of eight bytes that are `=`, `.`, `:`, `%`, `B` or `b`; only the lowest one is exact.
    @inline(__always)
    private static func triggers(_ block: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        @inline(__always) func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
        let found =
            zeros(block ^ (ones &* 0x3D)) | zeros(block ^ (ones &* 0x2E)) | zeros(block ^ (ones &* 0x3A))
            | zeros(block ^ (ones &* 0x25)) | zeros((block | (ones &* 0x20)) ^ (ones &* 0x62))
        return found & (ones &* 0x80)
    }

    /// Whether the neighbours of a letter, dot or colon leave room for a secret: nearly all that stand in sentences and names don't.
    @inline(__always)
    private static func mayBegin(_ value: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
        switch value[index] {
        // The padding of base64, which ends every key of a handshake, is nobody's value.
        case 0x3D: index + 1 < value.count && !(value[index + 1] == 0x3D && index + 2 == value.count)
        case 0x42, 0x62: index + 6 < value.count && value[index + 6] == 0x20  // Bearer and a space
        case 0x2E: index >= 8 && index + 4 < value.count && value[index + 1] > 0x20
        case 0x3A:
            index + 1 < value.count
                && (value[index + 1] == 0x2F || index > 0 && (value[index - 1] == 0x22 || value[index - 1] == 0x20))
        default: true
        }
    }

    private func secret(
        _ value: UnsafeBufferPointer<UInt8>, at index: Int, from clean: Int, _ surroundings: Surroundings
    ) -> Range<Int>? {
        switch value[index] {
        case 0x3D: return parameter(value, index, valueAt: index + 1, from: clean, surroundings)
        case 0x25:
            guard let (byte, end) = SecretName.decode(value, index + 1), byte == 0x3D else { return nil }
            return parameter(value, index, valueAt: end, from: clean, surroundings)
        case 0x3A: return userinfo(value, index) ?? member(value, index, from: clean)
        case 0x2E: return webToken(value, index, from: clean)
        default: return bearer(value, index + 6)
        }
    }

    // MARK: Parameters

    /// The value after the `=` at `equals`, if the name before it is a secret's.
    private func parameter(
        _ value: UnsafeBufferPointer<UInt8>, _ equals: Int, valueAt start: Int, from clean: Int,
        _ surroundings: Surroundings
    ) -> Range<Int>? {
        var first = equals
        var isParameter = surroundings == .target && clean == 0
        scan: while first > clean, equals - first < 192 {
            switch value[first - 1] {
            case 0x3F, 0x26, 0x23, 0x3B:  // ? & # ;
                isParameter = true
                break scan
            case 0x3D, 0x2F, 0x20, 0x22, 0x27, 0x3C, 0x3E, 0x2C, 0x28, 0x29, 0x7B, 0x7D, 0x09, 0x0A, 0x0D:
                isParameter = false
                break scan
            default: first -= 1
            }
        }
        guard first < equals,
            SecretName.isSecret(value.part(first, equals), isParameter: isParameter, operators: parameterNames)
        else { return nil }
        let isEncoded = value[equals] == 0x25
        var end = start
        if surroundings == .prose, start < value.count, value[start] == 0x22 {
            // A quoted value: name="secret".
            return start + 1..<(value.index(of: 0x22, from: start + 1) ?? value.count)
        }
        while end < value.count {
            let byte = value[end]
            if byte == 0x26 || byte == 0x23 { break }
            if isEncoded, byte == 0x25, let (decoded, _) = SecretName.decode(value, end + 1),
                decoded == 0x26 || decoded == 0x23
            {
                break
            }
            if surroundings == .prose, byte <= 0x20 || byte == 0x22 || byte == 0x3C || byte == 0x3E { break }
            end += 1
        }
        return start..<end
    }

    /// `"name": "value"` in JSON, for names that are secret by themselves.
    private func member(_ value: UnsafeBufferPointer<UInt8>, _ colon: Int, from clean: Int) -> Range<Int>? {
        var close = colon
        while close > clean, value[close - 1] == 0x20 { close -= 1 }
        guard close > clean, value[close - 1] == 0x22 else { return nil }
        close -= 1
        // JSON inside JSON has its quotes escaped.
        let isEscaped = close > clean && value[close - 1] == 0x5C
        if isEscaped { close -= 1 }
        var first = close
        while first > clean, close - first < 96, value[first - 1] != 0x22 { first -= 1 }
        guard SecretName.isSecret(value.part(first, close), isParameter: false, operators: parameterNames) else {
            return nil
        }
        var start = colon + 1
        while start < value.count, value[start] == 0x20 || value[start] == 0x5C { start += 1 }
        guard start < value.count, value[start] == 0x22 else {
            let end = value.part(start, value.count).firstIndex { $0 == 0x2C || $0 == 0x7D || $0 <= 0x20 }
            return start..<(end.map { start + $0 } ?? value.count)
        }
        start += 1
        var end = start
        while end < value.count, value[end] != 0x22 {
            end += !isEscaped && value[end] == 0x5C ? 2 : 1
        }
        return start..<min(end, value.count)
    }

    // MARK: Things that look like secrets

    /// `user:password` between `://` and the last `@` of the authority.
    private func userinfo(_ value: UnsafeBufferPointer<UInt8>, _ colon: Int) -> Range<Int>? {
        let start = colon + 3
        guard start < value.count, value[colon + 1] == 0x2F, value[colon + 2] == 0x2F else { return nil }
        var end = start
        var at: Int?
        while end < value.count {
            switch value[end] {
            case 0x40: at = end
            case 0x2F, 0x3F, 0x23, 0x00...0x20, 0x22, 0x3C, 0x3E: return at.map { start..<$0 }
            default: break
            }
            end += 1
        }
        return at.map { start..<$0 }
    }

    /// A JSON Web Token whose first part ends at `dot`: `eyJ…` (`{"` in base64url), with as many parts as follow.
    ///
    /// It need not begin at a boundary: what stands before it may be a prefix of the application's own.
    private func webToken(_ value: UnsafeBufferPointer<UInt8>, _ dot: Int, from clean: Int) -> Range<Int>? {
        // Most dots stand in versions and names: four bytes behind them settle it. An encrypted token may have two in a row.
        guard dot + 4 < value.count else { return nil }
        for index in dot + 1...dot + 4 where !value[index].isBase64 && value[index] != 0x2E { return nil }
        var first = dot
        while first > clean, value[first - 1].isBase64 { first -= 1 }
        guard dot - first >= 8, let start = webTokenStart(value, first, dot) else { return nil }
        var end = dot + 1
        while end < value.count, value[end].isBase64 || value[end] == 0x2E || value[end] == 0x3D { end += 1 }
        return start..<end
    }

    /// Where `eyJ`, `eyA`, `ewo` or `ew0` (an opening brace with a quote, a space or a line's end) stands.
    private func webTokenStart(_ value: UnsafeBufferPointer<UInt8>, _ first: Int, _ dot: Int) -> Int? {
        var index = first
        while index + 8 <= dot {
            if value[index] == 0x65 {
                switch (value[index + 1], value[index + 2]) {
                case (0x79, 0x4A), (0x79, 0x41), (0x77, 0x6F), (0x77, 0x30): return index
                default: break
                }
            }
            index += 1
        }
        return nil
    }

    /// What follows `Bearer `, unless it reads like words or like a parameter of a challenge.
    private func bearer(_ value: UnsafeBufferPointer<UInt8>, _ space: Int) -> Range<Int>? {
        guard space >= 6, SecretName.equals(value.part(space - 6, space), "bearer") else { return nil }
        let start = space + 1
        var end = start
        while end < value.count, value[end].isBase64 || value[end] == 0x2E || value[end] == 0x7E { end += 1 }
        while end < value.count, value[end] == 0x3D { end += 1 }
        let isChallenge = end < value.count && end > start && value[end] == 0x22 && value[end - 1] == 0x3D
        guard end - start >= 8, !isChallenge, !SecretShape.isName(value.part(start, end)) else { return nil }
        return start..<end
    }
}
