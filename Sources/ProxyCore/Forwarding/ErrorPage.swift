public import HTTPWire
public import Wire

/// Gatehouse's own answers: short, honest, and traceable by the session's id.
///
/// A page says what happened in one sentence, which cause it has, and under which id the log tells more. It says nothing
/// of backends and addresses. HTML or JSON, as `Accept` prefers. Every value is escaped for the language it stands in,
/// although all of them are our own: the next person to pass one in need not know this file.
public struct ErrorPage: Sendable {
    /// The status code; one without a sentence of its own is told in general words.
    public var status: Int
    /// Stable name of what happened, for machines: `upstream_refused`.
    public var reason: String
    public var session: SessionID
    /// The id of a verdict's cause, where there is one.
    public var cause: String?
    /// How sure that verdict is: a name without it would read like a fact.
    public var confidence: String?
    /// Another sentence in place of the status code's.
    public var sentence: String?
    /// Seconds until another attempt makes sense; 503 and 429 always say some.
    public var retryAfter: Int?
    /// More fields; names must be tokens.
    public var fields: [(String, String)] = []

    public init(status: Int, reason: String, session: SessionID) {
        self.status = status
        self.reason = reason
        self.session = session
    }

    /// The octets of a full response, after which the connection closes.
    ///
    /// - Parameter request: the head that is answered, if there is one: `Accept`, and HEAD, which gets no content.
    public static func response(
        status: Int, reason: String, session: SessionID, request: RequestHead?, cause: String? = nil,
        retryAfter: Int? = nil, fields: [(String, String)] = []
    ) -> [UInt8] {
        var page = ErrorPage(status: status, reason: reason, session: session)
        page.cause = cause
        page.retryAfter = retryAfter
        page.fields = fields
        var writer = HeadWriter()
        page.write(to: request, keepsConnection: false, into: &writer)
        return writer.bytes
    }

    /// Writes the full response into `writer`, which is reset first.
    public func write(to request: RequestHead?, keepsConnection: Bool, into writer: inout HeadWriter) {
        let isJSON = request.map { MediaPreference($0) == .json } ?? false
        let content = isJSON ? json : html
        writer.reset()
        writer.statusLine(status, reason: ErrorPage.phrase(status))
        writer.field("Content-Type", isJSON ? "application/json; charset=utf-8" : "text/html; charset=utf-8")
        writer.field("Content-Length", UInt64(content.count))
        writer.field("Cache-Control", "no-store")
        writer.field("X-Content-Type-Options", "nosniff")
        if !isJSON { writer.field("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'") }
        if let seconds = retryAfter ?? (status == 503 || status == 429 ? 5 : nil) {
            writer.field("Retry-After", UInt64(max(seconds, 0)))
        }
        let given = fields.map { FieldName($0.0) }
        if status == 405, !given.contains(.allow) {
            writer.field("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        }
        if status == 426 {
            // RFC 6455 §4.4 and RFC 9110 §15.5.22: what would have been accepted.
            if !given.contains(.secWebSocketVersion) { writer.field("Sec-WebSocket-Version", "13") }
            if !given.contains(.upgrade) { writer.field("Upgrade", "websocket") }
        }
        for (name, value) in fields { writer.field(Array(name.utf8), Array(value.utf8)) }
        if let cause {
            writer.beginField("Gatehouse-Verdict")
            writer.append(text: cause)
            writer.append("; id=")
            session.withCharacters { writer.append(octet: $0) }
            if let confidence {
                writer.append("; confidence=")
                writer.append(text: confidence)
            }
            writer.endLine()
        }
        switch (status == 426, keepsConnection) {
        case (true, true): writer.field("Connection", "Upgrade")
        case (true, false): writer.field("Connection", "close, Upgrade")
        case (false, false): writer.field("Connection", "close")
        case (false, true): if request?.version == .http10 { writer.field("Connection", "keep-alive") }
        }
        writer.end()
        if request?.method != .head { writer.body(content) }
    }

    private var html: [UInt8] {
        let title = "\(status) \(ErrorPage.phrase(status))"
        var text = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>\(title)</title>\n<h1>\(title)</h1>\n"
        text += "<p>\(ErrorPage.escapedForHTML(sentence ?? ErrorPage.sentence(status)))</p>\n<p>Reason: <code>"
        text += ErrorPage.escapedForHTML(reason) + "</code>"
        if let cause { text += ", cause: <code>\(ErrorPage.escapedForHTML(cause))</code>" }
        text += ", session: <code>\(session)</code></p>\n"
        return Array(text.utf8)
    }

    private var json: [UInt8] {
        var text = "{\"status\":\(status),\"title\":\(ErrorPage.quotedForJSON("\(ErrorPage.phrase(status))"))"
        text += ",\"reason\":\(ErrorPage.quotedForJSON(reason))"
        if let cause { text += ",\"cause\":\(ErrorPage.quotedForJSON(cause))" }
        text += ",\"message\":\(ErrorPage.quotedForJSON(sentence ?? ErrorPage.sentence(status)))"
        text += ",\"session\":\"\(session)\"}\n"
        return Array(text.utf8)
    }

    /// The text with the five characters that mean something in HTML as references, and controls left out.
    public static func escapedForHTML(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: if scalar.value >= 0x20, !(0x7F...0x9F).contains(scalar.value) { escaped.unicodeScalars.append(scalar) }
            }
        }
        return escaped
    }

    /// The text as a JSON string; `<`, `>` and `&` are escaped as well, so that it may stand in a page.
    public static func quotedForJSON(_ text: String) -> String {
        var quoted = "\""
        let digits = Array("0123456789abcdef")
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}":
                quoted += "\\u"
                for shift in [12, 8, 4, 0] as [UInt32] { quoted.append(digits[Int(scalar.value >> shift & 15)]) }
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
