import JSONWire

/// A ledger line read back: for showing it to people, not for the hot path.
///
/// Strings keep the escapes of control and deceptive characters (`\n`, `\u001b`) as they stand: only `\"`, `\\` and `\/` are
/// undone. So what a `LedgerValue` holds is as safe to print as the line was.
public enum LedgerValue: Sendable, Hashable {
    case object([Member])
    case array([LedgerValue])
    case string(String)
    /// As it is spelled.
    case number(String)
    case bool(Bool)
    case null

    public struct Member: Sendable, Hashable {
        public var key: String
        public var value: LedgerValue
    }

    /// The value that one line holds, or nil if it is not JSON.
    public init?(_ line: some Sequence<UInt8>) {
        guard let value = try? JSONReader.read(Array(line), .printed, bounds: .wide) else { return nil }
        self.init(value)
    }

    /// The member `key` of an object.
    public subscript(_ key: String) -> LedgerValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The text of a string or number.
    public var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let value): value ? "true" : "false"
        default: nil
        }
    }

    /// The title of a verdict; of one that is merely possible it says so, because a title reads like a fact.
    public var headline: String {
        let title = self["title"]?.text ?? ""
        return self["confidence"]?.text == "possible" ? "Perhaps: \(title)" : title
    }

    /// The elements of an array; nothing for everything else.
    public var elements: [LedgerValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The members of an object; nothing for everything else.
    public var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    private init(_ value: JSONValue) {
        func text(_ octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }
        switch value {
        case .null: self = .null
        case .boolean(let value): self = .bool(value)
        case .number(let digits): self = .number(text(digits))
        case .string(let octets): self = .string(text(octets))
        case .array(let elements): self = .array(elements.map { LedgerValue($0) })
        case .object(let members): self = .object(members.map { Member(key: text($0.name), value: LedgerValue($0.value)) })
        }
    }
}
