// A condition on a request and its user: `claims.conversation == path.id`, `scopes contains chat and user != guest`.
//
//     expression = term *( "or" term )          term = comparison *( "and" comparison )
//     comparison = reference ( "==" / "!=" / "contains" / "in" ) operand / reference "exists"
//     operand    = reference / word / 'text' / "text"
//
// Whatever isn't there makes its comparison false, `!=` included: a claim that is missing proves nothing. A list never equals a text.

import HTTPWire

/// A condition that a request meets or doesn't.
public struct PermissionExpression: Sendable, Hashable, CustomStringConvertible {
    public enum Comparison: String, Sendable, Hashable {
        case equal = "=="
        case unequal = "!="
        case contains
        case among = "in"
        case exists
    }

    public enum Operand: Sendable, Hashable {
        case reference(RequestReference)
        case literal([UInt8])
        case none
    }

    public struct Clause: Sendable, Hashable {
        public let subject: RequestReference
        public let comparison: Comparison
        public let operand: Operand
    }

    /// Any of these, each of which is met if all its clauses are.
    public let alternatives: [[Clause]]
    public let description: String

    /// What is wrong with an expression's text.
    public struct Fault: Error, Sendable, Hashable {
        public let observed: String
        public let expected: String
    }

    /// Parses `text`.
    public init(_ text: String) throws(Fault) {
        var words = try PermissionExpression.words(text)[...]
        guard !words.isEmpty else {
            throw Fault(observed: "an empty condition", expected: "such as claims.conversation == path.id")
        }
        var alternatives: [[Clause]] = []
        var clauses: [Clause] = []
        while true {
            clauses.append(try PermissionExpression.clause(&words))
            guard let joint = words.popFirst() else { break }
            switch joint {
            case .bare("and"): continue
            case .bare("or"):
                alternatives.append(clauses)
                clauses = []
            default: throw Fault(observed: "\(joint.text) behind a comparison", expected: "and, or, or the end")
            }
        }
        self.alternatives = alternatives + [clauses]
        description = text
    }

    // MARK: Parsing

    private enum Word: Equatable {
        case bare(Substring)
        case quoted(String)

        var text: String {
            switch self {
            case .bare(let text): String(text)
            case .quoted(let text): "'\(text)'"
            }
        }
    }

    private static func words(_ text: String) throws(Fault) -> [Word] {
        var words: [Word] = []
        var rest = text[...]
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            guard let first = rest.first else { return words }
            if first == "'" || first == "\"" {
                rest = rest.dropFirst()
                guard let end = rest.firstIndex(of: first) else {
                    throw Fault(observed: "a quotation mark without its end", expected: "\(first)text\(first)")
                }
                words.append(.quoted(String(rest[..<end])))
                rest = rest[rest.index(after: end)...]
            } else {
                let isSign = first == "=" || first == "!"
                let word = rest.prefix { $0 != " " && $0 != "\t" && $0 != "'" && $0 != "\"" && ($0 == "=" || $0 == "!") == isSign }
                words.append(.bare(word))
                rest = rest[word.endIndex...]
            }
        }
    }

    private static let references = "claims.NAME, scopes, user, path.NAME, query.NAME or address"

    private static func clause(_ words: inout ArraySlice<Word>) throws(Fault) -> Clause {
        guard let first = words.popFirst() else {
            throw Fault(observed: "the end where a comparison was to come", expected: references)
        }
        guard case .bare(let name) = first, let subject = RequestReference(name) else {
            throw Fault(observed: "\(first.text) on the left of a comparison", expected: references)
        }
        guard let sign = words.popFirst(), case .bare(let text) = sign, let comparison = Comparison(rawValue: String(text)) else {
            throw Fault(observed: "no comparison behind \(name)", expected: "==, !=, contains, in or exists")
        }
        guard comparison != .exists else { return Clause(subject: subject, comparison: comparison, operand: .none) }
        switch words.popFirst() {
        case nil: throw Fault(observed: "nothing behind \(text)", expected: "\(references), or a text")
        case .quoted(let text)?: return Clause(subject: subject, comparison: comparison, operand: .literal(Array(text.utf8)))
        case .bare(let word)?:
            if let reference = RequestReference(word) {
                return Clause(subject: subject, comparison: comparison, operand: .reference(reference))
            }
            // `claim.sub`, misspelt, must not become a text that nothing equals.
            guard word.utf8.allSatisfy({ $0.isLetter || $0.isDigit || $0 == 0x5F || $0 == 0x2D || $0 == 0x3A }),
                word != "and", word != "or"
            else {
                throw Fault(
                    observed: "\(word), which is neither a reference nor a plain word",
                    expected: "\(references), or a text in quotes")
            }
            return Clause(subject: subject, comparison: comparison, operand: .literal(Array(word.utf8)))
        }
    }

    // MARK: Judging

    /// Whether the request meets the condition.
    public func isMet(by request: RequestView) -> Bool {
        alternatives.contains { $0.allSatisfy { PermissionExpression.isMet($0, request) } }
    }

    private static func isMet(_ clause: Clause, _ request: RequestView) -> Bool {
        if case (.scopes, .contains, .literal(let scope)) = (clause.subject, clause.comparison, clause.operand) {
            return request.hasScope(scope)
        }
        let subject = request.value(clause.subject)
        let operand: ReferencedValue
        switch clause.operand {
        case .none: return subject != .absent
        case .literal(let text): operand = .one(text)
        case .reference(let reference): operand = request.value(reference)
        }
        switch (clause.comparison, subject, operand) {
        case (.equal, .one(let a), .one(let b)): return a == b
        case (.unequal, .one(let a), .one(let b)): return a != b
        case (.contains, .many(let several), .one(let one)), (.among, .one(let one), .many(let several)):
            return several.contains(one)
        // A claim with one element is often written without its brackets.
        case (.contains, .one(let a), .one(let b)), (.among, .one(let a), .one(let b)): return a == b
        default: return false
        }
    }

    /// The references with what they stand for in this request, for a refusal's words.
    func observed(in request: RequestView) -> String {
        var seen: [RequestReference] = []
        for clause in alternatives.joined() {
            if !seen.contains(clause.subject) { seen.append(clause.subject) }
            if case .reference(let reference) = clause.operand, !seen.contains(reference) { seen.append(reference) }
        }
        return seen.map { "\($0) = \(request.value($0).shown)" }.joined(separator: ", ")
    }

    /// Every reference of the expression, for checks at load.
    public var references: [RequestReference] {
        alternatives.joined().flatMap { clause -> [RequestReference] in
            if case .reference(let reference) = clause.operand { return [clause.subject, reference] }
            return [clause.subject]
        }
    }
}
