// Handlers and heads that are written by hand, and the mistakes that frameworks don't make.

extension CauseCatalogue {
    static let handlerReturned = CauseEntry(
        .handlerReturned, .session, "The server ended the session right after its accept, as when a handler returns",
        blame: .backend, first: true,
        """
        A session lives as long as its handler. One that accepts and then comes to its end, without waiting for messages, gives the session up: uvicorn and hypercorn close with 1000 in its name, others just end the connection. Nothing failed, so that no log says anything. Usually the loop that receives is missing, isn't awaited, or ends because of a condition that is false from the start.
        """,
        clauses: [
            .says(70, .serverCode1000, .endedAtOnce, .serverNeverSpoke, .clientNeverSpoke),
            .says(44, .serverCut, .endedAtOnce, .serverNeverSpoke, .clientNeverSpoke, unless: [.serverResetIt]),
            .says(40, .outputSaidNothing, .serverCut, .endedAtOnce),
            .says(10, .upstreamStillAccepts, .serverCut, .endedAtOnce), .denies(60, .outputTraceback),
            .denies(60, .outputProcessEnded),
            .denies(40, .upstreamGone),
        ],
        decidedBy: [],
        decides: "the handler's code behind its accept; a traceback at this time speaks for a failure instead",
        fix: [
            "Let the handler stay: behind the accept, receive in a loop until the client goes, and await what it starts",
            "If it means to refuse, refuse before the accept, or close with a code of its own and a reason (4401, \"token missing\")",
        ],
        on: [
            .on(.fastAPI, "behind `await websocket.accept()`: `async for text in websocket.iter_text(): ...`"),
            .on(.pythonWebsockets, "in the handler: `async for message in websocket: ...`, or `await websocket.wait_closed()`"),
            .on(.aiohttp, "behind `await ws.prepare(request)`: `async for msg in ws: ...`, and `return ws` at the end"),
            .on(.quart, "`while True: data = await websocket.receive()` in the handler"),
            .on(.sanic, "`async for message in ws: ...` in the handler"),
            .on(.flaskSock, "`while True: data = ws.receive()` in the handler: when it returns, the connection is closed"),
            .on(.coderWebsocket, "a loop of `c.Read(ctx)`; the deferred `c.CloseNow()` runs as soon as the handler returns"),
            .on(.gorilla, "a loop of `conn.ReadMessage()`; a deferred `conn.Close()` runs as soon as the handler returns"),
            .on(.aspnet, "await the receive loop: the socket is closed when the middleware or action returns"),
            .on(.axum, "a loop of `socket.recv().await` in the closure of `on_upgrade`: the socket is dropped when it ends"),
        ])

    static let malformedResponseHead = CauseEntry(
        .malformedResponseHead, .response, "The head of the answer is not valid HTTP", blame: .backend, first: true,
        """
        What came back begins as HTTP and breaks its rules. The usual breach is a line that ends in a bare LF: a head's lines end in CR LF (RFC 9112 §2.2), and a recipient may be lenient with a bare LF or refuse it; proxies refuse, because two readers of such a head can find different lines in it. It comes from servers that write the answer by hand and from CGI scripts, where `\\n` was written for `\\r\\n`. Browsers may take it all the same, so that it fails only behind a proxy.
        """,
        clauses: [.proves(.failedBareLineFeed), .says(62, .failedMalformedResponse)],
        decidedBy: [],
        decides: "the bytes of the answer as the server sends it (`gatehouse diagnose` against it directly, or a capture)",
        fix: [
            "Write `\\r\\n` at the end of every line of the head and for the empty line behind it, in place of `\\n`",
            "Better still: let a library answer the upgrade, in place of code that prints the head",
        ],
        on: [
            .on(.node, "in an `upgrade` listener: `socket.write([...lines, \"\", \"\"].join(\"\\r\\n\"))`"),
            .on(.apache, "CGI scripts can't upgrade: let a server speak WebSocket, and `ProxyPass ... upgrade=websocket` to it"),
        ])
}
