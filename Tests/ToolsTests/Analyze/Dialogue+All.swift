import TestSupport
import Wire

extension Dialogue {
    /// A healthy opening, and then these lines.
    static func open(
        _ description: String, _ request: [UInt8] = Dialogue.request(), _ response: [UInt8] = Dialogue.accepted(),
        _ lines: (UInt64, Line)...
    ) -> Dialogue { Dialogue(description: description, lines: [(0, .client(request)), (2, .server(response))] + lines) }

    static func refused(_ description: String, _ request: [UInt8] = Dialogue.request(), _ response: String) -> Dialogue {
        Dialogue(
            description: description,
            lines: [
                (0, .client(request)), (3, .server(Array(response.utf8))), (4, .end(.upstream, .finished)),
                (5, .end(.downstream, .finished)),
            ])
    }

    static let all: [Dialogue] = [
        open(
            "a session in good order", request(), accepted(), (10, .client(masked(0x81, bytes("hello")))),
            (12, .server(unmasked(0x81, bytes("world")))), (4000, .client(masked(0x88, close(1000, "bye")))),
            (4001, .server(unmasked(0x88, close(1000)))), (4002, .end(.upstream, .finished)), (4003, .end(.downstream, .finished))),
        open(
            "a message too big", request(), accepted(), (100, .client(masked(0x82, [UInt8](repeating: 7, count: 9000)))),
            (110, .server(unmasked(0x88, close(1009)))), (111, .client(masked(0x88, close(1009)))),
            (120, .end(.upstream, .finished)),
            (121, .end(.downstream, .finished))),
        open(
            "a handler that crashes", request(), accepted(), (10, .client(masked(0x81, bytes("boom")))),
            (12, .server(unmasked(0x88, close(1011, "internal error")))), (13, .end(.upstream, .finished))),
        open(
            "a server that cuts after a minute of silence", request(), accepted(), (10, .server(unmasked(0x81, bytes("hi")))),
            (60_012, .end(.upstream, .finished)), (60_013, .end(.downstream, .finished))),
        open(
            "a server that resets", request(), accepted(), (10, .client(masked(0x81, bytes("x")))),
            (12, .end(.upstream, .reset(errno: 0)))),
        open(
            "a client that goes away", request(), accepted(), (10, .end(.downstream, .finished)), (11, .end(.upstream, .finished))),
        open("frames of the client's that aren't masked", request(), accepted(), (10, .client(unmasked(0x81, bytes("hello"))))),
        open("a reserved bit without an extension", request(), accepted(), (10, .server(unmasked(0xC1, bytes("hello"))))),
        open("bytes that are no frames", request(), accepted(), (10, .server(bytes("HTTP/1.1 502 Bad Gateway\r\n\r\n")))),
        open("a close code that must not be sent", request(), accepted(), (20, .server(unmasked(0x88, close(1006))))),
        open(
            "bytes behind the 101 in the same piece", request("Sec-WebSocket-Protocol: chat\r\n"),
            accepted("Sec-WebSocket-Protocol: chat\r\n") + unmasked(0x81, bytes("early")), (3, .client(masked(0x81, bytes("late"))))
        ),
        open("an answer with a wrong accept key", request(), accepted("", accept: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
        refused(
            "a refusal with a body", request("Origin: https://www.example.com\r\n"),
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 18\r\nServer: uvicorn\r\n\r\nOrigin not allowed"),
        refused(
            "a route that isn't there", request(path: "/nope"),
            "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nServer: nginx\r\n\r\nNot Found"),
        refused(
            "a page in place of an upgrade", request(),
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!doctype html><title>App</title>"),
        Dialogue(
            description: "no answer at all",
            lines: [(0, .client(request())), (50, .end(.upstream, .finished)), (51, .end(.downstream, .finished))]),
    ]
}
