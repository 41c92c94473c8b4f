import CaptureFile

extension JSONNode {
    /// A text, or a number with the digits that stand in the document; nil for everything else.
    var scalar: String? {
        switch self {
        case .text(let text): text
        case .number(let number): number.text
        default: nil
        }
    }

    /// The value in one line, members as they stand.
    var shown: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let number): number.text
        case .text(let text): "\"\(text)\""
        case .array(let elements): "[" + elements.map(\.shown).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { "\"\($0.key)\":\($0.value.shown)" }.joined(separator: ",") + "}"
        }
    }
}
