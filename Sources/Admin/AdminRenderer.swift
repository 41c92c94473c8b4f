public import Telemetry
public import Wire

/// Writes the bodies of the admin endpoints from values.
///
/// What came from a client is escaped by the `LineBuffer` and redacted by the `LogRedaction`, as in the ledger.
public struct AdminRenderer: Sendable {
    let redaction: LogRedaction

    public init(redaction: LogRedaction) { self.redaction = redaction }

    private static let json = "application/json; charset=utf-8"

    // MARK: Health

    /// 200 as long as the process answers at all.
    public func healthz() -> AdminResponse { text(200, "ok\n") }

    /// 200 while new sessions are taken, else 503 with the reason in a word: `draining`, `memory`.
    public func readyz(notReadyBecause reason: String?) -> AdminResponse {
        guard let reason else { return text(200, "ok\n") }
        return text(503, reason + "\n")
    }

    /// The live state of WebSocket service, for `health.path` on the public port: counts only, nothing about anybody.
    public func webSocketHealth(_ workers: [WorkerMetrics], isDraining: Bool, at time: Timestamp) -> AdminResponse {
        func sum(_ outcome: HandshakeOutcome) -> UInt64 { workers.reduce(0) { $0 &+ $1.handshakes[outcome].value } }
        return object(isDraining ? 503 : 200) { line in
            line.field("status", constant: isDraining ? "draining" : "ok")
            line.field("time", time: time)
            line.field("sessions", workers.reduce(0) { $0 + $1.liveSessions.value })
            line.beginObject("handshakes")
            line.field("opened", sum(.opened))
            line.field("refused", sum(.refused))
            line.field("failed", sum(.failed))
            line.field("abandoned", sum(.abandoned))
            line.endObject()
        }
    }

    // MARK: Data

    public func metrics(_ workers: [WorkerMetrics], _ process: MetricsRegistry.Process) -> AdminResponse {
        AdminResponse(
            status: 200, contentType: MetricsRegistry.contentType,
            body: MetricsRegistry.render(workers, process: process))
    }

    // MARK: Refusals

    /// The answer to a request that gets none of the above; nil for those that do.
    public func refusal(_ request: AdminRequest) -> AdminResponse? {
        switch request {
        case .notFound: return error(404, "nothing is here; see / for what there is")
        case .methodNotAllowed(let allowed):
            let methods = allowed.joined(separator: ", ")
            var response = error(405, "only \(methods) are served here")
            response.further = [.init("Allow", methods)]
            return response
        case .misdirected:
            return error(421, "this Host is not served here; use its address or localhost")
        case .unauthorized:
            var response = error(401, "an Authorization field with the admin token is needed: Bearer TOKEN")
            response.further = [.init("WWW-Authenticate", "Bearer realm=\"gatehouse\"")]
            return response
        case .forbidden: return error(403, "pages of other origins may not ask here")
        case .headTooLarge(let limit):
            return error(431, "the request's head is longer than \(limit) bytes, the most that is read here")
        case .malformed(let sentence): return error(400, sentence)
        case .healthz, .readyz, .metrics, .sessions, .session, .causes, .endpoints, .drains, .drain, .capture, .captureOrder,
            .page:
            return nil
        }
    }

    func error(_ status: Int, _ sentence: String) -> AdminResponse {
        object(status) { line in
            line.field("status", status)
            line.field("error", sentence)
        }
    }

    /// One JSON object, whose members `members` writes.
    ///
    /// - Parameter limit: the most bytes; what a list of unknown length may take.
    func object(
        _ status: Int = 200, limit: Int = AdminRenderer.small, _ members: (inout LineBuffer) -> Void
    ) -> AdminResponse {
        var line = LineBuffer(lineLimit: limit)
        line.beginObject()
        members(&line)
        line.finish()
        return AdminResponse(status: status, contentType: AdminRenderer.json, body: line.bytes())
    }

    /// Objects of a few members, and of a verdict's size at most.
    static let small = 1 << 20
    /// Lists of what the configuration or the casebook bounds.
    static let large = 4 << 20

    private func text(_ status: Int, _ text: String) -> AdminResponse {
        AdminResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
}

extension LineBuffer {
    /// An array of objects, one for each element.
    mutating func objects<Element>(
        _ key: StaticString, _ elements: some Sequence<Element>, _ members: (Element, inout LineBuffer) -> Void
    ) {
        beginArray(key)
        for element in elements {
            beginObject()
            members(element, &self)
            endObject()
        }
        endArray()
    }
}
