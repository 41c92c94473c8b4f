/// The parameters of a POST's query, decoded, in their order; at most 32 of them.
struct QueryParameters {
    let pairs: [(name: String, value: String)]

    /// What can't be understood, in a sentence.
    struct Fault: Error {
        let sentence: String
    }

    /// - Throws: where a value is not encoded as a query's values are.
    init(_ query: String) throws(Fault) {
        var pairs: [(name: String, value: String)] = []
        for pair in query.split(separator: "&").prefix(32) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? SessionFilter.decode(parts[1]) : ""
            guard let value else { throw Fault(sentence: "\(parts[0].prefix(20)) is not encoded as a query is") }
            pairs.append((String(parts[0]), value))
        }
        self.pairs = pairs
    }

    /// The first value of that name.
    subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }
}
