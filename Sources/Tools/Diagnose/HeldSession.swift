import CLinux
import Diagnosis
import HTTPWire
import Probing
import TLSEngine
import WebSocketWire
import Wire

/// Keeps an opened session and looks on: how long it lives, what comes, and how it ends.
///
/// It behaves as a browser that has nothing to say: pings are answered, a close frame is answered, everything else is only read. With
/// `pinging` it sends pings of its own besides, which is the one difference that tells a timer on silence from a limit on age.
struct HeldSession {
    enum Manner: Sendable, Hashable {
        case silent
        case pinging(every: TimeSpan)
        /// The user's messages again and again.
        case messaging(every: TimeSpan)
    }

    /// What was seen of it.
    struct Outcome {
        let manner: Manner
        let handshake: PerformedHandshake
        /// Nil where the handshake failed.
        var record: SessionRecord?
        var lived = TimeSpan.zero
        /// Whether it was still open when the time was over.
        var isOpen = false
        /// The first messages that came, shortened.
        var received: [String] = []
    }

    private static let shownMessages = 5
    private static let excerpt = 200

    let connection: HandshakeConnection
    let observation: HandshakeObservation
    let manner: Manner
    let messages: [String]
    private var random = SecureRandom()

    init(_ connection: HandshakeConnection, _ observation: HandshakeObservation, _ manner: Manner, messages: [String]) {
        self.connection = connection
        self.observation = observation
        self.manner = manner
        self.messages = messages
    }

    /// Looks on for `duration`, or until it ends.
    ///
    /// - Parameter early: what came in one piece with the 101.
    mutating func watch(for duration: TimeSpan, early: [UInt8], into outcome: inout Outcome) {
        let watch = Stopwatch()
        let end = Deadline.after(duration)
        var analyzer = HandshakeJudge.analyzer(for: observation, at: HeldSession.now)
        var reader = MessageObserver(direction: .serverToClient, agreement: agreement, excerptLength: HeldSession.excerpt)
        var validator = MessageValidator(direction: .serverToClient, agreement: agreement)
        for message in messages { send(.text, Array(message.utf8), &analyzer) }
        var nextPing = pingDeadline
        var chunk = early
        while true {
            if !chunk.isEmpty {
                let fault = validator.judge(chunk.span.bytes).fault
                if take(chunk, &reader, &analyzer, &outcome) { break }
                if let fault, fault.fault == .textNotUTF8 {
                    // Only who reads payloads sees it: a browser does, and ends the session.
                    analyzer.enforced(.upstream, fault)
                    send(.close, [0x03, 0xEF], &analyzer)
                    break
                }
            }
            if end.hasPassed {
                outcome.isOpen = true
                break
            }
            if let ping = nextPing, ping.hasPassed {
                if case .messaging = manner {
                    for message in messages { send(.text, Array(message.utf8), &analyzer) }
                } else {
                    send(.ping, Array("gatehouse".utf8), &analyzer)
                }
                nextPing = pingDeadline
            }
            chunk = []
            switch connection.receive(until: nextPing.map { min($0, end) } ?? end) {
            case .bytes(let bytes):
                chunk = bytes
                continue
            case .timedOut: continue
            case .finished: analyzer.ended(.upstream, .finished, at: HeldSession.now)
            case .reset(let errno): analyzer.ended(.upstream, .reset(errno: errno), at: HeldSession.now)
            case .failedTLS: analyzer.ended(.upstream, .finished, at: HeldSession.now)
            }
            break
        }
        outcome.lived = watch.span
        outcome.record = analyzer.report(at: HeldSession.now)
        if outcome.isOpen {
            outcome.record?.verdict = nil
            send(.close, [0x03, 0xE8], &analyzer)
        }
    }

    private static var now: Timestamp { Timestamp(nanoseconds: clinux_realtime()) }

    private var pingDeadline: Deadline? {
        switch manner {
        case .silent: nil
        case .pinging(let interval), .messaging(let interval): .after(interval)
        }
    }

    private var agreement: ExtensionAgreement {
        guard let request = observation.request, let response = observation.response, response.has(.secWebSocketExtensions) else {
            return ExtensionAgreement()
        }
        return ExtensionAgreement(offered: list(request), answered: list(response))
    }

    private func list(_ head: MessageHead) -> ExtensionList {
        var list = ExtensionList()
        for value in head.values(of: .secWebSocketExtensions) { list.append(head.bytes.span.bytes.extracting(value)) }
        return list
    }

    private mutating func send(_ opcode: Opcode, _ payload: [UInt8], _ analyzer: inout SessionAnalyzer) {
        var frame: [UInt8] = []
        FrameWriter.append(opcode, payload, maskingKey: UInt32(truncatingIfNeeded: random.next()), to: &frame)
        // A peer that takes nothing ends the sending soon; what it says is read all the same.
        connection.send(frame, until: .after(.seconds(1)))
        _ = analyzer.relayed(.clientToServer, frame.span.bytes, at: HeldSession.now)
    }

    /// Reads what came, and answers what wants an answer; true once the server has closed.
    private mutating func take(
        _ bytes: [UInt8], _ reader: inout MessageObserver, _ analyzer: inout SessionAnalyzer, _ outcome: inout Outcome
    ) -> Bool {
        _ = analyzer.relayed(.serverToClient, bytes.span.bytes, at: HeldSession.now)
        var seen: [MessageObserver.Message] = []
        reader.observe(bytes.span.bytes) { message in
            // Bounded: of a flood only pings, the close frame and the first messages matter.
            if message.opcode.isControl || seen.count < HeldSession.shownMessages { seen.append(message) }
        }
        for message in seen {
            switch message.opcode {
            case .ping: send(.pong, message.excerpt, &analyzer)
            case .close:
                send(.close, Array(message.excerpt.prefix(2)), &analyzer)
                return true
            case .text where outcome.received.count < HeldSession.shownMessages:
                outcome.received.append(
                    String(decoding: message.excerpt, as: UTF8.self) + (message.size > UInt64(message.excerpt.count) ? "…" : ""))
            case .binary where outcome.received.count < HeldSession.shownMessages:
                outcome.received.append("\(message.size) bytes, binary")
            default: break
            }
        }
        return reader.fault != nil
    }
}

extension HandshakePerformer {
    /// One handshake like `perform`, whose session is kept open for `duration`.
    func hold(
        _ bytes: [UInt8], addresses: [SocketAddress], isSecure: Bool, for duration: TimeSpan, manner: HeldSession.Manner,
        messages: [String]
    ) -> HeldSession.Outcome {
        let (performed, opened) = handshake(bytes, addresses, isSecure, timeout, .after(timeout))
        var outcome = HeldSession.Outcome(manner: manner, handshake: performed)
        guard let opened else { return outcome }
        var session = HeldSession(opened.connection, performed.observation, manner, messages: messages)
        session.watch(for: duration, early: opened.frames, into: &outcome)
        return outcome
    }
}
