import Wire

/// A range of octets in eight.
struct CompactRange: Sendable, Hashable {
    let start: UInt32
    let end: UInt32

    init(_ range: Range<Int>) {
        start = UInt32(clamping: range.lowerBound)
        end = UInt32(clamping: range.upperBound)
    }

    var range: Range<Int> { Int(start)..<Int(end) }
}

/// `method SP request-target SP HTTP-version CRLF` (RFC 9112 §3), by ranges.
///
/// One blank parts the three, exactly. The version is looked for at the *end* of the line, so that a target with
/// blanks is seen as such (and refused) instead of being cut at the first blank, which is where parsers differ.
struct RequestLine: Sendable {
    private(set) var method = HTTPMethod.other
    private(set) var version = HTTPVersion.unsupported
    private(set) var form = TargetForm.invalid
    private(set) var hasQuery = false
    private(set) var methodRange = CompactRange(0..<0)
    private(set) var targetRange = CompactRange(0..<0)
    private(set) var path = CompactRange(0..<0)
    private(set) var query = CompactRange(0..<0)
    private(set) var authority = CompactRange(0..<0)
    /// Where the line begins, behind empty ones.
    private(set) var start = 0
    /// Where its content ends, before CRLF.
    private(set) var contentEnd = 0
    /// Where the field lines begin.
    private(set) var end = 0

    init(parsing input: borrowing RawSpan, limits: HeadLimits, faults: inout FaultList) {
        start = StartLine.skipEmptyLines(input, faults: &faults)
        (contentEnd, end) = StartLine.end(of: input, from: start, faults: &faults)
        guard contentEnd > start else {
            faults.add(.headEmpty, start..<end)
            return
        }
        var position = start
        while position < contentEnd, input.byte(at: position).isToken { position += 1 }
        methodRange = CompactRange(start..<position)
        method = RequestLine.method(input, start..<position)
        if position == start || position == contentEnd || input.byte(at: position) != 0x20 {
            let isBlank = position < contentEnd && input.byte(at: position).isBlank
            faults.add(isBlank ? .requestLineBlanks : .methodInvalid, start..<min(position + 1, contentEnd))
        } else if position - start > 32 {
            faults.add(.methodTooLong, start..<position)
        }
        // On with the octet behind the blank; after an invalid method wherever the next blank is.
        while position < contentEnd, !input.byte(at: position).isBlank { position += 1 }
        let targetStart = min(position + 1, contentEnd)
        let versionStart = parseVersion(input, from: targetStart, faults: &faults)
        parseTarget(input, targetStart..<versionStart, limits: limits, faults: &faults)
        if faults.refusal != nil {
            _ = FieldSectionParser.checkOctets(input, start..<contentEnd, faults: &faults)
        }
    }

    private static func method(_ input: borrowing RawSpan, _ range: Range<Int>) -> HTTPMethod {
        func isExactly(_ text: StaticString) -> Bool {
            guard text.utf8CodeUnitCount == range.count else { return false }
            for offset in range {
                let expected = unsafe text.utf8Start[offset - range.lowerBound]
                if input.byte(at: offset) != expected { return false }
            }
            return true
        }
        // Methods are case-sensitive (RFC 9110 §9.1).
        switch range.count {
        case 3: return isExactly("GET") ? .get : isExactly("PUT") ? .put : .other
        case 4: return isExactly("POST") ? .post : isExactly("HEAD") ? .head : .other
        case 5: return isExactly("PATCH") ? .patch : isExactly("TRACE") ? .trace : .other
        case 6: return isExactly("DELETE") ? .delete : .other
        case 7: return isExactly("OPTIONS") ? .options : isExactly("CONNECT") ? .connect : .other
        default: return .other
        }
    }

    /// Reads the version at the end of the line; returns where the target ends.
    private mutating func parseVersion(
        _ input: borrowing RawSpan, from targetStart: Int, faults: inout FaultList
    ) -> Int {
        var word = contentEnd
        while word > targetStart, !input.byte(at: word - 1).isBlank { word -= 1 }
        if word == targetStart || word == contentEnd {
            // One word only (HTTP/0.9), or a blank at the end of the line.
            let isOneWord = word == targetStart
            faults.add(isOneWord ? .versionMissing : .requestLineBlanks, word..<contentEnd)
            return isOneWord ? contentEnd : StartLine.trimmed(input, targetStart..<contentEnd)
        }
        version = StartLine.version(input, word..<contentEnd, faults: &faults)
        if input.byte(at: word - 1) != 0x20 { faults.add(.requestLineBlanks, word - 1..<word) }
        return word - 1
    }

    /// Sorts the target into its form and finds path and query (RFC 9112 §3.2, RFC 3986 §3).
    private mutating func parseTarget(
        _ input: borrowing RawSpan, _ range: Range<Int>, limits: HeadLimits, faults: inout FaultList
    ) {
        targetRange = CompactRange(range)
        guard let first = range.first else {
            if version != .unsupported || range.lowerBound < contentEnd { faults.add(.targetMissing, range) }
            return
        }
        if range.count > limits.target { faults.add(.targetTooLong, range) }
        var question: Int?
        var unusual: Int?
        for offset in range {
            let byte = input.byte(at: offset)
            if byte == 0x3F, question == nil { question = offset }
            if byte.isTargetCharacter { continue }
            if byte.isBlank {
                faults.add(.requestLineBlanks, offset..<offset + 1)
            } else if byte == 0x23 {
                faults.add(.targetFragment, offset..<offset + 1)
            } else if byte < 0x20 || byte >= 0x7F {
                faults.add(.targetInvalid, offset..<offset + 1)
            } else if unusual == nil {
                // Browsers send these in queries; RFC 3986 wants them escaped. They go on as they are.
                unusual = offset
                faults.add(.targetUnusualOctet, offset..<offset + 1)
            }
        }
        if input.byte(at: first) == 0x2F {
            form = .origin
            split(first..<range.upperBound, question)
            if method == .connect { faults.add(.targetFormMismatch, range) }
        } else if range.count == 1, input.byte(at: first) == 0x2A {
            form = .asterisk
            path = CompactRange(range)
            if method != .options { faults.add(.targetFormMismatch, range) }
        } else if let scheme = StartLine.schemeEnd(input, range) {
            parseAbsolute(input, range, after: scheme, question, faults: &faults)
        } else if method == .connect {
            form = .authority
            authority = CompactRange(range)
        } else {
            faults.add(.targetInvalid, range)
        }
    }

    private mutating func parseAbsolute(
        _ input: borrowing RawSpan, _ range: Range<Int>, after scheme: Int, _ question: Int?, faults: inout FaultList
    ) {
        var position = scheme
        while position < range.upperBound, input.byte(at: position) != 0x2F, position != question { position += 1 }
        form = .absolute
        authority = CompactRange(scheme..<position)
        split(position..<range.upperBound, question)
        if method == .connect { faults.add(.targetFormMismatch, range) }
        if Authority(input.copied(scheme..<position), 0..<position - scheme) == nil {
            faults.add(.hostInvalid, scheme..<position)
        }
    }

    private mutating func split(_ range: Range<Int>, _ question: Int?) {
        hasQuery = question != nil
        path = CompactRange(range.lowerBound..<(question ?? range.upperBound))
        query = CompactRange((question.map { $0 + 1 } ?? range.upperBound)..<range.upperBound)
    }
}
