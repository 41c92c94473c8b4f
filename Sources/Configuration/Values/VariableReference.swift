/// A variable of the environment as shells and Compose files write it, `${NAME}` or `$NAME`, in a text where nothing replaces it.
///
/// Taken as it stands it would be a wrong address at best, and at worst a secret that everybody can guess: so the braced form is
/// refused wherever it stands, and the other one explains a value that was refused anyway.
struct VariableReference {
    /// Without `$` and braces.
    let name: String
    /// `${NAME}`, also with a default as in `${NAME:-x}`.
    let isBraced: Bool
    /// Whether the text is nothing else.
    let isWhole: Bool

    /// The first one in `text`.
    init?(in text: String) {
        let bytes = Array(text.utf8)
        for start in bytes.indices where bytes[start] == 0x24 {
            let braced = start + 1 < bytes.count && bytes[start + 1] == 0x7B
            let first = start + (braced ? 2 : 1)
            let name = bytes[min(first, bytes.count)...].prefix(while: VariableReference.isNameByte)
            guard let initial = name.first, !(0x30...0x39).contains(initial), name.count <= 64 else { continue }
            var end = name.endIndex
            if braced {
                // `}`, or the operators of a default.
                guard end < bytes.count, [0x7D, 0x3A, 0x2D, 0x3F, 0x2B].contains(bytes[end]),
                    let close = bytes[end...].firstIndex(of: 0x7D)
                else { continue }
                end = close + 1
            }
            self.name = String(decoding: name, as: UTF8.self)
            isBraced = braced
            isWhole = start == 0 && end == bytes.count
            return
        }
        return nil
    }

    /// As it is shown in a message.
    var shown: String { isBraced ? "${\(name)}" : "$\(name)" }

    /// What to do instead at `key`: what this key is taken from besides the file, else how the file can be made.
    func remedy(for key: String) -> String {
        let last = key.split(separator: ".").last.map(String.init) ?? ""
        if name == "PORT", key == "listen" || key.hasPrefix("listen.address") {
            return "leave listen out: without it, the port is taken from PORT"
        }
        if let (_, definition) = Schema.settable.first(where: { $0.path.joined(separator: ".") == key }),
            let variable = definition.environment
        {
            return "remove the key, and set \(variable) in the environment, which comes before the file"
        }
        if last == "secret" { return "write secret_variable: \(name), which is read from the environment" }
        if key.contains(".cookie.keys") { return "write keys_variable: \(name), which is read from the environment" }
        return "write the value out, or make the file by envsubst < TEMPLATE > FILE; of the environment only the variables of "
            + "Docs/Configuration.md are read"
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: false
        }
    }
}
