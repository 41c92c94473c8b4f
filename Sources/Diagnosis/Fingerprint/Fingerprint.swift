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
        /// The body contains this, at least four letters in lower case.
        case bodyHas(StaticString)
        /// The same by its number, see `bodyTexts`.
        case bodyMark(Int)
        case html
        /// Exactly this number of fields.
        case fields(Int)
        /// The fields are exactly these, spelled so, in this order; blanks part the names. One text, so that a mark owns no heap.
        case fieldsAre(StaticString)
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

extension Fingerprint {
    /// All fingerprints, ready for use: what they look for in bodies is numbered, so that one pass finds it.
    static let compiled: [Fingerprint] = all.map { fingerprint in
        fingerprint.with(
            fingerprint.marks.map { mark in
                guard case .bodyHas(let text) = mark, let number = bodyTexts.firstIndex(where: { "\($0)" == "\(text)" }) else {
                    return mark
                }
                return .bodyMark(number)
            })
    }

    /// The texts that fingerprints look for in bodies, at most 64.
    static let bodyTexts: [StaticString] = {
        var texts: [StaticString] = []
        for case .bodyHas(let text) in all.flatMap(\.marks) where !texts.contains(where: { "\($0)" == "\(text)" }) {
            texts.append(text)
        }
        precondition(texts.count <= 64, "Fingerprint: more body texts than bits")
        return texts
    }()

    private func with(_ marks: [Mark]) -> Fingerprint { Fingerprint(stack, role, confidence, because, marks, signs) }
}

/// What the marks are compared with: one answer, with what several marks ask for worked out once.
///
/// A class, so that handing it to a hundred comparisons copies nothing; it lives as long as one reading.
final class AnswerView {
    let head: ResponseHead
    let body: [UInt8]
    let isHTML: Bool
    let servers: [Range<Int>]
    /// The numbers of the body texts that were found, as bits.
    var bodyMarks: UInt64 = 0
    /// A bit per length of a field's name: most names are ruled out by their length.
    private let nameLengths: UInt64
    private let bytes: [UInt8]
    /// No Server field, or only those of intermediaries.
    private lazy var hasNoOwnServer = servers.allSatisfy { isIntermediaryName($0) }

    init(_ head: ResponseHead, _ body: [UInt8]) {
        self.head = head
        self.body = body
        bytes = head.bytes
        servers = head.section.has(KnownField.server) ? head.values(of: .server) : []
        var lengths: UInt64 = 0
        for field in head.fields { lengths |= 1 << UInt64(min(field.name.count, 63)) }
        nameLengths = lengths
        let isTyped =
            head.section.has(KnownField.contentType)
            && (head.value(of: .contentType).map { head.bytes.contains("text/html", in: $0) } ?? false)
        let start = body.firstIndex { $0 > 0x20 } ?? 0
        isHTML =
            isTyped && !body.isEmpty || body.begins("<!doctype html", in: start..<body.count)
            || body.begins("<html", in: start..<body.count)
    }

    func holdsAll(_ marks: [Fingerprint.Mark]) -> Bool {
        for mark in marks where !holds(mark) { return false }
        return true
    }

    func holds(_ mark: Fingerprint.Mark) -> Bool {
        switch mark {
        case .server(let text): return servers.contains { bytes.contains(text, in: $0) }
        case .noServer: return servers.isEmpty
        case .noOwnServer: return hasNoOwnServer
        case .has(let field): return head.section.has(field)
        case .lacks(let field): return !head.section.has(field)
        case .named(let name): return anyField(name) { _ in true }
        case .value(let name, let text): return anyField(name) { bytes.contains(text, in: $0) }
        case .spelled(let name):
            guard mayHave(name) else { return false }
            return head.fields.contains { $0.name.count == name.utf8CodeUnitCount && bytes.equals(name, at: $0.name) }
        case .status(let status): return head.status == status
        case .statusAtLeast(let status): return head.status >= status
        case .reason(let text): return bytes.equals(text, at: head.reasonRange)
        case .reasonEmpty: return bytes.withoutBlanks(head.reasonRange).isEmpty
        case .bodyEmpty: return body.isEmpty
        case .bodyIs(let text): return body.count == text.utf8CodeUnitCount && body.spells(text, at: 0)
        case .bodyBegins(let text): return body.begins(text, in: 0..<body.count)
        case .bodyHas(let text): return body.contains(text, in: 0..<body.count)
        case .bodyMark(let number): return bodyMarks >> UInt64(number) & 1 == 1
        case .html: return isHTML
        case .fields(let count): return head.fields.count == count
        case .fieldsAre(let names):
            return areFields(names)
        }
    }

    private func areFields(_ names: StaticString) -> Bool {
        let length = names.utf8CodeUnitCount
        let text = unsafe names.utf8Start
        var start = 0
        for field in head.fields {
            let name = field.name.clamped(to: 0..<bytes.count)
            guard start < length, name.count <= length - start else { return false }
            for offset in 0..<name.count where unsafe bytes[name.lowerBound + offset] != text[start + offset] { return false }
            start += name.count
            guard unsafe start == length || text[start] == 0x20 else { return false }
            start += 1
        }
        return start == length + 1
    }

    private func mayHave(_ name: StaticString) -> Bool { nameLengths >> UInt64(min(name.utf8CodeUnitCount, 63)) & 1 == 1 }

    private func anyField(_ name: StaticString, _ test: (Range<Int>) -> Bool) -> Bool {
        guard mayHave(name) else { return false }
        let length = name.utf8CodeUnitCount
        for field in head.fields where field.name.count == length && bytes.spells(name, at: field.name.lowerBound) {
            if test(field.value) { return true }
        }
        return false
    }

    private func isIntermediaryName(_ value: Range<Int>) -> Bool {
        AnswerView.intermediaryNames.contains { bytes.begins($0, in: value) }
    }

    private static let intermediaryNames: [StaticString] = [
        "nginx", "caddy", "apache", "envoy", "cloudflare", "haproxy", "traefik", "varnish", "openresty", "awselb", "cloudfront",
        "fly/", "google frontend", "istio",
    ]
}
