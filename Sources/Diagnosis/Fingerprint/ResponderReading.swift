import HTTPWire

/// Who answered, and who stands on the path: every fingerprint that fits, weighed.
struct ResponderReading {
    private(set) var responder: Responder
    /// Who wrote the answer, as far as a stack shows.
    private(set) var author: Stack?
    /// Intermediaries and edges on the path, in the order of their certainty.
    private(set) var path: [Stack] = []

    init(_ view: AnswerView, into signs: inout SignReading) {
        let table = Fingerprint.compiled
        let gates = Fingerprint.gates
        var found: [Fingerprint] = []
        let (status, hasBody, hasServer) = (view.head.status, !view.body.isEmpty, !view.servers.isEmpty)
        for index in gates.indices where gates[index].admits(status: status, hasBody: hasBody, hasServer: hasServer) {
            if view.holdsAll(table[index].marks) { found.append(table[index]) }
        }
        // The strongest author: who says its name or shows its own page goes before who only has its shape; edges and intermediaries with
        // pages of their own before the backends that they hide.
        let authors = found.filter { $0.role == .author }
        let order: [Confidence] = [.proven, .likely, .possible]
        var best: Fingerprint?
        for confidence in order where best == nil {
            let level = authors.filter { $0.confidence == confidence }
            best = level.first { $0.stack.who != .backend } ?? level.first
        }
        for fingerprint in found {
            for sign in fingerprint.signs where fingerprint.role == .onPath || ResponderReading.agrees(fingerprint, best) {
                signs.add(sign)
            }
            if fingerprint.stack.who != .backend, !path.contains(fingerprint.stack) { path.append(fingerprint.stack) }
        }
        // Where the body is somebody's own page, what the server behind it might be is no sign of anything.
        author = best?.stack
        let because = found.filter { $0.stack == best?.stack }.map { $0.because }
        if let best {
            responder = Responder(
                who: best.stack.who, stack: best.stack.name, confidence: best.confidence, because: ResponderReading.unique(because))
        } else if let hop = path.first {
            // A hop that only shows its name passed somebody's answer on; who that is does not show.
            responder = Responder(
                who: view.head.status >= 500 && view.head.status != 500 ? hop.who : .unknown, stack: nil, confidence: .possible,
                because: ["\(hop.name) is on the path, and the answer isn't recognisably its own"])
        } else {
            responder = Responder(who: .unknown, confidence: .unknown, because: ["nothing in the answer is known"])
        }
        addSigns(view, into: &signs)
    }

    /// Signs of weaker fingerprints count unless they contradict the author.
    private static func agrees(_ fingerprint: Fingerprint, _ best: Fingerprint?) -> Bool {
        guard let best else { return true }
        if fingerprint.stack == best.stack || fingerprint.stack.who != .backend { return true }
        return best.stack.who == .backend
    }

    private static func unique(_ texts: [String]) -> [String] {
        var seen: [String] = []
        for text in texts where !seen.contains(text) { seen.append(text) }
        return Array(seen.prefix(3))
    }

    private mutating func addSigns(_ view: AnswerView, into signs: inout SignReading) {
        let isBackend = responder.who == .backend
        signs.add(.byBackend, if: isBackend)
        signs.add(.byIntermediary, if: responder.who == .intermediary)
        signs.add(.byEdge, if: responder.who == .edge)
        signs.add(.byUnknown, if: responder.who == .unknown)
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
