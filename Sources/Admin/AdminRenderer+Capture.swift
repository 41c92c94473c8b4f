import ProxyCore
import Telemetry
public import Wire

/// What is captured.
extension AdminRenderer {
    /// What is captured; 409 to an order where no directory is configured.
    public func capture(_ status: CaptureStatus, isOrder: Bool, at time: Timestamp) -> AdminResponse {
        guard status.directory != nil || !isOrder else {
            return error(409, "nothing can be captured: set capture.directory, and reload")
        }
        return object(isOrder ? 202 : 200, limit: AdminRenderer.large) { line in
            line.field("time", time: time)
            line.field("mode", status.mode.rawValue)
            if let directory = status.directory { line.field("directory", directory) } else { line.null("directory") }
            line.field("packets", status.packets)
            line.field("bytes", status.bytes)
            line.field("dropped", status.dropped)
            line.field("errno", Int(status.errno))
            line.objects("files", status.files) { file, line in
                line.field("name", file.name)
                line.field("size", file.size)
            }
            line.objects("orders", status.orders) { order, line in members(of: order, into: &line) }
        }
    }

    private func members(of order: CaptureOrder, into line: inout LineBuffer) {
        line.field("mode", order.mode.rawValue)
        if let session = order.session { line.field("session", session: session) }
        if let client = order.client { line.field("client", client.description) }
        if let user = order.user { line.field("user", redacted: user, redaction) }
        if let route = order.route { line.field("route", route) }
        if let cause = order.cause { line.field("cause", cause) }
        if let sample = order.sample { line.field("sample_millionths", sample) }
        if order.until != .never { line.field("until", time: order.until) }
    }
}
