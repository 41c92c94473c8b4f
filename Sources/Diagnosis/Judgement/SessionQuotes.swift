import WebSocketWire
import Wire

/// Quotes from a session's record what a sign was read from.
struct SessionQuotes {
    let record: SessionRecord
    let reading: SignReading

    func quote(_ sign: Sign) -> Evidence? {
        guard case .note(let kind)? = reading.trace(of: sign) else { return nil }
        switch kind {
        case "close frame", "code", "reason": return close
        case "end": return end(reading.has(.serverCut) || reading.has(.serverPingsUnanswered) ? .upstream : .downstream)
        case "silence":
            return Evidence(
                what: "timing",
                observed:
                    "client silent for \(SessionQuotes.shown(record.downstream.idle)), server for \(SessionQuotes.shown(record.upstream.idle)) before the end"
            )
        case "age": return Evidence(what: "timing", observed: "the session was \(SessionQuotes.shown(record.endedAfter)) old")
        case "after message":
            let since = record.downstream.sinceMessage.map(SessionQuotes.shown) ?? ""
            return Evidence(
                what: "timing", observed: "the end came \(since) after a message of the client's",
                expected: reading.has(.afterBigMessage) ? "(its largest: \(record.downstream.largestMessage) bytes)" : nil)
        case "client fault": return fault(record.downstream, .downstream)
        case "server fault": return fault(record.upstream, .upstream)
        default: return nil
        }
    }

    private var close: Evidence? {
        let side: Side = reading.has(.serverClosedFirst) ? .upstream : .downstream
        let half = side == .upstream ? record.upstream : record.downstream
        guard let code = half.closeCode else { return nil }
        let reason = half.closeReason.map { $0.isEmpty ? "" : " \"\(SessionQuotes.visible($0))\"" } ?? ""
        return Evidence(what: "close frame", observed: "\(side.name): \(code)\(reason)", expected: CloseCode(code).meaning)
    }

    private func end(_ side: Side) -> Evidence? {
        let half = side == .upstream ? record.upstream : record.downstream
        guard let end = half.endName else { return nil }
        return Evidence(
            what: "transport",
            observed:
                "the \(side == .upstream ? "server" : "client") ended first (\(words(end))) after \(SessionQuotes.shown(record.endedAfter)), without a close frame",
            expected: "a closing handshake (RFC 6455 §7)")
    }

    private func fault(_ half: SessionRecord.SideRecord, _ side: Side) -> Evidence? {
        guard let located = half.fault else { return nil }
        let isText = reading.has(.httpInStream) || reading.has(.textInStream)
        let excerpt = half.faultExcerpt.prefix(isText ? 64 : 16)
        let shown =
            isText
            ? excerpt.map { (0x20..<0x7F).contains($0) ? String(Unicode.Scalar($0)) : "·" }.joined()
            : excerpt.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
        return Evidence(
            what: isText ? "bytes after the 101" : "frame",
            // What only enforcement sees has no excerpt: it lies in a payload.
            observed: excerpt.isEmpty ? located.fault.name : "\(located.fault.name): \(shown)", expected: located.fault.section,
            location: Evidence.Location(side: side, offset: located.offset, length: UInt64(excerpt.count)))
    }

    /// As captures call it.
    private func words(_ end: String) -> String { end == "fin" || end == "rst" ? end.uppercased() : end }

    /// `12.5 s`; below a second `4 ms`, since ends that follow at once are told from those that a timer made.
    static func shown(_ span: TimeSpan) -> String {
        guard span >= .seconds(1) else { return "\(span.nanoseconds / 1_000_000) ms" }
        let tenths = (span.nanoseconds + 50_000_000) / 100_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }

    static func visible(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { shown, scalar in
            if scalar.value >= 0x20, scalar.value != 0x7F { shown.unicodeScalars.append(scalar) }
        }
    }
}
