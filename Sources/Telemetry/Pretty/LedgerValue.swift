/// A ledger line read back: for showing it to people, not for the hot path.
///
/// The reader is for lines of our own, so it is small; still it never traps, and gives nil for what is not JSON. Strings keep
/// the escapes of control and deceptive characters (`\n`, `\u001b`) as they stand: only `\"`, `\\` and `\/` are
/// undone. So what a `LedgerValue` holds is as safe to print as the line was.
package enum LedgerValue: Sendable, Hashable {
    case object([Member])
    case array([LedgerValue])
    case string(String)
    /// As it is spelled.
    case number(String)
    case bool(Bool)
    case null

    package struct Member: Sendable, Hashable {
        package var key: String
        package var value: LedgerValue
    }

    /// The value that one line holds, or nil if it is not JSON.
    package init?(_ line: some Sequence<UInt8>) {
        var reader = Reader(bytes: Array(line))
        guard let value = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = value
    }

    /// The member `key` of an object.
    package subscript(_ key: String) -> LedgerValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The text of a string or number.
    package var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let value): value ? "true" : "false"
        default: nil
        }
    }

    /// The elements of an array; nothing for everything else.
    package var elements: [LedgerValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The members of an object; nothing for everything else.
    package var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

        var isAtEnd: Bool { bytes[position...].allSatisfy { Reader.isBlank($0) } }

        mutating func value(depth: Int) -> LedgerValue? {
            guard depth < 64 else { return nil }
            skipBlanks()
            switch next {
            case 0x7B: return object(depth)
            case 0x5B: return array(depth)
            case 0x22: return string().map { .string($0) }
            case nil: return nil
            default: return word()
            }
        }

        private mutating func object(_ depth: Int) -> LedgerValue? {
            position += 1
            var members: [Member] = []
            if take(0x7D) { return .object([]) }
            repeat {
                skipBlanks()
                guard next == 0x22, let key = string(), take(0x3A), let value = value(depth: depth + 1) else { return nil }
                members.append(Member(key: key, value: value))
            } while take(0x2C)
            return take(0x7D) ? .object(members) : nil
        }

        private mutating func array(_ depth: Int) -> LedgerValue? {
            position += 1
            var elements: [LedgerValue] = []
            if take(0x5D) { return .array([]) }
            repeat {
                guard let value = value(depth: depth + 1) else { return nil }
                elements.append(value)
            } while take(0x2C)
            return take(0x5D) ? .array(elements) : nil
        }

        private mutating func string() -> String? {
            position += 1
            var text: [UInt8] = []
            while let byte = next {
                position += 1
                switch byte {
                case 0x22: return String(validating: text, as: UTF8.self)
                case 0x00..<0x20, 0x7F: return nil
                case 0x5C:
                    guard let escaped = next else { return nil }
                    position += 1
                    if escaped != 0x22, escaped != 0x5C, escaped != 0x2F { text.append(0x5C) }
                    text.append(escaped)
                default: text.append(byte)
                }
            }
            return nil
        }

        private mutating func word() -> LedgerValue? {
            let start = position
            while let byte = next, byte.isLetter || byte.isDigit || byte == 0x2D || byte == 0x2B || byte == 0x2E {
                position += 1
            }
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            switch text {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "null": return .null
            default:
                guard let first = text.utf8.first, first.isDigit || first == 0x2D else { return nil }
                return .number(text)
            }
        }

        private mutating func take(_ byte: UInt8) -> Bool {
            skipBlanks()
            guard next == byte else { return false }
            position += 1
            return true
        }

        private mutating func skipBlanks() {
            while let byte = next, Reader.isBlank(byte) { position += 1 }
        }

        private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
    }
}
