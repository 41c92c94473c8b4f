import CaptureFile

extension JSONNode {
    /// A text, or a number as JSON writes it; nil for everything else.
    var scalar: String? {
        switch self {
        case .text(let text): text
        case .number(let number): JSONNode.shown(number)
        default: nil
        }
    }

    private static func shown(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
    }

    /// The value in one line, members as they stand.
    var shown: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let number): JSONNode.shown(number)
        case .text(let text): "\"\(text)\""
        case .array(let elements): "[" + elements.map(\.shown).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { "\"\($0.key)\":\($0.value.shown)" }.joined(separator: ",") + "}"
        }
    }
}
