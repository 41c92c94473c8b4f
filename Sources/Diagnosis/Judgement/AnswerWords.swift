import HTTPWire

/// What a refusal says first, in its own words: where nothing proves the cause, they tell a person more than any weighing.
enum AnswerWords {
    /// How many characters are quoted.
    private static let longest = 120
    /// Lines that are looked at: pages begin with titles and blank lines.
    private static let lines = 60
    /// How many of the request's secrets are looked for in the body.
    private static let secrets = 256
    /// Shorter ones are words of every page.
    private static let shortestSecret = 6

    /// The body's first line of text, or all of a small JSON body; nil where there is none that people can read.
    static func evidence(_ observation: HandshakeObservation) -> Evidence? {
        guard let response = observation.response, response.status != 101, !response.has(.contentEncoding),
            let first = observation.bodyStart.first(where: { $0 > 0x20 })
        else { return nil }
        let mask = observation.request.map { EchoedSecrets($0, shortest: shortestSecret, most: secrets) }
        // The lines of JSON say nothing alone.
        if first == 0x7B || first == 0x5B {
            let body = mask?.masked(observation.bodyStart) ?? observation.bodyStart
            return sentence(body[...]).map { Evidence(what: "response body", observed: $0) }
        }
        let bare = first == 0x3C ? withoutMarkup(observation.bodyStart, mask) : observation.bodyStart
        let text = mask?.masked(bare) ?? bare
        let reason = response.bytes.printable(response.reasonRange, limit: 100).lowercased()
        let known = ["", reason, "\(response.status)", "\(response.status) \(reason)"]
        for line in text.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).prefix(lines) {
            // What only repeats the status line is passed by.
            guard let shown = sentence(line), !known.contains(shown.lowercased()) else { continue }
            return Evidence(what: "response body", observed: shown)
        }
        return nil
    }

    /// The line with single blanks and without what looks like a token; nil if it isn't text.
    private static func sentence(_ line: ArraySlice<UInt8>) -> String? {
        guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }) else { return nil }
        let pieces = line.split { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let shown = Redaction.withoutTokens(pieces.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
        // A letter that was cut at the body's bound isn't told from bytes that never were text.
        let isText = shown.contains { $0.isLetter } && !shown.unicodeScalars.contains { $0.value == 0xFFFD }
        guard isText else { return nil }
        guard shown.count > longest else { return shown }
        // Cut between words: half a secret is known to no mask.
        let start = shown.prefix(longest - 2)
        guard let end = start.lastIndex(where: { $0 == " " || $0 == "\"" || $0 == "," }), end > start.startIndex else { return nil }
        return "\(start[..<end]) …"
    }

    /// The text of a page: every tag ends a line, and what stands in scripts and styles is left out.
    ///
    /// Secrets are looked for in that text: one that is a tag's name would hide the tag, and one with a tag inside it isn't whole before. Only one
    /// that has a `<` of its own is covered first.
    private static func withoutMarkup(_ page: [UInt8], _ mask: EchoedSecrets?) -> [UInt8] {
        var body = page
        if let mask, mask.echoes(in: page).contains(where: { page[$0.range].contains(0x3C) }) { body = mask.masked(page) }
        var text: [UInt8] = []
        text.reserveCapacity(body.count)
        var position = 0
        while position < body.count {
            guard body[position] == 0x3C else {
                text.append(body[position])
                position += 1
                continue
            }
            let rest = position + 1..<body.count
            let end: Int?
            if body.begins("!--", in: rest) {
                end = body.find("-->", in: rest).map { $0 + 3 }
            } else if body.begins("script", in: rest) {
                end = body.find("</script>", in: rest).map { $0 + 9 }
            } else if body.begins("style", in: rest) {
                end = body.find("</style>", in: rest).map { $0 + 8 }
            } else {
                end = body[rest].firstIndex(of: 0x3E).map { $0 + 1 }
            }
            // What was cut off within a tag is no text.
            position = end ?? body.count
            if !isInline(body, rest) { text.append(0x0A) }
        }
        return text
    }

    /// Whether a tag stands within a sentence.
    private static func isInline(_ body: [UInt8], _ tag: Range<Int>) -> Bool {
        let names: [StaticString] = [
            "code>", "/code>", "b>", "/b>", "i>", "/i>", "em>", "/em>", "strong>", "/strong>", "a ", "/a>",
        ]
        return names.contains { body.begins($0, in: tag) }
    }
}
