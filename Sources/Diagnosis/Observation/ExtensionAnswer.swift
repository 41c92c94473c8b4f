import HTTPWire

/// The extensions of a 101 against those that were offered (RFC 6455 §9.1, RFC 7692 §7.1).
enum ExtensionAnswer {
    static func faults(_ request: RequestHead, _ response: ResponseHead) -> [ResponseFault] {
        guard response.section.has(KnownField.secWebSocketExtensions) else { return [] }
        let answers = response.elements(of: .secWebSocketExtensions).map { Item(response.bytes, $0) }
        let offers = request.elements(of: .secWebSocketExtensions).map { Item(request.bytes, $0) }
        var faults: [ResponseFault] = []
        for answer in answers {
            let same = offers.filter { $0.name == answer.name }
            if same.isEmpty {
                faults.append(.extensionNotOffered)
            } else if answer.name == "permessage-deflate", !same.contains(where: { fits(answer, $0) }) {
                faults.append(.extensionParameters)
            }
        }
        return faults.isEmpty ? [] : Array(faults.prefix(1))
    }

    /// Whether the answer may follow from this offer: RFC 7692 §7.1.1–7.1.2.
    private static func fits(_ answer: Item, _ offer: Item) -> Bool {
        var seen: [String] = []
        for parameter in answer.parameters {
            if seen.contains(parameter.name) { return false }
            seen.append(parameter.name)
            switch parameter.name {
            case "server_no_context_takeover", "client_no_context_takeover":
                if parameter.value != nil { return false }
            case "server_max_window_bits":
                guard let bits = bits(parameter.value) else { return false }
                if let limit = offer["server_max_window_bits"].flatMap({ Self.bits($0) }), bits > limit { return false }
            case "client_max_window_bits":
                // Only a client that offered the parameter understands it (§7.1.2.2).
                guard let offered = offer["client_max_window_bits"], let bits = bits(parameter.value) else { return false }
                if let limit = Self.bits(offered), bits > limit { return false }
            default: return false
            }
        }
        // What the client demands of the server must come back.
        if offer["server_no_context_takeover"] != nil, !seen.contains("server_no_context_takeover") { return false }
        if let limit = offer["server_max_window_bits"].flatMap({ bits($0) }), limit < 15, !seen.contains("server_max_window_bits") {
            return false
        }
        return true
    }

    private static func bits(_ value: String?) -> Int? {
        guard let value, let bits = Int(value), (8...15).contains(bits), !value.hasPrefix("+") else { return nil }
        return bits
    }

    /// One extension with its parameters; names in lower case, values without quotation marks.
    struct Item {
        let name: String
        let parameters: [(name: String, value: String?)]

        init(_ bytes: [UInt8], _ range: Range<Int>) {
            var parts = ListElements(range, separator: 0x3B)
            var texts: [String] = []
            while let part = parts.next(in: bytes), texts.count < 16 { texts.append(bytes.printable(part, limit: 100)) }
            name = texts.first?.lowercased() ?? ""
            parameters = texts.dropFirst().map { text in
                guard let equals = text.utf8.firstIndex(of: 0x3D) else { return (Item.trimmed(text[...]).lowercased(), nil) }
                let value = Item.trimmed(text[text.utf8.index(after: equals)...])
                let bare =
                    value.hasPrefix("\"") && value.hasSuffix("\"") && value.utf8.count > 1
                    ? String(value.dropFirst().dropLast()) : value
                return (Item.trimmed(text[..<equals]).lowercased(), bare)
            }
        }

        /// The value of a parameter: nil where it isn't there, empty where it has none.
        subscript(_ name: String) -> String? { parameters.first { $0.name == name }.map { $0.value ?? "" } }

        private static func trimmed(_ text: Substring) -> String {
            var text = text
            while text.first == " " || text.first == "\t" { text = text.dropFirst() }
            while text.last == " " || text.last == "\t" { text = text.dropLast() }
            return String(text)
        }
    }
}
