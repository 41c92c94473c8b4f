import WebSocketWire
import Wire

/// Concludes from the record of one session why it ended.
enum SessionJudge {
    static func judge(
        _ record: SessionRecord, further: SignSet, evidence: [(sign: Sign, evidence: Evidence)]
    ) -> (findings: [Finding], verdict: Verdict?) {
        let findings = findings(record)
        var reading = SignReading()
        SessionReading.readEnd(record, into: &reading)
        reading.add(all: further)
        guard endedBadly(record, reading) else { return (findings, nil) }
        SessionReading.readCircumstances(record, into: &reading)
        if further.contains(.hasCredentials) { reading.remove(.noCredentials) }
        var stacks: [Stack] = record.stack.map { $0.fixesFrom } ?? []
        if let hop = record.hop, !stacks.contains(hop) { stacks.insert(hop, at: min(stacks.count, 1)) }
        let quotes = SessionQuotes(record: record, reading: reading)
        let writer = VerdictWriter(
            hypotheses: Hypotheses(reading.set), reading: reading, stacks: stacks, responder: nil, probes: [],
            quote: { sign in evidence.first { $0.sign == sign }?.evidence ?? quotes.quote(sign) }, acceptedBy: record.stack,
            namedHop: record.hop)
        var verdict = writer.verdict()
        SessionWording(record: record, reading: reading, stacks: stacks).word(&verdict)
        if reading.has(.onlyWatched) { WatchedEnd.word(&verdict, record) }
        return (findings, verdict)
    }

    /// Both sides were done: the server ended the transport after it had the last word, and the client said goodbye in the same moment without
    /// having missed anything. Handlers that simply return do that, and nobody is harmed.
    private static func endedTogether(_ record: SessionRecord, _ reading: SignReading) -> Bool {
        guard record.wasEndedByServer, !reading.has(.serverResetIt), record.upstream.fault == nil, record.downstream.fault == nil,
            record.downstream.closedWithoutCode || [1000, 1001].contains(record.downstream.closeCode ?? 0)
        else { return false }
        // Some servers say 1011 where a handler merely returns; a client that goes on to its own 1000 had not been waiting for more.
        if record.upstream.sentClose {
            guard record.upstream.closeCode == 1011, record.upstream.closeReason?.isEmpty != false else { return false }
        }
        // An answer to the client's last message has come, if there was one.
        guard let asked = record.downstream.sinceMessage else { return true }
        return record.upstream.sinceMessage.map { $0 <= asked } ?? false
    }

    /// The server accepted and said goodbye in the same moment, before anybody had said a word: in good order, and of no use to anybody.
    private static func leftAtOnce(_ record: SessionRecord, _ reading: SignReading) -> Bool {
        reading.has(.serverCode1000) && record.endedAfter < SessionReading.moment && record.upstream.messages == 0
            && record.downstream.messages == 0
    }

    /// Learnt elsewhere, and enough to say that something broke whatever the frames say.
    private static let brokenElsewhere: SignSet = [.upstreamGone, .manyEndedTogether, .outputTraceback, .outputWorkerTimeout]

    /// A client that just goes away is everyday life; so are the codes of a closing handshake in good order. Everything else wants a reason.
    private static func endedBadly(_ record: SessionRecord, _ reading: SignReading) -> Bool {
        if reading.has(.onlyWatched), WatchedEnd.isOne(record) { return true }
        if leftAtOnce(record, reading) { return true }
        guard !ends.isDisjoint(with: reading.set) else { return false }
        return !endedTogether(record, reading) || !brokenElsewhere.isDisjoint(with: reading.set)
    }

    private static let ends: SignSet = [
        .serverCut, .serverResetIt, .serverCode1002, .serverCode1003, .serverCode1007, .serverCode1008, .serverCode1009,
        .serverCode1010, .serverCode1011,
        .serverCode1012, .serverCode1013, .serverCode1014, .serverCode3000, .serverCode4xxx, .serverCodeInvalid,
        .serverCode1001, .clientCode1002, .clientCode1003, .clientCode1007,
        .clientCode1009, .clientCode1010, .clientCode1011, .clientCodeInvalid, .serverMasked, .clientUnmasked,
        .serverReservedBits, .clientReservedBits,
        .reservedOpcodeSeen, .textNotUTF8Seen, .otherFault, .overOwnLimit, .httpInStream, .textInStream, .clientPingsUnanswered,
        .serverPingsUnanswered, .ourIdleTimer,
        .engineIORefused, .disconnectMessage,
    ]

    private static func findings(_ record: SessionRecord) -> [Finding] {
        var findings: [Finding] = []
        for side in Side.allCases {
            let half = side == .downstream ? record.downstream : record.upstream
            if let located = half.fault {
                let excerpt = half.faultExcerpt.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.prefix(16).joined(
                    separator: " ")
                findings.append(
                    Finding(
                        id: "websocket.\(located.fault.name)", layer: .websocket, severity: .failure,
                        blame: side == .downstream ? .client : .backend,
                        text: "\(located.fault.sentence) (\(located.fault.section), \(side.name))",
                        evidence: [
                            Evidence(
                                what: "frame", observed: excerpt.isEmpty ? located.fault.name : excerpt,
                                location: Evidence.Location(
                                    side: side, offset: located.offset, length: UInt64(half.faultExcerpt.count)))
                        ]))
            }
            if let code = half.closeCode, !CloseCode(code).isValidOnWire, half.fault == nil {
                findings.append(
                    Finding(
                        id: "websocket.close-code-invalid", layer: .websocket, severity: .failure,
                        blame: side == .downstream ? .client : .backend,
                        text: "The close code \(code) must not stand on the wire (RFC 6455 §7.4).",
                        evidence: [Evidence(what: "close frame", observed: "\(code)")]))
            }
        }
        return findings
    }
}
