import CaptureFile
import Diagnosis
import HTTPWire
import WebSocketWire
import Wire

/// From a HAR document to the same sessions as from a capture: its messages become frames again, and the same judges read them.
enum HARAnalysis {
    /// Why the answer is less than a capture's: said of each session.
    private static let unseen =
        "a HAR has no transport and, from browsers, no pings, pongs or closes: how the session ended is not in it"

    /// - Parameters:
    ///   - number: hands out the handshakes' numbers.
    ///   - budget: what the messages of one session at a time may take.
    static func analyze(
        _ file: HARFile, _ omissions: HAROmissions = HAROmissions(), number: () -> UInt64, wants: (UInt64) -> Bool,
        budget: MessageBudget = MessageBudget(), take: (AnalyzedSession, MessageLog?) -> Void
    ) {
        for (index, session) in file.sessions.enumerated() {
            let number = number()
            let observation = HandshakeObservation(
                session: SessionID(number), openedAt: session.startedAt, client: ClientFacts(address: nobody))
            let ends = SessionEnds(client: nil, server: session.authority)
            observation.request = RequestHead(copy: session.request)
            if let head = session.response {
                observation.response = ResponseHead(copy: head)
                observation.timings.response = session.wait
                observation.timings.total = session.wait
            }
            observation.appendBody(session.body)
            observation.bodyIsComplete = true
            let opened = session.startedAt + session.wait
            guard observation.response?.status == 101 else {
                take(
                    AnalyzedSession(
                        number: number, ends: ends, observation: observation, judgement: HandshakeJudge.judge(observation),
                        unseen: session.response == nil
                            ? ["the answer to this handshake is not in the file"]
                            : session.isStatusOnly
                                ? ["of the answer only the status is in the file: browsers keep no more of a refusal"] : [],
                        endedAt: opened), nil)
                continue
            }
            var log =
                wants(number) ? MessageLog(request: observation.request, response: observation.response, budget: budget) : nil
            let omitted = omissions.count(index)
            log?.omit(omitted, .unrecorded)
            let follower = SessionFollower(HandshakeJudge.analyzer(for: observation, at: opened), messages: log, at: opened)
            for message in session.messages {
                follower.relayed(message.direction, frame(message).span.bytes, at: max(message.time, opened))
            }
            var unseen = [unseen]
            if omitted > 0 { unseen.append("messages of this session were left out of the file: \(omitted) or more") }
            let record = follower.report(&unseen)
            take(
                AnalyzedSession(
                    number: number, ends: ends, observation: observation, judgement: HandshakeJudge.judge(observation),
                    record: record, facts: follower.facts, unseen: unseen, endedAt: follower.lastSeen), follower.takeMessages())
        }
    }

    /// A HAR names no address of the client's; none is shown.
    private static let nobody = SocketAddress(v4: 0, port: 0)

    /// One message as one frame, masked with zeros if it is the client's.
    private static func frame(_ message: HARFile.Message) -> [UInt8] {
        // A control frame has at most 125 bytes; more would be a fault of ours.
        let payload = message.opcode >= 8 ? Array(message.payload.prefix(125)) : message.payload
        var bytes: [UInt8] = []
        FrameWriter.append(
            FrameHeader(
                opcode: Opcode(message.opcode == 0 ? 2 : message.opcode), payloadLength: UInt64(payload.count),
                maskingKey: message.direction == .clientToServer ? 0 : nil), to: &bytes)
        return bytes + payload
    }
}
