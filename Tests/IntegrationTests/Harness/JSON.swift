import Foundation

/// A JSON value that tests can walk: `line["request"]["fields"][0][1].text`.
///
/// A missing member is `.null`, so that a path is written without unwrapping and an expectation shows what stood there.
enum JSON: Hashable, Sendable, CustomStringConvertible {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case array([JSON])
    case object([String: JSON])

    init(parsing text: some StringProtocol) throws {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed])
        self = JSON(value)
    }

    private init(_ value: Any) {
        switch value {
        case let number as NSNumber:
            // The boxed booleans are numbers as well; their type's name tells them apart.
            self = CFBooleanCheck.isBoolean(number) ? .bool(number.boolValue) : .number(number.doubleValue)
        case let text as String: self = .text(text)
        case let array as [Any]: self = .array(array.map(JSON.init))
        case let object as [String: Any]: self = .object(object.mapValues(JSON.init))
        default: self = .null
        }
    }

    subscript(_ key: String) -> JSON {
        if case .object(let members) = self { members[key] ?? .null } else { .null }
    }

    subscript(_ index: Int) -> JSON {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { .null }
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var number: Double? { if case .number(let number) = self { number } else { nil } }
    var integer: Int? { number.flatMap { Int(exactly: $0) } }
    var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
    var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }
    var texts: [String] { elements.compactMap(\.text) }
    var isNull: Bool { self == .null }
    var members: [String: JSON] { if case .object(let members) = self { members } else { [:] } }

    /// The value of a field in a `[["Name","value"],…]` list, whatever its case.
    func field(_ name: String) -> String? {
        elements.first { $0[0].text?.lowercased() == name.lowercased() }?[1].text
    }

    func fields(_ name: String) -> [String] {
        elements.filter { $0[0].text?.lowercased() == name.lowercased() }.compactMap { $0[1].text }
    }

    var description: String {
        switch self {
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .number(let number): Int(exactly: number).map(String.init) ?? "\(number)"
        case .text(let text): text.debugDescription
        case .array(let elements): "[" + elements.map(\.description).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\($0.key.debugDescription):\($0.value)" }.joined(
                    separator: ",") + "}"
        }
    }
}

private enum CFBooleanCheck {
    static func isBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
}
