import JSONWire

/// A JSON document (RFC 8259) as a tree, for the files that other programs write: HAR.
///
/// Strict, bounded in depth, and without a trap: what is no JSON gives nil.
public enum JSONNode: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case text(String)
    case array([JSONNode])
    case object([Member])

    public struct Member: Sendable, Hashable {
        public var key: String
        public var value: JSONNode

        public init(key: String, value: JSONNode) {
            self.key = key
            self.value = value
        }
    }

    /// The document that `bytes` hold, or nil if they hold none.
    public init?(_ bytes: [UInt8]) {
        guard let value = try? JSONReader.read(bytes, .lenient, bounds: .wide) else { return nil }
        self.init(value)
    }

    /// The member of that name; nil for what is no object.
    public subscript(_ key: String) -> JSONNode? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    public var elements: [JSONNode] { if case .array(let elements) = self { elements } else { [] } }
    public var text: String? { if case .text(let text) = self { text } else { nil } }
    /// As a double; nil beyond all of them, too.
    public var number: Double? { if case .number(let number) = self { number.value } else { nil } }

    private init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .boolean(let value): self = .bool(value)
        case .number(let digits): self = .number(JSONNumber(String(decoding: digits, as: UTF8.self)))
        case .string(let octets): self = .text(String(decoding: octets, as: UTF8.self))
        case .array(let elements): self = .array(elements.map { JSONNode($0) })
        case .object(let members):
            self = .object(members.map { Member(key: String(decoding: $0.name, as: UTF8.self), value: JSONNode($0.value)) })
        }
    }
}
