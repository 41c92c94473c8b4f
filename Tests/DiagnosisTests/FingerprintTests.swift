import Testing

@testable import Diagnosis

@Suite struct `Who answered` {
    static func responder(_ response: [UInt8], body: String = "") -> Responder? {
        Vector.judge(Vector.request(), response, body: body).responder
    }

    @Test(arguments: [
        (
            Vector.response(
                "HTTP/1.1 403 Forbidden", "Date: x", "Connection: close", "Content-Length: 0",
                "Content-Type: text/plain; charset=utf-8"), "", "uvicorn"
        ),
        (Vector.response("HTTP/1.1 403 ", "content-length: 0"), "", "uvicorn (wsproto)"),
        (
            Vector.response("HTTP/1.1 403 ", "content-length: 0", "connection: close", "date: x", "server: hypercorn-h11"), "",
            "hypercorn"
        ),
        (Vector.response("HTTP/1.1 403 Access denied"), "", "daphne"),
        (
            Vector.response("HTTP/1.1 400 Bad Request", "Server: nginx"),
            "Failed to open a WebSocket connection: missing Sec-WebSocket-Key header.\n", "websockets"
        ),
        (
            Vector.response("HTTP/1.1 401 Unauthorized", "Connection: close", "Content-Type: text/html", "Content-Length: 12"),
            "Unauthorized", "ws"
        ),
        (Vector.response("HTTP/1.1 403 Forbidden", "Server: Kestrel", "Content-Length: 0"), "", "ASP.NET Core"),
        (
            Vector.response("HTTP/1.1 404 Not Found", "Content-Type: text/plain; charset=utf-8"), "Page not found",
            "Rails ActionCable"
        ),
        (
            Vector.response("HTTP/1.1 400 Bad Request", "Connection: close", "Content-type: text/html"), "Session ID unknown",
            "Socket.IO"
        ),
    ]) func `a backend is known by its name or by its shape`(_ response: [UInt8], _ body: String, _ stack: String) throws {
        let responder = try #require(Self.responder(response, body: body))
        #expect(responder.who == .backend && responder.stack == stack, "\(responder)")
        #expect(!responder.because.isEmpty)
    }

    @Test(arguments: [
        (
            Vector.response("HTTP/1.1 502 Bad Gateway", "Server: nginx/1.26", "Content-Type: text/html"),
            "<html><center>nginx/1.26</center></html>", "nginx", Responder.Who.intermediary
        ),
        (
            Vector.response("HTTP/1.1 503 Service Unavailable", "cache-control: no-cache", "content-type: text/html"),
            "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>",
            "HAProxy", .intermediary
        ),
        (Vector.response("HTTP/1.1 403 Forbidden", "server: envoy", "content-length: 0"), "", "Envoy", .intermediary),
        (Vector.response("HTTP/1.1 521 X", "Server: cloudflare", "CF-RAY: 1"), "error code: 521", "Cloudflare", .edge),
        (
            Vector.response("HTTP/1.1 404 Not Found", "x-render-routing: no-server", "server: cloudflare"), "Not Found", "Render",
            .edge
        ),
        (
            Vector.response("HTTP/1.1 403 Forbidden", "Server: awselb/2.0", "Content-Type: text/html"),
            "<html><center>403 Forbidden</center></html>", "AWS ALB", .edge
        ),
    ]) func `an intermediary's or edge's own page is its own`(
        _ response: [UInt8], _ body: String, _ stack: String, _ who: Responder.Who
    ) throws {
        let judgement = Vector.judge(Vector.request(changing: ["Origin": "https://x.example"]), response, body: body)
        let responder = try #require(judgement.responder)
        #expect(responder.who == who && responder.stack == stack, "\(responder)")
        let verdict = try #require(judgement.verdict)
        #expect(
            ![.originNotAllowed, .originNotSameHost, .routeNotFound, .credentialsMissing, .handlerCrashedBeforeAccept].contains(
                verdict.cause), "\(verdict.cause)")
    }

    @Test func `an answer that only passed a hop is the backend's`() throws {
        let responder = try #require(
            Self.responder(
                Vector.response(
                    "HTTP/1.1 403 Forbidden", "Server: cloudflare", "cf-ray: 1", "x-render-origin-server: uvicorn",
                    "content-type: text/plain; charset=utf-8")))
        #expect(responder.who == .backend && responder.stack == "uvicorn" && responder.confidence == .possible)
    }

    @Test func `an answer without marks is nobody's`() throws {
        #expect(try #require(Self.responder(Vector.response("HTTP/1.1 418 Teapot", "X-A: b"), body: "short")).who == .unknown)
    }
}
