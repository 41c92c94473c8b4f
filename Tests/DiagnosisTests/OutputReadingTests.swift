import HTTPWire
import TestSupport
import Testing
import Wire

@testable import Diagnosis

@Suite struct `What servers and proxies write` {
    /// As the named software prints them (versions of Debian 12, and of the Python packages of late 2026).
    @Test(arguments: [
        // uvicorn and what runs in it
        ("WARNING:  Unsupported upgrade request.", Sign.outputUnsupportedUpgrade),
        (
            "starlette.websockets.WebSocketDisconnected: WebSocket is not connected. Need to call \"accept\" first.",
            .outputNotAccepted
        ),
        ("starlette.websockets.WebSocketDisconnect: (1000, '')", .outputDisconnect),
        ("websockets.exceptions.ConnectionClosedError: no close frame received or sent", .outputDisconnect),
        (
            "Invalid session cQ9oJx1n0W6Tq2ZyAAAA (further occurrences of this error will be logged with level INFO)",
            .outputSessionUnknown
        ),
        // daphne, gunicorn, Django
        ("127.0.0.1:46690 - - [21/Nov/2026:04:11:13] \"WSDISCONNECT /ws/chat/\" - -", .outputGaveUp),
        ("[2026-11-21 04:10:43 +0000] [1706] [INFO] Using worker: sync", .outputSyncWorker),
        ("[2026-11-21 04:11:56 +0000] [2782] [CRITICAL] WORKER TIMEOUT (pid:2783)", .outputWorkerTimeout),
        ("Starting development server at http://127.0.0.1:8000/", .outputPlainServer),
        // aiohttp, Go, Rails, Phoenix
        ("127.0.0.1: Client protocols ['graphql-ws'] don’t overlap server-known ones ['graphql-transport-ws']", .outputSubprotocol),
        ("2026/11/21 04:14:37 websocket: request origin not allowed by Upgrader.CheckOrigin", .outputOrigin),
        ("2026/11/21 04:14:46 websocket: response does not implement http.Hijacker", .outputNotHijackable),
        ("Failed to upgrade to WebSocket (REQUEST_METHOD: GET, HTTP_CONNECTION: close, HTTP_UPGRADE: )", .outputSawPlainRequest),
        ("[info] REFUSED CONNECTION TO ChatWeb.UserSocket in 212µs", .outputCredentials),
        // nginx, HAProxy, Apache
        (
            "2026/11/21 04:12:49 [error] 3837#3837: *2 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1",
            .outputUpstreamRefused
        ),
        (
            "2026/11/21 04:12:54 [error] 3979#3979: *2 upstream timed out (110: Connection timed out) while reading response header from upstream",
            .outputUpstreamTimedOut
        ), ("2026/11/21 04:12:47 [error] 3789#3789: *4 limiting requests, excess: 0.999 by zone \"r\"", .outputRateLimited),
        ("[ALERT]    (4825) : backend 'app' has no server available!", .outputNoServerUp),
        (
            "[authz_core:error] [client 127.0.0.1:52898] AH01630: client denied by server configuration: proxy:http://127.0.0.1:1/ws",
            .outputAddressDenied
        ),
        // the supervisor's own
        ("gatehouse: the backend's process ended with exit code 3", .outputProcessEnded),
    ]) func `a sentence of theirs is understood`(_ line: String, _ sign: Sign) {
        #expect(OutputReading.signs(Array(line.utf8)).contains(sign))
    }

    @Test(arguments: [
        "INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)", "INFO:     connection open",
        "[2026-11-21 04:10:43 +0000] [1708] [INFO] Booting worker with pid: 1708", "[INFO] Worker exiting (pid: 1708)",
        "INFO:     connection rejected (401 Unauthorized)", "Running on Node.js v20.20.2",
        "Starting ASGI/Daphne version 4.2.1 development server at http://127.0.0.1:8000/", "",
    ]) func `everyday lines have no signs`(_ line: String) { #expect(OutputReading.signs(Array(line.utf8)).isEmpty) }

    private func sign(_ line: String, path: String, status: Int?) throws -> Sign? {
        let request = RequestHead(copy: bytes("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n"))
        return AccessLine(Array(line.utf8))?.sign(request, status)
    }

    @Test(arguments: [
        ("INFO:     127.0.0.1:58998 - \"GET /ws HTTP/1.0\" 404 Not Found", "/ws?token=1", Sign.outputSawPlainRequest),
        ("127.0.0.1:60786 - - [21/Nov/2026:04:10:53] \"GET /ws\" 404 179", "/ws", .outputSawPlainRequest),
        ("INFO:     127.0.0.1:40592 - \"WebSocket /ws\" 404", "/ws", .outputSawUpgrade),
        ("INFO:     127.0.0.1:40592 - \"WebSocket /ws\" 404", "/api/ws", .outputSawOtherPath),
        ("INFO:     127.0.0.1:0 - \"WebSocket /\" 404", "/ws", .outputSawOtherPath),
        ("INFO:     127.0.0.1:0 - \"WebSocket /api/ws?x\" 404", "/ws", .outputSawOtherPath),
    ]) func `an access log shows what a hop did to the request`(_ line: String, _ path: String, _ expected: Sign) throws {
        #expect(try sign(line, path: path, status: 404) == expected)
    }

    @Test(arguments: [
        // another status, another request, another server's form, no access log at all
        ("INFO:     127.0.0.1:40592 - \"WebSocket /ws\" 403", "/ws"),
        ("INFO:     127.0.0.1:40592 - \"WebSocket /other\" 404", "/ws"),
        ("INFO:     127.0.0.1:58998 - \"GET /favicon.ico HTTP/1.1\" 404 Not Found", "/ws"),
        ("127.0.0.1 - - [21/Nov/2026:04:10:53 +0000] \"GET /ws HTTP/1.1\" 404 179 \"-\" \"curl\"", "/ws"),
        ("127.0.0.1 - - [21/Nov/2026 04:10:53] \"GET /ws HTTP/1.1\" 404 -", "/ws"), ("he said \"GET /ws\" loudly", "/ws"),
        ("\"", "/ws"),
        // another client's handshake that went well
        ("INFO:     127.0.0.1:0 - \"WebSocket /ws\" [accepted]", "/admin/ws"),
        ("INFO:     127.0.0.1:0 - \"WebSocket /ws\" [accepted]", "/ws"),
    ]) func `a line that may speak of something else says nothing`(_ line: String, _ path: String) throws {
        #expect(try sign(line, path: path, status: 404) == nil)
    }

    @Test func `a traceback whose exception is the other side's end is no cause`() throws {
        let record = try #require(
            SessionVector.open.client(SessionScript.text("x"), 100).server(SessionScript.text("y", client: false), 110)
                .end(.upstream, .finished, 3110).record)
        #expect(record.judged(with: [.outputTraceback]).verdict?.cause == .handlerCrashed)
        #expect(record.judged(with: [.outputTraceback, .outputDisconnect]).verdict?.cause != .handlerCrashed)
    }
}
