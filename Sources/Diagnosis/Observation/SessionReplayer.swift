import HTTPWire
public import Wire

/// Feeds a recording to the analysers that a live session feeds: the second of the three feeders, and the proof that they agree.
public enum SessionReplayer {
    /// The observation of the handshake, and the session's record if there was a session.
    public static func replay(
        _ events: [RecordedEvent], session: SessionID = SessionID(0)
    ) -> (handshake: HandshakeObservation, record: SessionRecord?) {
        let facts = ClientFacts(address: SocketAddress(v4: 0, port: 0))
        let observation = HandshakeObservation(session: session, openedAt: .zero, client: facts)
        var analyzer: SessionAnalyzer?
        var last = Timestamp.zero
        for event in events {
            switch event {
            case .opened(let client, let at):
                observation.client = client
                observation.openedAt = at
                last = max(last, at)
            case .request(let head):
                observation.request = RequestHead(copy: head)
            case .response(let head, let at):
                observation.response = ResponseHead(copy: head)
                observation.timings.response = at - observation.openedAt
                observation.timings.total = at - observation.openedAt
                last = max(last, at)
                if observation.response?.status == 101 { analyzer = HandshakeJudge.analyzer(for: observation, at: at) }
            case .bodyStart(let bytes):
                observation.appendBody(bytes)
            case .failed(let failure, let at):
                observation.failure = failure
                observation.timings.total = at - observation.openedAt
                last = max(last, at)
            case .relayed(let direction, let bytes, let at):
                _ = analyzer?.relayed(direction, unsafe bytes.span.bytes, at: at)
                last = max(last, at)
            case .gap(let direction, let count):
                analyzer?.missed(direction, count)
            case .ended(let side, let end, let at):
                analyzer?.ended(side, end, at: at)
                last = max(last, at)
            case .local(let side, let end, let closeCode, let at):
                analyzer?.local(side, end, closeCode: closeCode, at: at)
                last = max(last, at)
            }
        }
        return (observation, analyzer?.report(at: last))
    }
}
