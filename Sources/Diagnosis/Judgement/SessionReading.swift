import WebSocketWire
import Wire

/// Reads the signs of a session's end.
enum SessionReading {
    /// Silences of less than this say nothing about timers.
    private static let silence = TimeSpan.milliseconds(1500)
    /// An end within this time of the 101 came at once.
    static let moment = TimeSpan.milliseconds(500)
    /// An end within this time of a message may be its consequence.
    private static let consequence = TimeSpan.milliseconds(300)
    /// Silences after which well-known timers fire, in seconds.
    private static let timers: [UInt64] = [
        20, 30, 40, 45, 50, 55, 60, 75, 90, 100, 120, 180, 240, 300, 350, 400, 600, 900, 1200, 1800, 3600,
    ]
    /// Ages at which well-known limits end a session, in seconds.
    private static let limits: [UInt64] = [30, 60, 300, 600, 900, 1800, 3600, 7200, 14400, 86400]

    /// How it ended: enough to see whether there is anything to explain.
    static func readEnd(_ record: SessionRecord, into signs: inout SignReading) {
        readCloses(record, record.events, into: &signs)
        readEnds(record, record.events, into: &signs)
        readFaults(record.downstream, .downstream, record, into: &signs)
        readFaults(record.upstream, .upstream, record, into: &signs)
    }

    /// What else was so when it ended: asked for only where a reason is sought.
    static func readCircumstances(_ record: SessionRecord, into signs: inout SignReading) {
        readTraits(record.traits, into: &signs)
        readTimes(record, into: &signs)
    }

    private static func readTraits(_ traits: SessionTraits, into signs: inout SignReading) {
        signs.add(.deflateAgreed, if: traits.contains(.compression))
        signs.add(.offersDeflate, if: traits.contains(.offeredCompression))
        signs.add(traits.contains(.credentials) ? .hasCredentials : .noCredentials)
        signs.add(.tokenHasExpired, if: traits.contains(.expiredToken))
        signs.add(.intermediaryOnPath, if: traits.contains(.intermediary))
        signs.add(.edgeOnPath, if: traits.contains(.edge))
        signs.add(.engineIOPath, if: traits.contains(.engineIO))
        signs.add(.engineIOOldVersion, if: traits.contains(.olderEngineIO))
        signs.add(.bearsBrowserAgent, if: traits.contains(.browser))
    }

    /// Only the first close frame says why: the second answers it with the same code.
    private static func readCloses(_ record: SessionRecord, _ events: SessionEvents, into signs: inout SignReading) {
        let first = events.first { $0.kind == .closeFrame }?.side
        let weClosed = events.first.map { $0.kind == .local || $0.kind == .timeout } ?? false
        signs.add(.weEndedIt, if: weClosed)
        guard let first, !weClosed else {
            signs.add(.closedWithoutWord, if: first == nil)
            return
        }
        let half = first == .downstream ? record.downstream : record.upstream
        signs.add(first == .upstream ? .serverClosedFirst : .clientClosedFirst, .note("close frame"))
        if let code = half.closeCode { readCode(code, first, into: &signs) }
        if let reason = half.closeReason, !reason.isEmpty { readReason(reason, into: &signs) }
        // Some applications count from 4001: what it says there, only the reason tells.
        if first == .upstream, half.closeCode == 4001 || half.closeCode == 4003, signs.has(.reasonSaysCredentials) {
            signs.add(.serverCode44xx, .note("code"))
        }
    }

    /// What a close code of the server's says by itself; empty where it says nothing.
    static func signs(ofServerCode code: UInt16) -> SignSet {
        var reading = SignReading(keepsTraces: false)
        readCode(code, .upstream, into: &reading)
        return reading.set
    }

    private static func readCode(_ code: UInt16, _ side: Side, into signs: inout SignReading) {
        let isServer = side == .upstream
        let sign: Sign? =
            switch code {
            case 1000: isServer ? .serverCode1000 : nil
            case 1001: isServer ? .serverCode1001 : .clientCode1001
            case 1002: isServer ? .serverCode1002 : .clientCode1002
            case 1003: isServer ? .serverCode1003 : .clientCode1003
            case 1007: isServer ? .serverCode1007 : .clientCode1007
            case 1008: isServer ? .serverCode1008 : nil
            case 1009: isServer ? .serverCode1009 : .clientCode1009
            case 1010: isServer ? .serverCode1010 : .clientCode1010
            case 1011: isServer ? .serverCode1011 : .clientCode1011
            case 1012: isServer ? .serverCode1012 : nil
            case 1013: isServer ? .serverCode1013 : nil
            case 1014: isServer ? .serverCode1014 : nil
            case 3000, 3003: isServer ? .serverCode3000 : nil
            case 4000...4999: isServer ? .serverCode4xxx : nil
            case 3000...3999: nil
            default: isServer ? .serverCodeInvalid : .clientCodeInvalid
            }
        if let sign { signs.add(sign, .note("code")) }
        if isServer, code == 4401 || code == 4403 { signs.add(.serverCode44xx, .note("code")) }
    }

    static func readReason(_ reason: String, into signs: inout SignReading) {
        let text = reason.lowercased()
        func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        if says("ping", "heartbeat", "keepalive", "keep-alive", "pong") { signs.add(.reasonSaysPing, .note("reason")) }
        // `unexpected token in JSON`, `binary frames are not allowed`: the same words about other things.
        let isOther = says("unexpected token", "syntax", "pars", "binary", "frame", "method", "origin")
        if says("jwt", "json web token")
            || !isOther
                && says("unauthor", "forbidden", "auth", "token", "credential", "permission", "not allowed", "login")
        {
            signs.add(.reasonSaysCredentials, .note("reason"))
        }
        if says("expired") { signs.add(.reasonSaysExpired, .note("reason")) }
        if says("too big", "too large", "exceed", "max size", "maximum size", "size limit") {
            signs.add(.reasonSaysTooBig, .note("reason"))
        }
        if says("restart", "shutdown", "shutting down", "going away", "server stopp", "deploy", "maintenance") {
            signs.add(.reasonSaysRestart, .note("reason"))
        }
        if says("idle", "timeout", "timed out", "inactiv") { signs.add(.reasonSaysIdle, .note("reason")) }
        if says("rate", "too many", "throttl", "quota") { signs.add(.reasonSaysRate, .note("reason")) }
        if says("origin") { signs.add(.reasonSaysOrigin, .note("reason")) }
        if says("reserved bit", "rsv", "compressed") { signs.add(.reasonSaysReserved, .note("reason")) }
    }

    private static func readEnds(_ record: SessionRecord, _ events: SessionEvents, into signs: inout SignReading) {
        if case .timedOut(.heartbeat) = record.downstream.end { signs.add(.clientPingsUnanswered, .note("end")) }
        if case .timedOut(.heartbeat) = record.upstream.end { signs.add(.serverPingsUnanswered, .note("end")) }
        if case .timedOut(.idle) = record.downstream.end { signs.add(.ourIdleTimer, .note("end")) }
        if case .timedOut(.idle) = record.upstream.end { signs.add(.ourIdleTimer, .note("end")) }
        // Who ended the transport, if it ended before any close frame.
        guard let first = events.firstEnd, first.kind == .fin || first.kind == .reset else { return }
        if first.side == .upstream {
            signs.add(first.kind == .reset ? .serverResetIt : .serverCut, .note("end"))
            signs.add(.serverCut, .note("end"))
        } else {
            signs.add(.clientCut)
        }
    }

    private static func readFaults(
        _ half: SessionRecord.SideRecord, _ side: Side, _ record: SessionRecord, into signs: inout SignReading
    ) {
        guard let fault = half.fault?.fault, record.fidelity == .full else { return }
        let trace = SignReading.Trace.note(side == .downstream ? "client fault" : "server fault")
        signs.add(side == .upstream ? .serverFault : .clientFault)
        let excerpt = half.faultExcerpt
        let start = excerpt.prefix(64)
        if excerpt.begins("http/1.", in: 0..<excerpt.count) {
            signs.add(.httpInStream, trace)
        } else if start.count >= 8, start.prefix(8).allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x0A || $0 == 0x0D }) {
            signs.add(.textInStream, trace)
        }
        let sign: Sign =
            switch fault {
            case .reservedBits, .reservedBitMisplaced: side == .upstream ? .serverReservedBits : .clientReservedBits
            case .reservedOpcode: .reservedOpcodeSeen
            case .unmaskedFromClient: .clientUnmasked
            case .maskedFromServer: .serverMasked
            case .textNotUTF8: .textNotUTF8Seen
            case .closeCodeInvalid: side == .upstream ? .serverCodeInvalid : .clientCodeInvalid
            case .messageTooLarge, .tooManyFragments, .inflationTooLarge: .overOwnLimit
            default: .otherFault
            }
        signs.add(sign, trace)
    }

    private static func readTimes(_ record: SessionRecord, into signs: inout SignReading) {
        let down = record.downstream
        let up = record.upstream
        signs.add(.serverNeverSpoke, if: up.messages == 0)
        signs.add(.clientNeverSpoke, if: down.messages == 0)
        signs.add(.endedAtOnce, if: record.endedAfter < moment && down.messages == 0)
        let quiet = min(down.idle, up.idle)
        if quiet >= silence {
            signs.add(.afterSilence, .note("silence"))
            if isWholeSeconds(quiet) || isWholeSeconds(up.idle) { signs.add(.silenceWholeSeconds, .note("silence")) }
            if timers.contains(where: { near(quiet, $0) || near(up.idle, $0) }) {
                signs.add(.silenceKnownDefault, .note("silence"))
            }
            // The client spoke after that: a timer that fits only the server's silence counts only the server's bytes.
            signs.add(.silenceOfServerAlone, if: timerFit(up.idle) > timerFit(quiet))
        } else {
            signs.add(.activeUntilTheEnd)
        }
        if limits.contains(where: { near(record.endedAfter, $0) }) { signs.add(.ageKnownLimit, .note("age")) }
        // A message of the client's that nothing followed, and then the end.
        if let since = down.sinceMessage, since < consequence, up.sinceMessage.map({ $0 >= since }) ?? true {
            signs.add(.afterClientMessage, .note("after message"))
            if down.lastMessageWasLargest, down.largestMessage >= 4096 { signs.add(.afterBigMessage, .note("after message")) }
        } else if let since = up.sinceMessage, since < consequence {
            signs.add(.afterServerMessage)
        }
    }

    /// How well a silence fits a timer: a well-known default says more than whole seconds do.
    private static func timerFit(_ span: TimeSpan) -> Int {
        timers.contains { near(span, $0) } ? 2 : isWholeSeconds(span) ? 1 : 0
    }

    /// Timers fire on whole seconds, a little late. Below ten seconds the tolerance is absolute, above it grows.
    private static func isWholeSeconds(_ span: TimeSpan) -> Bool {
        let milliseconds = span.nanoseconds / 1_000_000
        let rest = milliseconds % 1000
        return milliseconds >= 1500 && (rest <= 130 || rest >= 990)
    }

    private static func near(_ span: TimeSpan, _ seconds: UInt64) -> Bool {
        let milliseconds = span.nanoseconds / 1_000_000
        let wanted = seconds * 1000
        return milliseconds + 200 >= wanted && milliseconds <= wanted + max(500, wanted / 100)
    }
}
