// Sessions that open and then end badly.

extension CauseCatalogue {
    static let messageTooBig = CauseEntry(
        .messageTooBig, .session, "A message exceeds the receiver's limit", blame: .client, first: true,
        """
        Every receiver has a largest message. One that is bigger ends the session with close code 1009, or with a bare cut. Defaults differ widely: 8 KiB in Tomcat, 32 KiB in coder/websocket, 1 MiB in websockets, 4 MiB in aiohttp, 16 MiB in uvicorn, 100 MiB in ws.
        """,
        clauses: [
            .proves(.serverCode1009), .proves(.clientCode1009), .proves(.overOwnLimit), .says(58, .afterBigMessage, .serverCut),
            .says(85, .reasonSaysTooBig), .says(20, .afterBigMessage, .serverCode1002),
        ],
        decidedBy: [],
        decides: "the same session with a small message",
        fix: [
            "Raise the receiver's limit for messages, or send smaller ones (Gatehouse's own: `websocket.message_limit`, `limits.message_size`)"
        ],
        on: [
            .on(.uvicorn, "`--ws-max-size` (16 MiB by default)"),
            .on(.hypercorn, "`websocket_max_message_size` (16 MiB by default)"),
            .on(.pythonWebsockets, "`serve(..., max_size=...)` (1 MiB by default)"),
            .on(.aiohttp, "`WebSocketResponse(max_msg_size=...)` (4 MiB by default)"),
            .on(.tornado, "the setting `websocket_max_message_size` (10 MiB by default)"),
            .on(.ws, "`maxPayload` (100 MiB by default)"), .on(.socketIO, "`maxHttpBufferSize` (1 MB by default)"),
            .on(.pythonSocketIO, "`max_http_buffer_size` (1 MB by default)"), .on(.sanic, "`WEBSOCKET_MAX_SIZE`"),
            .on(.coderWebsocket, "`conn.SetReadLimit` (32 KiB by default)"), .on(.gorilla, "`conn.SetReadLimit`"),
            .on(.spring, "`setMaxTextMessageBufferSize` of the container (8 KiB by default)"),
            .on(.tomcat, "`setMaxTextMessageBufferSize` (8 KiB by default)"),
            .on(.aspnet, "SignalR: `MaximumReceiveMessageSize` (32 KB by default)"),
            .on(.phoenix, "`websocket: [max_frame_size: ...]`"),
            .on(.awsAPIGateway, "frames up to 32 KB and messages up to 128 KB: not adjustable"),
            .on(.daphne, "messages pass the channel layer: mind its limits, too"),
        ])

    static let handlerCrashed = CauseEntry(
        .handlerCrashed, .session, "The handler failed while the session was open", blame: .backend, first: true,
        """
        An exception ended the server's handler: with close code 1011 where the server says so, with a bare cut right after a message where it doesn't (uvicorn). The message that came last is the one to look at: not the format that the handler expected, perhaps.
        """,
        clauses: [
            .says(92, .serverCode1011, unless: [.reasonSaysPing, .reasonSaysRestart]), .says(68, .serverCut, .afterClientMessage),
            .says(42, .serverCut, .endedAtOnce), .says(15, .serverCut),
            // Before the accept no session was open: that failure has a cause of its own.
            .says(90, .outputTraceback, unless: [.outputDisconnect, .outputProcessEnded, .isUpgrade, .answered]),
            .denies(40, .outputSaidNothing),
            .denies(25, .serverCut, .afterSilence), .denies(30, .serverCut, .afterBigMessage),
            .denies(60, .upstreamGone), .denies(60, .serverMasked), .denies(50, .httpInStream),
            .denies(25, .serverResetIt, unless: [.afterClientMessage]),
            .says(8, .upstreamStillAccepts, .afterClientMessage), .says(14, .onlyWatched, .serverClosedFirst),
        ],
        decidedBy: [],
        decides: "the server's traceback at that time; the same message again",
        fix: ["Catch the exception in the handler (the server's traceback names it), and close with 1011 and a reason"],
        on: [
            .on(.fastAPI, "wrap the receive loop in try/except (WebSocketDisconnect, JSON errors) and close with 1011"),
            .on(.channels, "look for the traceback of `receive()`; catch what bad input raises"),
            .on(.ws, "handle `error` events and exceptions in the message listener: an uncaught one ends the process"),
            .on(.aiohttp, "catch exceptions in the `async for msg in ws` loop"),
            .on(.pythonWebsockets, "catch exceptions in the handler: they end it with 1011"),
        ])

    static let invalidCloseCode = CauseEntry(
        .invalidCloseCode, .session, "A close code that may not stand on the wire", blame: .backend, first: true,
        """
        Close codes are numbers of their own: 1000–1003, 1007–1014, 3000–4999. HTTP's 401 or 403, and 1005, 1006 and 1015, must not be sent: clients answer with a protocol error, and programs then see 1006.
        """,
        clauses: [.proves(.serverCodeInvalid), .proves(.clientCodeInvalid)],
        decidedBy: [],
        fix: ["Close with a valid code: 1008 or one of 4000–4999 for the application's own reasons (4403 instead of 403)"],
        on: [
            .on(.fastAPI, "`await websocket.close(code=4403)` instead of `code=403`"),
            .on(.channels, "`await self.close(code=4403)`"), .on(.ws, "`ws.close(4403, reason)`"),
        ])

    static let serverRestarting = CauseEntry(
        .serverRestarting, .session, "The server restarts or goes away", blame: .backend, first: true,
        """
        A deploy, a reload, a machine that is stopped: the server ends its sessions, in good order with 1001 or 1012, or without a word, all in one instant. Clients should reconnect after a short random wait.
        """,
        clauses: [
            .proves(.serverCode1012), .says(86, .serverCode1001), .says(78, .manyEndedTogether),
            .says(70, .serverCode1011, .reasonSaysRestart), .says(70, .reasonSaysRestart),
            .says(85, .outputShutdown, unless: [.answered]),
            .says(14, .serverCut, unless: [.afterClientMessage]),
        ],
        decidedBy: [],
        decides: "whether other sessions ended in the same instant, and the server's log",
        fix: ["Reconnect in the client, with a random delay; let the server close with 1001 or 1012 before it stops"],
        on: [
            .on(
                .uvicorn, "1012 is what uvicorn sends on SIGTERM and `--reload`; `--timeout-graceful-shutdown` gives sessions time"),
            .on(.gunicorn, "`--graceful-timeout`; `--max-requests` restarts workers with all their sessions"),
            .on(.render, "deploys end the old instance's sessions; raise `maxShutdownDelaySeconds`"),
            .on(.heroku, "dynos restart once a day"),
            .on(.fly, "machines that stop send 1001: `min_machines_running`"),
            .on(.caddy, "reloads end all tunnels at once: `stream_close_delay 5m`"),
            .on(.nginx, "reloads end old workers after `worker_shutdown_timeout`"),
            .on(.cloudflare, "edges restart for releases: reconnect"),
        ])

    static let serverCrashed = CauseEntry(
        .serverCrashed, .session, "The server's process died", blame: .backend, first: true,
        """
        The server's end vanished without a close frame, and it no longer takes connections: the process crashed, was killed (out of memory), or lost its machine.
        """,
        clauses: [
            .says(92, .upstreamGone, .closedWithoutWord), .says(44, .serverResetIt),
            .says(36, .serverCut, unless: [.afterClientMessage, .afterSilence]), .says(24, .serverCut, .afterSilence),
            .says(12, .serverCut, .afterClientMessage), .says(20, .serverCut, .activeUntilTheEnd),
            .says(20, .outputTraceback, .upstreamGone), .says(110, .outputProcessEnded, unless: [.outputShutdown, .answered]),
            .denies(40, .outputSaidNothing),
            .denies(60, .outputShutdown), .denies(60, .upstreamStillAccepts, unless: [.intermediaryOnPath, .edgeOnPath]),
        ],
        decidedBy: [],
        decides: "whether the server still accepts connections, and its supervisor's log (exit code, out of memory)",
        fix: [
            "Look for the end of the server's process at this time (exception, signal, out of memory), and let clients reconnect"
        ],
        on: [
            .on(.ws, "an `error` event without a listener, or an uncaught exception, ends the whole process: handle them"),
            .on(.node, "handle `uncaughtException` only to log and exit; find the exception"),
            .on(.gunicorn, "look for `Worker was sent SIGKILL! Perhaps out of memory?`"),
            .on(.render, "look for `Ran out of memory` in the events"), .on(.heroku, "look for R14 and R15 in the log"),
        ])

    static let serverFramesMasked = CauseEntry(
        .serverFramesMasked, .session, "The server masks its frames", blame: .backend, first: true,
        """
        Only clients mask. A server that does (a hand-written one, or a client library used as a server) breaks RFC 6455 §5.1, and clients must fail the connection.
        """,
        clauses: [.proves(.serverMasked)],
        decidedBy: [],
        fix: ["Send frames without the MASK bit from the server"])

    static let clientFramesUnmasked = CauseEntry(
        .clientFramesUnmasked, .session, "The client doesn't mask its frames", blame: .client, first: true,
        """
        Clients must mask every frame (RFC 6455 §5.1). A hand-written client, or a hop that takes frames apart and writes them anew, has left that out; servers close with 1002.
        """,
        clauses: [.proves(.clientUnmasked)],
        decidedBy: [],
        fix: ["Set the MASK bit and mask the payload with a fresh key in every frame that the client sends"])

    static let textNotUtf8 = CauseEntry(
        .textNotUtf8, .session, "A text message isn't UTF-8", blame: .backend, first: true,
        """
        Text messages have to be UTF-8. Bytes of another kind (a Latin-1 text, an image, compressed data) belong in binary messages. The receiver closes with 1007.
        """,
        clauses: [.proves(.textNotUTF8Seen), .says(90, .serverCode1007), .says(90, .clientCode1007)],
        decidedBy: [],
        decides: "the payload of the message before the close",
        fix: ["Send bytes that aren't UTF-8 text as a binary message"],
        on: [.on(.fastAPI, "`send_bytes` instead of `send_text`"), .on(.ws, "`ws.send(buffer, { binary: true })`")])

    static let reservedOpcode = CauseEntry(
        .reservedOpcode, .session, "A frame has a reserved opcode", blame: .backend, first: true,
        """
        Opcodes 0x3–0x7 and 0xB–0xF have no meaning yet. A frame with one is a mistake of a hand-written implementation, or not a frame at all.
        """,
        clauses: [.proves(.reservedOpcodeSeen, unless: [.httpInStream, .textInStream])],
        decidedBy: [],
        fix: ["Send frames with the opcodes of RFC 6455 §5.2 only"])

    static let protocolViolation = CauseEntry(
        .protocolViolation, .session, "A breach of the WebSocket protocol", blame: .unknown, first: true,
        """
        Frames have rules beyond masks and opcodes: fragments in order, control frames short and whole, lengths in their shortest form, nothing after the close. One of them was broken; the finding says which, and by whom.
        """,
        clauses: [
            .proves(.otherFault, unless: [.httpInStream, .textInStream]), .says(66, .serverCode1002), .says(66, .clientCode1002),
            .denies(40, .clientCode1002, .reasonSaysReserved), .denies(30, .serverReservedBits),
            .denies(30, .clientReservedBits),
        ],
        decidedBy: [],
        decides: "the frames before the close (a capture shows them)",
        fix: ["Let a library write the frames, or repair the code that wrote this one: the finding names the rule and the bytes"])

    static let bytesNotFrames = CauseEntry(
        .bytesNotFrames, .session, "After the 101 comes something that is not frames", blame: .backend, first: true,
        """
        The tunnel stands, and the server (or something in it) writes an HTTP response or plain text into it: two handlers answer one upgrade, or a framework completes a response that had long become a WebSocket. Clients see `Invalid frame header` or reserved bits.
        """,
        clauses: [.proves(.httpInStream), .proves(.textInStream), .denies(60, .engineIOOldVersion, .httpInStream)],
        decidedBy: [],
        fix: ["Let one handler own the connection after the 101: nothing else may write to it"],
        on: [
            .on(
                .flaskSock,
                "the server writes its HTTP answer when the handler returns or the worker is killed: run gunicorn with `--threads`"),
            .on(.werkzeug, "don't use the development server; run gunicorn with `--threads`"),
            .on(.gunicorn, "use threads (gthread) or an async worker for WebSockets"),
            .on(.socketIO, "an older client (EIO=3) gets a 400 inside the tunnel: update it, or `allowEIO3: true`"),
            .on(.ws, "two upgrade listeners answer the same request: `noServer: true` and one router"),
            .on(.express, "a middleware ends the response of an upgraded request"),
        ])

    static let policyClose = CauseEntry(
        .policyClose, .session, "The server closed the session by a decision of its own", blame: .backend, first: true,
        """
        1008 and the codes from 3000 on are decisions of the application or its library: its documentation says what they mean. 4401 and 4403 usually mirror HTTP's 401 and 403. With 1003 it refuses a type of data: binary where it reads text, or the reverse.
        """,
        clauses: [
            .says(88, .serverCode1008, unless: [.reasonSaysPing, .reasonSaysTooBig]), .says(88, .serverCode3000),
            .says(88, .serverCode4xxx), .says(4, .serverCode44xx), .says(64, .serverCode1003), .says(80, .disconnectMessage),
            .says(70, .engineIORefused),
            .says(20, .serverCode1013), .says(18, .onlyWatched, .serverClosedFirst),
        ],
        decidedBy: [],
        decides: "the application's code: where it closes with this code and reason",
        fix: ["Look up the close code in the application: it says what it wants (4401: valid credentials)"],
        on: [
            .on(.channels, "look for `self.close(code=...)` in the consumer"),
            .on(.fastAPI, "look for `websocket.close(code=...)` and WebSocketException"),
            .on(.rails, "the last message says why: `{\"type\":\"disconnect\",\"reason\":...}`"),
            .on(.socketIO, "the CONNECT_ERROR packet (44) says why: see the server's `io.use` middleware"),
            .on(.pythonSocketIO, "the connect handler returned False or raised ConnectionRefusedError"),
        ])

    static let connectionCut = CauseEntry(
        .connectionCut, .session, "Cut without a close frame, and nothing says why", blame: .unknown, first: true,
        """
        The transport ended in the middle of a session, without the closing handshake. Programs call that 1006. Timers, crashes, deploys and networks all look like this; many ends side by side usually tell them apart.
        """,
        clauses: [.says(28, .serverCut), .says(24, .serverResetIt)],
        decidedBy: [],
        decides: "more ends of the same kind: after the same silence, at the same age, or in the same instant",
        fix: [
            "Run `gatehouse diagnose URL --hold 90s`: it tells a timer on silence from a limit on age",
            "Or start the server with `gatehouse run -- COMMAND`: its own words and its end then stand beside the session's; `/api/causes` compares many ends",
        ])

    static let session: [CauseEntry] = [
        messageTooBig, handlerReturned, handlerCrashed, invalidCloseCode, serverRestarting, serverCrashed, serverFramesMasked,
        clientFramesUnmasked,
        textNotUtf8, reservedOpcode, protocolViolation, bytesNotFrames, policyClose,
    ]
}
