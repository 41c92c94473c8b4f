public import HTTPWire

/// A field that tells the backend something of the user; whatever the client sent under its name is removed.
///
/// A backend takes the value for the user, so it has to read the very octets that the credential was checked for. Readers of fields trim
/// blanks and part lists at commas: a value that such a reader would take for another is not written at all.
public struct IdentityField: Sendable, Hashable {
    public let name: FieldName
    public let value: RequestReference
    /// The name with `-` for `_`: to a reader that takes both for one it is the same, and lookalikes of it are removed with it. Nil where
    /// there is no difference.
    let twin: FieldName?

    public init(name: FieldName, value: RequestReference) {
        self.name = name
        self.value = value
        let dashed = name.description.split(separator: "_", omittingEmptySubsequences: false).joined(separator: "-")
        twin = FieldName(dashed).flatMap { $0 == name ? nil : $0 }
    }

    /// What the field's value is in one request.
    enum Written: Sendable, Hashable {
        /// There is nothing to tell.
        case absent
        case value([UInt8])
        /// Why it can't be told as it is, without the value.
        case unwritable(String)
    }

    /// Octets above which a value isn't written.
    static let longest = 4096

    func written(in view: RequestView) -> Written {
        switch view.value(value) {
        case .absent: return .absent
        case .one(let octets): return octets.isEmpty ? .absent : written(octets)
        case .many(let elements):
            for element in elements {
                if let fault = IdentityField.fault(element) { return .unwritable("\(value) with an element that \(fault)") }
                if element.contains(0x2C) { return .unwritable("\(value) with an element that has a comma in it") }
            }
            let joined = Array(elements.joined(separator: [0x2C]))
            return joined.isEmpty ? .absent : written(joined)
        }
    }

    private func written(_ octets: [UInt8]) -> Written {
        if octets.count > IdentityField.longest {
            return .unwritable("\(value) that has more than \(IdentityField.longest) octets")
        }
        if let fault = IdentityField.fault(octets) { return .unwritable("\(value) that \(fault)") }
        return .value(octets)
    }

    /// What a reader would do to these octets, or stumble over.
    private static func fault(_ octets: [UInt8]) -> StaticString? {
        if octets.first == 0x20 || octets.last == 0x20 { return "begins or ends with a blank" }
        return octets.allSatisfy { (0x20...0x7E).contains($0) } ? nil : "isn't printable ASCII"
    }
}
