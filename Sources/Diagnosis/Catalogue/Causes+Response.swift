// What is wrong with the answer itself: the 101, its subprotocol and its extensions, or a handler that failed.

extension CauseCatalogue {
    static let invalid101Accept = CauseEntry(
        .invalid101Accept, .response, "The 101's Sec-WebSocket-Accept is missing or not of this request's key", blame: .backend,
        first: true,
        """
        The server proves that it read the handshake by hashing the client's key. A wrong value means that the answer belongs to another request (a cache), or that the server or a hop computes or copies it wrongly. Browsers fail such a connection.
        """,
        clauses: [.proves(.status101, .acceptMissing), .proves(.status101, .acceptWrong), .proves(.status101, .acceptRepeated)],
        decidedBy: [],
        fix: [
            "Answer every handshake with the Accept of its own key: don't cache or replay a 101, and let hops pass Sec-WebSocket-Key and -Accept unchanged"
        ],
        on: [
            .on(.varnish, "`return (pipe)` for upgrades: never cache them"),
            .on(.cloudFront, "forward Sec-WebSocket-Key with an origin request policy (AllViewer), caching disabled"),
            .on(.nginx, "no `proxy_cache` in this location, and no `proxy_hide_header Sec-WebSocket-Accept`"),
            .on(.haproxy, "remove `http-response del-header Sec-WebSocket-Accept`"),
            .on(.apache, "remove `Header unset Sec-WebSocket-Accept`"),
            .on(.caddy, "remove `header_down -Sec-WebSocket-Accept`"),
            .on(.traefik, "remove the headers middleware whose `customResponseHeaders` empties the field"),
        ])

    static let invalid101Fields = CauseEntry(
        .invalid101Fields, .response, "The 101 lacks Upgrade or Connection, or announces a body", blame: .backend, first: true,
        """
        A 101 has to say `Upgrade: websocket` and `Connection: Upgrade`. A server that leaves them out, or a hop that drops them on the way back, makes browsers fail the connection. \
        A 101 has no body: with Content-Length or Transfer-Encoding, some take the first frames for one. Browsers ignore them; Gatehouse doesn't pass on what can be read in two ways.
        """,
        clauses: [
            .proves(.status101, .upgradeMissingIn101, unless: [.acceptMissing, .acceptWrong]),
            .proves(.status101, .connectionMissingIn101, unless: [.acceptMissing, .acceptWrong]),
            .proves(.failedMalformedResponse, .status101, .contentLengthIn101, unless: [.acceptMissing, .acceptWrong]),
            .says(50, .status101, .upgradeMissingIn101), .says(50, .status101, .connectionMissingIn101),
        ],
        decidedBy: [],
        fix: ["Send both fields with the 101, and neither Content-Length nor Transfer-Encoding; let every hop pass it back so"],
        on: [
            .on(.nginx, "remove `proxy_hide_header Upgrade` and `proxy_hide_header Connection`"),
            .on(.haproxy, "remove `http-response del-header Upgrade`"),
            .on(.apache, "remove `Header unset Upgrade` and `Header unset Connection`"),
            .on(.caddy, "remove `header_down -Upgrade` and `header_down -Connection`"),
            .on(.traefik, "remove the response headers middleware that empties them"),
        ])

    static let statusNot101 = CauseEntry(
        .statusNot101, .response, "The answer has the fields of an accepted upgrade, but another status", blame: .backend,
        first: true,
        """
        The server meant to accept (it computed Sec-WebSocket-Accept), but the status is not 101: the application or a hop has replaced it.
        """,
        clauses: [.says(92, .upgradeOnOtherStatus)],
        decidedBy: [],
        decides: "the same handshake sent to the backend directly",
        fix: ["Answer with `HTTP/1.1 101`, and let no middleware or hop replace the status"],
        on: [
            .on(.apache, "mod_proxy_http without `upgrade=websocket` turns the answer into a plain one"),
            .on(.caddy, "remove `handle_response` for this path"),
        ])

    static let handlerCrashedBeforeAccept = CauseEntry(
        .handlerCrashedBeforeAccept, .response, "The handler failed before it accepted", blame: .backend,
        """
        The route was found and its code began, then an exception ended it before the handshake was accepted: a database that is down, a field that is missing, a mistake in the code. The server's log has the traceback.
        """,
        clauses: [
            .says(46, .status500, .byASGI, unless: [.byDaphne]), .says(38, .status500, .byDaphne),
            .says(30, .status500, unless: [.byASGI, .byDaphne, .gunicornErrorPage, .byGoUpgrader, .byWSGI]), .says(14, .saysCrash),
            .says(30, .randomPathDiffers, .status500),
            .denies(22, .randomPathSame, .status500), .says(90, .outputTraceback, .status500, unless: [.outputDisconnect]),
            .says(60, .outputTraceback, .refused, unless: [.outputDisconnect]), .says(60, .outputTraceback, .failedClosed),
            .says(14, .failedClosedAtOnce), .denies(50, .byEdge), .denies(40, .byGoUpgrader), .says(10, .failedReset),
        ],
        probes: [.randomPath],
        decidedBy: [.randomPath],
        decides: "the server's log: a traceback at this time; and a path that can't exist, which the same fault would not touch",
        fix: [
            "Read the server's traceback for this moment and repair what raised; answer failures with a close code or a denial instead"
        ],
        on: [
            .on(
                .fastAPI,
                "look for the traceback in uvicorn's log; dependencies run before `accept()`; if it says `ASGI callable returned without sending handshake`, `await websocket.accept()` was never called"
            ), .on(.channels, "look for the traceback of `connect()`"),
            .on(.rails, "look for an exception in `connect` of ApplicationCable::Connection"),
            .on(.spring, "look for an exception in a HandshakeInterceptor"),
        ])

    static let acceptNeverCalled = CauseEntry(
        .acceptNeverCalled, .response, "The handler returned, or sent, without accepting", blame: .backend,
        """
        In ASGI frameworks the handler has to accept the WebSocket explicitly. A handler that returns or sends before that ends the handshake with a 500 (or with silence).
        """,
        clauses: [
            .says(36, .status500, .byASGI, unless: [.byDaphne]), .says(14, .status500, .byDaphne), .says(16, .failedClosedLate),
            .says(14, .failedResponseTimeout), .denies(22, .randomPathSame, .status500), .says(14, .randomPathDiffers, .status500),
            .proves(.outputNotAccepted, .status500), .says(40, .outputNotAccepted, unless: [.answered]),
            .denies(30, .outputTraceback, unless: [.outputNotAccepted]),
        ],
        decidedBy: [],
        decides: "the server's log (`ASGI callable returned without completing handshake`)",
        fix: ["Accept the WebSocket on every path through the handler, before the first send or receive"],
        on: [
            .on(.fastAPI, "`await websocket.accept()` first"), .on(.channels, "`await self.accept()` in `connect()`"),
            .on(.quart, "Quart accepts with the first send or receive: don't return before"),
            .on(.aiohttp, "`await ws.prepare(request)` first"),
        ])

    static let handshakeTooSlow = CauseEntry(
        .handshakeTooSlow, .response, "The handshake took longer than a hop or the server allows", blame: .backend, first: true,
        """
        The handler does slow work (a database, a call to another service) before it accepts, and somebody loses patience: the server itself (daphne allows 5 s), a proxy, the client.
        """,
        clauses: [
            .says(46, .failedResponseTimeout), .says(62, .failedClosedLate), .says(46, .status504), .says(25, .status524),
            .says(12, .failedResponseTimeout, .plainWorks), .says(12, .failedResponseTimeout, .randomPathDiffers),
            .says(12, .status408), .denies(20, .failedClosedLate, .engineIOPath), .says(45, .outputGaveUp, .failedClosedLate),
            .says(45, .outputGaveUp, .failedResponseTimeout),
        ],
        probes: [.randomPath, .plainGet],
        decidedBy: [.randomPath],
        decides: "a path that can't exist: answered at once, only this handler is slow",
        fix: ["Accept first and do the slow work afterwards, or raise the timeout of the one who gives up"],
        on: [
            .on(.daphne, "`--websocket_connect_timeout` (5 s by default) and `--websocket_timeout`"),
            .on(
                .channels, "`await self.accept()` before the look-up; daphne gives a handshake 5 s (`--websocket_connect_timeout`)"),
            .on(.pythonWebsockets, "`open_timeout` (10 s by default) in serve()"),
            .on(.fastAPI, "`await websocket.accept()` before slow dependencies"),
            .on(.nginx, "`proxy_read_timeout 120s;` in this location (60 s by default)"),
            .on(.haproxy, "`timeout server 120s`: it counts until the 101"),
            .on(.apache, "`ProxyTimeout 120`, or `timeout=120` on the ProxyPass"),
            .on(.caddy, "`transport http { response_header_timeout 120s }`"),
            .on(.traefik, "`serversTransport.forwardingTimeouts.responseHeaderTimeout` (without limit by default)"),
            .on(.awsALB, "`idle_timeout.timeout_seconds` counts here, too (60 s by default)"),
            .on(.heroku, "the router allows 30 s until the 101"),
            .on(.awsAPIGateway, "the integration allows 29 s"),
        ])

    static let notAnHttpServer = CauseEntry(
        .notAnHttpServer, .response, "What answers on this port is not HTTP", blame: .configuration, first: true,
        """
        Something else listens here: a database, SSH, a mail server, or a service with a protocol of its own. The port or the host is the wrong one.
        """,
        clauses: [
            .proves(.failedNotHTTP, unless: [.failedNotHTTPTLS]), .proves(.failedNotHTTPBanner),
            .says(30, .failedMalformedResponse),
        ],
        decidedBy: [],
        decides: "the first bytes that come back",
        fix: [
            "Correct the port: connect to the one on which the HTTP server listens (`ss -ltnp` on its machine names who listens where)"
        ])

    static let subprotocolRequired = CauseEntry(
        .subprotocolRequired, .subprotocol, "The server demands a subprotocol and none was offered", blame: .client, first: true,
        """
        The server speaks named subprotocols only (`graphql-transport-ws`, `mqtt`, `ocpp1.6`, ...), and the client has to offer one of them in the second argument of `new WebSocket(url, protocols)`.
        """,
        clauses: [
            .proves(.saysSubprotocolMissing, .offersNoSubprotocol), .proves(.flipSubprotocol, .offersNoSubprotocol),
            .says(12, .byPhoenix, .status403, .offersNoSubprotocol),
        ],
        probes: [.subprotocol],
        decidedBy: [.subprotocol],
        decides: "the same handshake with the subprotocol that the server speaks",
        fix: ["Offer the subprotocol that the server speaks: `new WebSocket(url, \"name\")`"],
        on: [
            .on(
                .pythonWebsockets,
                "offer one of `serve(..., subprotocols=[...])`, or write a `select_subprotocol` that accepts none"),
            .on(.rails, "offer `actioncable-v1-json`"),
        ])

    static let subprotocolNoOverlap = CauseEntry(
        .subprotocolNoOverlap, .subprotocol, "None of the offered subprotocols is one that the server speaks", blame: .client,
        first: true,
        """
        Client and server each know subprotocols, but no common one. Typical: the old `graphql-ws` of subscriptions-transport-ws against the newer `graphql-transport-ws`. Some servers refuse, others answer 101 without one, and browsers then fail the connection.
        """,
        clauses: [
            .proves(.saysSubprotocolInvalid, .offersSubprotocol), .says(92, .outputSubprotocol, .offersSubprotocol),
            .says(80, .subprotocolNotSelected, unless: [.hasSubprotocolToken]),
            .says(30, .subprotocolNotSelected, .hasSubprotocolToken), .says(18, .status403, .byPhoenix, .offersSubprotocol),
            .says(20, .status400, .offersSubprotocol, .byNodeWs),
            .says(12, .failedClosedAtOnce, .offersSubprotocol), .proves(.flipNoSubprotocol, unless: [.status101]),
            .says(40, .flipSubprotocol, .offersSubprotocol), .says(60, .saysSubprotocolMissing, .offersSubprotocol),
        ],
        probes: [.withoutSubprotocol, .subprotocol],
        decidedBy: [.withoutSubprotocol, .subprotocol],
        decides: "the list of subprotocols in the server's code",
        fix: ["Offer a subprotocol that the server speaks, or enable the client's one on the server"],
        on: [
            .on(.aiohttp, "`web.WebSocketResponse(protocols=(\"...\",))` must name the client's"),
            .on(.phoenix, "`websocket: [subprotocols: [...]]`"), .on(.spring, "`setSupportedProtocols` of the handshake handler"),
            .on(.ws, "`handleProtocols`"),
        ])

    static let subprotocolNotSelected = CauseEntry(
        .subprotocolNotSelected, .subprotocol, "Subprotocols were offered and the 101 names none: browsers fail the connection",
        blame: .backend, first: true,
        """
        A client that offers subprotocols expects one back. Servers that accept without naming one satisfy the RFC, but browsers end the connection at once. Typical: a token that travels as a subprotocol (`[\"bearer\", token]`) and is never echoed.
        """,
        clauses: [.proves(.status101, .subprotocolNotSelected)],
        decidedBy: [],
        decides: "whether the server knows one of the subprotocols at all",
        fix: [
            "Let the server select one of those that were offered and name it in the 101",
            "Or offer one that the server speaks (graphql-transport-ws and graphql-ws are two protocols)",
        ],
        on: [
            .on(.fastAPI, "`await websocket.accept(subprotocol=\"bearer\")`: one of `websocket.scope[\"subprotocols\"]`"),
            .on(.channels, "`await self.accept(subprotocol)`"),
            .on(.aiohttp, "`web.WebSocketResponse(protocols=(\"graphql-transport-ws\",))`"),
            .on(.tornado, "override `select_subprotocol(self, subprotocols)`"),
            .on(.pythonWebsockets, "`serve(..., subprotocols=[...])`"), .on(.ws, "`handleProtocols: (protocols) => \"...\"`"),
            .on(.gorilla, "`Upgrader.Subprotocols`"), .on(.coderWebsocket, "`AcceptOptions.Subprotocols`"),
            .on(.spring, "`setSupportedProtocols`"), .on(.aspnet, "`AcceptWebSocketAsync(subProtocol)`"),
            .on(.sanic, "`@app.websocket(\"/ws\", subprotocols=[...])`"), .on(.quart, "`await websocket.accept(subprotocol=...)`"),
            .on(.phoenix, "`websocket: [subprotocols: [...]]`"),
        ])

    static let subprotocolNotOffered = CauseEntry(
        .subprotocolNotOffered, .subprotocol, "The 101 names a subprotocol that was not offered", blame: .backend, first: true,
        """
        The server may only choose among what the client offered (names are compared exactly). This answer names another one, so that clients must fail the connection.
        """,
        clauses: [.proves(.status101, .subprotocolNotOffered), .proves(.status101, .subprotocolRepeated)],
        decidedBy: [],
        fix: ["Select one of the subprotocols that the client offered, or none"],
        on: [
            .on(.fastAPI, "choose from `websocket.scope[\"subprotocols\"]`"),
            .on(.ws, "let `handleProtocols` return one of its argument"),
            .on(.channels, "choose from `self.scope[\"subprotocols\"]`"),
        ])

    static let extensionNotOffered = CauseEntry(
        .extensionNotOffered, .extension, "The 101 names an extension, or parameters, that were not offered", blame: .backend,
        first: true,
        """
        Extensions (in practice permessage-deflate) hold only if client and server agree. A 101 that names one that was not offered, or with parameters that don't fit the offer, makes clients fail the connection; often a hop has removed the offer from the request.
        """,
        clauses: [.proves(.status101, .extensionNotOffered), .proves(.status101, .extensionBadParameters)],
        decidedBy: [],
        fix: [
            "Answer with extensions and parameters from the offer only; let hops pass Sec-WebSocket-Extensions in both directions or in neither"
        ],
        on: [
            .on(
                .nginx,
                "`proxy_set_header Sec-WebSocket-Extensions \"\"` needs no counterpart; hiding it in one direction only breaks"),
            .on(.ws, "`perMessageDeflate: false` until the hop is repaired"),
        ])

    static let proxyDropsExtensionsInResponse = CauseEntry(
        .proxyDropsExtensionsInResponse, .extension, "The server compresses, but the 101 that arrived names no extension",
        blame: .intermediary, first: true,
        """
        The client offered compression and the server uses it, yet the 101 as it arrived doesn't say so: a hop has removed Sec-WebSocket-Extensions on the way back. The client then takes compressed frames for broken ones.
        """,
        clauses: [
            .says(78, .serverReservedBits, .offersDeflate, .intermediaryOnPath, unless: [.deflateAgreed]),
            .says(48, .serverReservedBits, .offersDeflate, unless: [.deflateAgreed, .intermediaryOnPath]),
            .says(40, .clientCode1002, .reasonSaysReserved, .intermediaryOnPath),
        ],
        probes: [.withoutExtensions],
        decidedBy: [],
        decides: "the 101 as the backend sends it, asked directly",
        fix: ["Let the hop pass Sec-WebSocket-Extensions in both directions, or remove the offer from the request as well"],
        on: [
            .on(
                .nginx,
                "remove `proxy_hide_header Sec-WebSocket-Extensions`, or add `proxy_set_header Sec-WebSocket-Extensions \"\"`"),
            .on(.haproxy, "remove `http-response del-header Sec-WebSocket-Extensions`"),
        ])

    static let rsv1WithoutExtension = CauseEntry(
        .rsv1WithoutExtension, .extension, "A frame has a reserved bit set and nothing was negotiated for it", blame: .backend,
        first: true,
        """
        RSV1 marks a compressed message, and is allowed only where permessage-deflate was agreed in the handshake. Without that, the receiver must fail the connection: browsers say `One or more reserved bits are on`.
        """,
        clauses: [
            .says(82, .serverReservedBits, unless: [.intermediaryOnPath]), .says(66, .serverReservedBits, .intermediaryOnPath),
            .says(82, .clientReservedBits), .says(60, .clientCode1002, .reasonSaysReserved),
            .says(60, .serverCode1002, .reasonSaysReserved), .denies(60, .httpInStream),
            .denies(60, .textInStream),
        ],
        probes: [.withoutExtensions],
        decidedBy: [.withoutExtensions],
        decides: "the same session without an offer of extensions",
        fix: ["Compress only where the 101 agreed on permessage-deflate; negotiate it, or switch compression off"],
        on: [
            .on(.ws, "`perMessageDeflate` must be the same for all that write to the connection"),
            .on(.uvicorn, "`--ws-per-message-deflate false`"),
        ])

    static let response: [CauseEntry] = [
        invalid101Accept, invalid101Fields, statusNot101, handlerCrashedBeforeAccept, acceptNeverCalled, handshakeTooSlow,
        malformedResponseHead, notAnHttpServer,
    ]
    static let subprotocol: [CauseEntry] = [
        subprotocolRequired, subprotocolNoOverlap, subprotocolNotSelected, subprotocolNotOffered,
    ]
    static let `extension`: [CauseEntry] = [extensionNotOffered, proxyDropsExtensionsInResponse, rsv1WithoutExtension]
}
