import HTTPWire

/// One way in which an answer shows who wrote it: marks that must all be there.
///
/// Names that software gives itself (`Server: TornadoServer/6`) are strong; the shape of an answer (which fields, in which order and case,
/// which body) is weaker, and says so with its confidence. Shapes that were not measured with the real software are `possible` at most.
struct Fingerprint: Sendable {
    let stack: Stack
    let role: Role
    let confidence: Confidence
    let marks: [Mark]
    /// What a report says: "Server: uvicorn".
    let because: String
    /// What else this fingerprint means for the rules.
    let signs: [Sign]
    /// What can be seen without looking at the marks.
    let gate: FingerprintGate

    enum Role: Sendable {
        /// It wrote the answer.
        case author
        /// It stands on the path; the answer may be another's.
        case onPath
    }

    enum Mark: Sendable {
        case server(StaticString)
        case noServer
        /// No Server, or only an intermediary's: a hop replaces the backend's.
        case noOwnServer
        case has(KnownField)
        case lacks(KnownField)
        case named(StaticString)
        /// The value of a field, by lower-case name, contains this.
        case value(StaticString, StaticString)
        /// A field's name is written exactly so.
        case spelled(StaticString)
        case status(Int)
        case statusAtLeast(Int)
        case reason(StaticString)
        case reasonEmpty
        case bodyEmpty
        case bodyIs(StaticString)
        case bodyBegins(StaticString)
        case bodyHas(StaticString)
        case html
        /// Exactly this number of fields.
        case fields(Int)
        /// The fields are exactly these, spelled so, in this order.
        case fieldsAre([StaticString])
    }

    /// An answer that this stack wrote.
    init(_ stack: Stack, _ confidence: Confidence, _ because: String, _ marks: Mark..., signs: [Sign] = []) {
        self.init(stack, .author, confidence, because, marks, signs)
    }

    /// An answer that came through this stack.
    init(onPath stack: Stack, _ confidence: Confidence, _ because: String, _ marks: Mark..., signs: [Sign] = []) {
        self.init(stack, .onPath, confidence, because, marks, signs)
    }

    private init(
        _ stack: Stack, _ role: Role, _ confidence: Confidence, _ because: String, _ marks: [Mark], _ signs: [Sign]
    ) {
        self.stack = stack
        self.role = role
        self.confidence = confidence
        self.because = because
        self.marks = marks
        self.signs = signs
        gate = FingerprintGate(marks)
    }
}

/// What the marks are compared with: one answer, with what several marks ask for worked out once.
///
/// A class, so that handing it to a hundred comparisons copies nothing; it lives as long as one reading.
final class AnswerView {
    let head: ResponseHead
    let body: [UInt8]
    let isHTML: Bool
    let servers: [Range<Int>]

    init(_ head: ResponseHead, _ body: [UInt8]) {
        self.head = head
        self.body = body
        servers = head.section.has(KnownField.server) ? head.values(of: .server) : []
        let isTyped = head.value(of: .contentType).map { head.bytes.contains("text/html", in: $0) } ?? false
        let start = body.firstIndex { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 } ?? 0
        let all = start..<body.count
        isHTML = isTyped && !body.isEmpty || body.begins("<!doctype html", in: all) || body.begins("<html", in: all)
    }

    func holds(_ mark: Fingerprint.Mark) -> Bool {
        switch mark {
        case .server(let text): return servers.contains { head.bytes.contains(text, in: $0) }
        case .noServer: return servers.isEmpty
        case .noOwnServer: return servers.allSatisfy(isIntermediaryName)
        case .has(let field): return head.section.has(field)
        case .lacks(let field): return !head.section.has(field)
        case .named(let name): return head.fields.contains { $0.known == .other && head.bytes.matches(name, at: $0.name) }
        case .value(let name, let text):
            return head.fields.contains { head.bytes.matches(name, at: $0.name) && head.bytes.contains(text, in: $0.value) }
        case .spelled(let name): return head.fields.contains { head.bytes.equals(name, at: $0.name) }
        case .status(let status): return head.status == status
        case .statusAtLeast(let status): return head.status >= status
        case .reason(let text): return head.bytes.equals(text, at: head.reasonRange)
        case .reasonEmpty: return head.bytes.withoutBlanks(head.reasonRange).isEmpty
        case .bodyEmpty: return body.isEmpty
        case .bodyIs(let text): return body.matches(text, at: 0..<body.count)
        case .bodyBegins(let text): return body.begins(text, in: 0..<body.count)
        case .bodyHas(let text): return body.contains(text, in: 0..<body.count)
        case .html: return isHTML
        case .fields(let count): return head.fields.count == count
        case .fieldsAre(let names):
            return head.fields.count == names.count && zip(head.fields, names).allSatisfy { head.bytes.equals($1, at: $0.name) }
        }
    }

    private func isIntermediaryName(_ value: Range<Int>) -> Bool {
        let names: [StaticString] = ["nginx", "caddy", "apache", "envoy", "cloudflare", "haproxy", "traefik", "varnish", "openresty", "awselb", "cloudfront", "fly/", "google frontend", "istio"]
        return names.contains { head.bytes.begins($0, in: value) }
    }
}
