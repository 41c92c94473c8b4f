import WebSocketWire
import Wire

/// Holds what a run showed against the recording: a pure function of both.
struct SessionComparison {
    struct Difference: Equatable {
        enum Kind: String {
            case connection, status, subprotocol, compression, accept, protocolError = "protocol-error"
            case missing = "message-missing"
            case surplus = "message-surplus"
            case message = "message-differs"
            case unsent = "not-sent"
            case close
        }
        var kind: Kind
        var sentence: String
    }

    let rules: MessageRules
    /// The status that is expected in place of the recorded one.
    var expectedStatus: Int?
    /// Whether permessage-deflate has to be agreed on as it was.
    var comparesCompression = true
    /// Differences that are told of one session; more are counted.
    static let most = 20
    /// How far a missing or surplus message is looked for.
    private static let lookahead = 16

    func differences(_ recorded: RecordedSession, _ played: PlayedSession, _ learnt: LearntValues) -> [Difference] {
        var found: [Difference] = []
        let expected = expectedStatus ?? recorded.status
        if let fault = played.fault {
            let kind: Difference.Kind = played.status == 101 ? .protocolError : played.status == nil ? .connection : .status
            // Where the recording has no answer either, none is what had to come.
            if !(expected == nil && played.status == nil) { found.append(Difference(kind: kind, sentence: fault)) }
        }
        if let status = played.status, status != expected {
            let before = expectedStatus != nil ? "expected" : "recorded"
            found.append(
                Difference(
                    kind: .status, sentence: "handshake: \(before) \(expected.map { "\($0)" } ?? "no answer"), now \(status)"))
        }
        guard played.status == 101, recorded.status == 101 else { return found }
        if recorded.subprotocol != played.subprotocol {
            found.append(
                Difference(
                    kind: .subprotocol,
                    sentence: "subprotocol: recorded \(recorded.subprotocol ?? "none"), now \(played.subprotocol ?? "none")"))
        }
        if comparesCompression, let before = recorded.isCompressed, before != played.isCompressed {
            func told(_ agreed: Bool) -> String { agreed ? "permessage-deflate" : "no compression" }
            found.append(
                Difference(
                    kind: .compression, sentence: "extensions: recorded \(told(before)), now \(told(played.isCompressed))"))
        }
        messages(recorded, played, learnt, &found)
        if played.unsent > 0 {
            found.append(
                Difference(
                    kind: .unsent, sentence: "\(played.unsent) of the client's messages were not sent: the session ended first"))
        }
        if let difference = close(recorded, played) { found.append(difference) }
        return found
    }

    private func messages(
        _ recorded: RecordedSession, _ played: PlayedSession, _ learnt: LearntValues, _ found: inout [Difference]
    ) {
        // What is the same byte by byte agrees under every rule.
        let same = played.same
        if played.answers.isEmpty, played.unkept == 0, same == recorded.answerCount { return }
        let old = recorded.answers.dropFirst(same).map { rules.canonical($0.opcode, learnt.expected($0.payload)) }
        let new = played.answers.map { rules.canonical($0.opcode, $0.payload) }
        if rules.order == .free { return free(old, new, recorded, played, &found) }
        var (i, j) = (0, 0)
        while i < old.count, j < new.count {
            if old[i] == new[j] {
                i += 1
                j += 1
                continue
            }
            let missing = (1...SessionComparison.lookahead).first { i + $0 < old.count && old[i + $0] == new[j] }
            let surplus = (1...SessionComparison.lookahead).first { j + $0 < new.count && old[i] == new[j + $0] }
            if let missing, missing <= surplus ?? .max {
                for index in i..<i + missing { found.append(lost(same + index, old[index])) }
                i += missing
            } else if let surplus {
                for index in j..<j + surplus { found.append(extra(same + index, new[index])) }
                j += surplus
            } else {
                found.append(
                    Difference(kind: .message, sentence: "answer \(same + i + 1): \(MessageRules.explain(old[i], new[j]))"))
                i += 1
                j += 1
            }
        }
        for index in i..<old.count { found.append(lost(same + index, old[index])) }
        // What a server would have said after the recording's end isn't in it.
        guard !recorded.isCutShort else { return }
        for index in j..<new.count { found.append(extra(same + index, new[index])) }
        beyond(played, &found)
    }

    /// What came so far beyond the recording that nobody kept it.
    private func beyond(_ played: PlayedSession, _ found: inout [Difference]) {
        guard played.unkept > 0 else { return }
        found.append(Difference(kind: .surplus, sentence: "\(played.unkept) further answers are not in the recording"))
    }

    private func free(
        _ old: [MessageRules.Canonical], _ new: [MessageRules.Canonical], _ recorded: RecordedSession, _ played: PlayedSession,
        _ found: inout [Difference]
    ) {
        let same = played.same
        var open: [MessageRules.Canonical: Int] = [:]
        for message in new { open[message, default: 0] += 1 }
        for (index, message) in old.enumerated() {
            if let count = open[message], count > 0 { open[message] = count - 1 } else { found.append(lost(same + index, message)) }
        }
        guard !recorded.isCutShort else { return }
        // The last of each kind are the ones that nobody asked for.
        var surplus: [(Int, MessageRules.Canonical)] = []
        for (index, message) in new.enumerated().reversed() {
            if let count = open[message], count > 0 {
                open[message] = count - 1
                surplus.append((index, message))
            }
        }
        for (index, message) in surplus.reversed() { found.append(extra(same + index, message)) }
        beyond(played, &found)
    }

    private func lost(_ index: Int, _ message: MessageRules.Canonical) -> Difference {
        Difference(kind: .missing, sentence: "answer \(index + 1) of the recording didn't come: \(MessageRules.shown(message))")
    }

    private func extra(_ index: Int, _ message: MessageRules.Canonical) -> Difference {
        Difference(kind: .surplus, sentence: "answer \(index + 1) is not in the recording: \(MessageRules.shown(message))")
    }

    /// Close codes with which a server says that something went wrong (RFC 6455 §7.4.1).
    private static let failures: Set<UInt16> = [1002, 1003, 1007, 1009, 1010, 1011]

    /// Whether something of the recording was still to be said.
    private func isEarly(_ recorded: RecordedSession, _ played: PlayedSession) -> Bool {
        played.unsent > 0 || played.answerCount < recorded.answerCount
    }

    /// The recorded server ended the connection, and this one didn't.
    private static func stillOpen(_ now: String) -> Difference {
        Difference(
            kind: .close,
            sentence: "end: recorded the connection's end without a close frame from the server, now still open: \(now)")
    }

    private func close(_ recorded: RecordedSession, _ played: PlayedSession) -> Difference? {
        func told(_ code: UInt16?) -> String { code.map { "close code \($0)" } ?? "a close frame without code" }
        let now: String
        switch played.ending {
        case .closed(let code):
            switch recorded.ending {
            case .server(let before):
                if !played.closedFirst, code == before { return nil }
                now = played.closedFirst ? "the server waited for ours" : told(code)
                return Difference(kind: .close, sentence: "end: recorded \(told(before)) from the server, now \(now)")
            case .client(_, _, let answer):
                if !played.closedFirst {
                    return Difference(
                        kind: .close, sentence: "end: recorded the client's close frame, now the server's first, \(told(code))")
                }
                guard let answer, answer != code else { return nil }
                return Difference(
                    kind: .close, sentence: "end: recorded \(told(answer)) in answer to the client's, now \(told(code))")
            case .cut(let side):
                if played.closedFirst {
                    return side == .upstream ? SessionComparison.stillOpen("the client's close frame was answered") : nil
                }
                return Difference(kind: .close, sentence: "end: recorded none by a close frame, now \(told(code)) from the server")
            case .unknown:
                // It may have ended so as well, once all that was recorded had been said; but a failure is always told.
                let isFailure = code.map { SessionComparison.failures.contains($0) } ?? false
                if played.closedFirst || (!isFailure && !isEarly(recorded, played)) { return nil }
                return Difference(kind: .close, sentence: "end: not in the recording, now \(told(code)) from the server")
            }
        case .cut(let reset): now = reset ? "a reset connection (RST)" : "the connection's end without a close frame"
        case .silent: now = "no close frame in time"
        }
        switch recorded.ending {
        case .server(let before):
            return Difference(kind: .close, sentence: "end: recorded \(told(before)) from the server, now \(now)")
        case .client(_, _, let answer?):
            return Difference(kind: .close, sentence: "end: recorded \(told(answer)) in answer to the client's, now \(now)")
        case .cut(by: .upstream):
            // FIN or RST, either is what the recording has, if it came by itself.
            if played.ending == .silent { return SessionComparison.stillOpen(now) }
            return played.closedFirst ? SessionComparison.stillOpen("it ended after the client's close frame") : nil
        case .cut: return nil
        default: break
        }
        // Where the recording doesn't tell, only an end before ours says something.
        if played.ending != .silent, !played.closedFirst, isEarly(recorded, played) {
            return Difference(kind: .close, sentence: "end: now \(now), before the client closed")
        }
        return nil
    }
}
