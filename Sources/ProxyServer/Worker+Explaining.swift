import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import WebSocketWire
import Wire

// `diagnosis.explain_in_close`: browsers hide a refused handshake's status from the page, and show a close code and its reason. For pages of the
// listed origins Gatehouse therefore completes the upgrade itself and closes at once: 4000 + the status, the cause as the reason. No session is opened,
// and the ledger says what really happened.

extension Worker {
    /// The close code for a refusal with `status`, if this client is to be told; nil where it gets the response as it is.
    func explanation(of status: Int, _ exchange: Exchange) -> CloseCode? {
        let origins = exchange.state.snapshot.diagnosis.explainInClose
        guard !origins.isEmpty, exchange.isUpgrade, !exchange.hasAnswered, (100..<1000).contains(status),
            let request = exchange.request, request.isForwardable, UpgradeRequestCheck.refusal(request) == nil,
            let origin = request.value(of: .origin)
        else { return nil }
        let text = request.text(origin).lowercased()
        guard origins.contains(where: { $0.lowercased() == text }) else { return nil }
        return CloseCode(UInt16(4000 + status))
    }

    /// Completes the upgrade and closes it with the cause. The refusal has been reported; nothing of it goes on.
    func explain(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ code: CloseCode, reason: String
    ) {
        guard let request = exchange.request, let key = request.value(of: .secWebSocketKey) else { return end(session) }
        writer.reset()
        writer.statusLine(101, reason: "Switching Protocols")
        writer.field("Upgrade", "websocket")
        writer.field("Connection", "Upgrade")
        writer.field("Sec-WebSocket-Accept", Array(AcceptKey(key: Array(request.bytes[key]).span.bytes).text.utf8))
        // A browser fails a connection whose subprotocols were all ignored, before it reads any frame.
        if let first = request.elements(of: .secWebSocketProtocol).first(where: { !$0.isEmpty }) {
            writer.field("Sec-WebSocket-Protocol", Array(request.bytes[first]))
        }
        writer.end()
        tapHeadAhead(session)
        var bytes = writer.bytes
        FrameWriter.appendClose(code, reason: reason, maskingKey: nil, to: &bytes)
        exchange.hasAnswered = true
        exchange.keepsDownstream = false
        // From here on nothing counts as an upgrade under way, whatever becomes of sending.
        session.pointee.exchange = nil
        send(session, .downstream, bytes)
        guard session.pointee.phase != .over else { return }
        linger(session)
    }

    /// The backend refused, and the client is to be told in a close frame: the response goes no further.
    func explainRefusal(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: ResponseHead, _ code: CloseCode
    ) {
        exchange.explainedWith = code.rawValue
        close(session, .upstream)
        let verdict = report(session, exchange, aborted: false)
        tapRefused(session, exchange, verdict)
        exchange.isReported = true
        releaseEndpoint(exchange)
        upgradeSettled(exchange)
        explain(session, exchange, code, reason: verdict?.cause.rawValue ?? "status \(head.status)")
    }
}
