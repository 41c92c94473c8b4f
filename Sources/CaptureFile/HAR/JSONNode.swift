/// A JSON document (RFC 8259) as a tree, for the files that other programs write: HAR.
///
/// Strict, bounded in depth, and without a trap: what is no JSON gives nil.
package enum JSONNode: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case array([JSONNode])
    case object([Member])

    package struct Member: Sendable, Hashable {
        package var key: String
        package var value: JSONNode

        package init(key: String, value: JSONNode) {
            self.key = key
            self.value = value
        }
    }

    /// The document that `bytes` hold, or nil if they hold none.
    package init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        guard let value = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = value
    }

    /// The member of that name; nil for what is no object.
    package subscript(_ key: String) -> JSONNode? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    package var elements: [JSONNode] { if case .array(let elements) = self { elements } else { [] } }
    package var text: String? { if case .text(let text) = self { text } else { nil } }
    package var number: Double? { if case .number(let number) = self { number } else { nil } }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
            // A byte order mark is let pass; some browsers write one.
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        }

        private static let deepest = 128

        private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

        var isAtEnd: Bool {
            mutating get {
                skipBlanks()
                return position == bytes.count
            }
        }

        mutating func value(depth: Int) -> JSONNode? {
            guard depth < Reader.deepest else { return nil }
            skipBlanks()
            switch next {
            case 0x7B: return object(depth)
            case 0x5B: return array(depth)
            case 0x22: return string().map { .text($0) }
            case nil: return nil
            default: return word()
            }
        }

        private mutating func object(_ depth: Int) -> JSONNode? {
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

        private mutating func array(_ depth: Int) -> JSONNode? {
            position += 1
            var elements: [JSONNode] = []
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
                case 0x22: return String(decoding: text, as: UTF8.self)
                case 0x00..<0x20: return nil
                case 0x5C:
                    guard escape(into: &text) else { return nil }
                default: text.append(byte)
                }
            }
            return nil
        }

        private mutating func escape(into text: inout [UInt8]) -> Bool {
            guard let letter = next else { return false }
            position += 1
            switch letter {
            case 0x22, 0x5C, 0x2F: text.append(letter)
            case 0x62: text.append(0x08)
            case 0x66: text.append(0x0C)
            case 0x6E: text.append(0x0A)
            case 0x72: text.append(0x0D)
            case 0x74: text.append(0x09)
            case 0x75:
                guard var code = unit() else { return false }
                if (0xD800..<0xDC00).contains(code), next == 0x5C, position + 1 < bytes.count, bytes[position + 1] == 0x75 {
                    let before = position
                    position += 2
                    guard let low = unit() else { return false }
                    if (0xDC00..<0xE000).contains(low) {
                        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                    } else {
                        position = before
                    }
                }
                // Half of a pair stands for nothing: U+FFFD.
                text += Array(String(Character(Unicode.Scalar(code) ?? "\u{FFFD}")).utf8)
            default: return false
            }
            return true
        }

        private mutating func unit() -> UInt32? {
            guard bytes.count - position >= 4 else { return nil }
            var code: UInt32 = 0
            for _ in 0..<4 {
                let digit: UInt32
                switch bytes[position] {
                case let byte where (0x30...0x39).contains(byte): digit = UInt32(byte) - 0x30
                case let byte where (0x41...0x46).contains(byte): digit = UInt32(byte) - 0x41 + 10
                case let byte where (0x61...0x66).contains(byte): digit = UInt32(byte) - 0x61 + 10
                default: return nil
                }
                code = code << 4 | digit
                position += 1
            }
            return code
        }

        private mutating func word() -> JSONNode? {
            let start = position
            while let byte = next, position - start < 64,
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45].contains(byte)
            {
                position += 1
            }
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            switch text {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "null": return .null
            default:
                guard let first = text.utf8.first, first == 0x2D || (0x30...0x39).contains(first), let number = Double(text),
                    number.isFinite
                else { return nil }
                return .number(number)
            }
        }

        private mutating func take(_ byte: UInt8) -> Bool {
            skipBlanks()
            guard next == byte else { return false }
            position += 1
            return true
        }

        private mutating func skipBlanks() {
            while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
        }
    }
}
