import HTTPWire

/// Who answered, and who stands on the path: every fingerprint that fits, weighed.
struct ResponderReading {
    /// Who wrote the answer, as far as a stack shows.
    private(set) var author: Stack?
    /// Intermediaries and edges on the path, in the order of their certainty.
    private(set) var path: [Stack] = []
    private let status: Int
    /// The fingerprints that fit, and the one that says most, as places in the table: who only wants the author copies none.
    private var found: [Int] = []
    private var best: Int?

    init(_ view: AnswerView, into signs: inout SignReading) {
        let table = Fingerprint.compiled
        let gates = Fingerprint.gates
        status = view.head.status
        let (hasBody, hasServer) = (!view.body.isEmpty, !view.servers.isEmpty)
        let mayFit = status == 101 && !hasBody ? Fingerprint.ofOpened : Fingerprint.places
        for index in mayFit where gates[index].admits(status: status, hasBody: hasBody, hasServer: hasServer) {
            if view.holdsAll(table[index].marks) { found.append(index) }
        }
        best = ResponderReading.strongest(found)
        author = best.map { table[$0].stack }
        for index in found {
            if table[index].role == .onPath || agreesWithAuthor(table[index].stack) {
                for sign in table[index].signs { signs.add(sign) }
            }
            let stack = table[index].stack
            if stack.who != .backend, !path.contains(stack) { path.append(stack) }
        }
        addSigns(view, into: &signs)
    }

    /// The strongest author: who says its name or shows its own page goes before who only has its shape; edges and intermediaries
    /// with pages of their own before the backends that they hide.
    private static func strongest(_ found: [Int]) -> Int? {
        let table = Fingerprint.compiled
        func first(_ confidence: Confidence, _ isSought: (Stack) -> Bool) -> Int? {
            found.first { table[$0].role == .author && table[$0].confidence == confidence && isSought(table[$0].stack) }
        }
        func first(_ confidence: Confidence) -> Int? { first(confidence) { $0.who != .backend } ?? first(confidence) { _ in true } }
        return first(.proven) ?? first(.likely) ?? first(.possible)
    }

    /// Who answered, in words.
    var responder: Responder {
        let table = Fingerprint.compiled
        if let best {
            // Where the body is somebody's own page, what the server behind it might be is no sign of anything.
            let because = found.filter { table[$0].stack == author }.map { table[$0].because }
            return Responder(
                who: who, stack: table[best].stack.name, confidence: table[best].confidence,
                because: ResponderReading.unique(because))
        }
        if let hop = path.first {
            // A hop that only shows its name passed somebody's answer on; who that is does not show.
            return Responder(
                who: who, stack: nil, confidence: .possible,
                because: ["\(hop.name) is on the path, and the answer isn't recognisably its own"])
        }
        return Responder(who: .unknown, confidence: .unknown, because: ["nothing in the answer is known"])
    }

    private var who: Responder.Who {
        // An application and a proxy, both written in Go, answer alike: what it is shows, and not who.
        if author == .goHTTP { return .unknown }
        return author?.who ?? path.first.map { status >= 500 && status != 500 ? $0.who : .unknown } ?? .unknown
    }

    /// Signs of weaker fingerprints count unless they contradict the author.
    private func agreesWithAuthor(_ stack: Stack) -> Bool {
        guard let author else { return true }
        return stack == author || stack.who != .backend || author.who == .backend
    }

    private static func unique(_ texts: [String]) -> [String] {
        var seen: [String] = []
        for text in texts where !seen.contains(text) { seen.append(text) }
        return Array(seen.prefix(3))
    }

    private func addSigns(_ view: AnswerView, into signs: inout SignReading) {
        switch who {
        case .backend: signs.add(.byBackend)
        case .intermediary: signs.add(.byIntermediary)
        case .edge: signs.add(.byEdge)
        case .unknown: signs.add(.byUnknown)
        default: break
        }
        let bytes = view.head.bytes
        if let index = view.head.section.firstIndex(of: .server), view.servers.contains(where: { bytes.begins("uvicorn", in: $0) })
        {
            if view.head.status != 101 { signs.add(.uvicornAsHTTP, .responseField(.server)) }
            // uvicorn writes its field names in lower case; a capital letter is another program's hand.
            if bytes.equals("Server", at: view.head.fields[index].name) {
                signs.add(.hopRewroteServer, .responseField(.server))
                signs.add(.intermediaryOnPath)
            }
        }
        // A second Server, or a Via, is a hop's.
        if view.servers.count > 1 { signs.add(.intermediaryOnPath, .responseField(.server)) }
        if view.head.section.has(KnownField.via) { signs.add(.intermediaryOnPath, .responseField(.via)) }
        for stack in path {
            if stack.who == .intermediary { signs.add(.intermediaryOnPath, .responseField(.server)) }
            if stack.who == .edge { signs.add(.edgeOnPath) }
        }
    }
}
