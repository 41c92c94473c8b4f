import HTTPWire

/// The parameters of a query, decoded, in their order; at most 32 of them, and each once.
struct QueryParameters {
    let pairs: [(name: String, value: String)]

    /// What can't be understood, in a sentence: what was found, and what is accepted.
    struct Fault: Error, Hashable {
        let sentence: String

        /// A value that isn't what its parameter takes.
        static func refused(_ name: String, _ value: String, _ accepted: String) -> Fault {
            Fault(sentence: "\(name) is \(value.isEmpty ? "empty" : "“\(value.prefix(60))”"); accepted is \(accepted)")
        }

        /// A parameter that nobody reads: perhaps misspelt, and then the answer would be to another question.
        static func unknown(_ name: String, _ known: [String]) -> Fault {
            Fault(sentence: "“\(name.prefix(20))” is not known; accepted are \(known.joined(separator: ", "))")
        }
    }

    static let most = 32

    /// - Throws: where a name or value is not encoded as a query's are, or stands twice.
    init(_ query: String) throws(Fault) {
        var pairs: [(name: String, value: String)] = []
        for pair in query.split(separator: "&") {
            guard pairs.count < QueryParameters.most else {
                throw Fault(sentence: "the query has more than \(QueryParameters.most) parameters")
            }
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = QueryParameters.decode(parts[0]), let value = parts.count == 2 ? QueryParameters.decode(parts[1]) : ""
            else {
                throw Fault(
                    sentence: "“\(pair.prefix(60))” is not encoded as a query is; accepted are %-escapes of UTF-8, such as %2F")
            }
            guard !pairs.contains(where: { $0.name == name }) else {
                throw Fault(sentence: "“\(name.prefix(20))” stands twice; accepted is once")
            }
            pairs.append((name, value))
        }
        self.pairs = pairs
    }

    /// The value of that name.
    subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// As forms encode it; nil if it is malformed or not UTF-8.
    private static func decode(_ text: Substring) -> String? {
        PercentEncoding.decoded(text.utf8, plusIsBlank: true).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
