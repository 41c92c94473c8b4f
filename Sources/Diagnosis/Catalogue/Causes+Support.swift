// What the server can do at all.

extension CauseCatalogue {
    /// Where the server answered as to a plain GET, it may never have seen an upgrade: HAProxy and others don't name themselves.
    private static let hiddenHop =
        "If a proxy stands before it, it may have dropped Upgrade and Connection: nginx needs `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";`, Apache `upgrade=websocket` on ProxyPass; look for `http-request del-header` in HAProxy, `header_up -Upgrade` in Caddy, a headers middleware in Traefik"

    static let noWebsocketLibrary = CauseEntry(
        .noWebsocketLibrary, .support, "The server has no WebSocket library installed", blame: .backend,
        """
        uvicorn speaks WebSocket only with the package `websockets` or `wsproto`. Without one of them it starts all the same, takes every upgrade for a plain \
        request, and the application answers that: usually with 404. Its log says `No supported WebSocket library detected`.
        """,
        clauses: [
            .says(66, .uvicornAsHTTP, unless: [.intermediaryOnPath]),
            .says(38, .uvicornAsHTTP, .intermediaryOnPath, unless: [.hopRewroteServer]),
            .says(28, .uvicornAsHTTP, .hopRewroteServer),
            .says(30, .byFrameworkAsHTTP, .intermediaryOnPath, unless: [.uvicornAsHTTP]), .says(12, .uvicornAsHTTP, .plainSame),
            .proves(.outputNoWebSocketLibrary), .says(70, .outputUnsupportedUpgrade), .denies(50, .outputSawUpgrade),
            .denies(40, .saysCrossOrigin),
        ],
        probes: [.plainGet],
        decidedBy: [],
        decides:
            "uvicorn's log: `Unsupported upgrade request` and `No supported WebSocket library detected` stand there only if the upgrade arrived and no library takes it; nothing of the kind, if a hop dropped Upgrade",
        fix: [
            "Install a WebSocket library in the environment that runs the server, and restart it",
            "uvicorn's log tells whether that is it: `Unsupported upgrade request` stands there only if the upgrade arrived; if it doesn't, a hop dropped Upgrade",
            hiddenHop,
        ],
        on: [
            .on(
                .uvicorn, "`pip install 'uvicorn[standard]'` (or `websockets`) in the environment that runs it; and no `--ws none`"),
            .on(.fastAPI, "`pip install 'fastapi[standard]'` or `'uvicorn[standard]'`"),
            .on(.gunicorn, "the same for `-k uvicorn.workers.UvicornWorker`"),
        ])

    static let serverWithoutWebsocket = CauseEntry(
        .serverWithoutWebsocket, .support, "The server, or its worker class, can't speak WebSocket", blame: .backend,
        """
        Some servers only know request and answer: WSGI servers, synchronous workers, hosts for functions and files. An application that could do WebSocket is served by one that can't.
        """,
        clauses: [
            .says(75, .gunicornErrorPage, .status500), .says(68, .byWSGI), .says(30, .byWSGI, .status500), .says(30, .byServerless),
            .says(20, .byPlainNode), .says(20, .httpInStream),
            .says(10, .byWSGI, .plainSame), .says(25, .gunicornErrorPage, .plainSame), .proves(.outputMissingArgument),
            .says(50, .outputSyncWorker, .byWSGI), .says(30, .outputSyncWorker, .refused),
            .says(90, .outputPlainServer, .refused),
            .denies(40, .gunicornErrorPage, .status400), .denies(30, .byWSGI, .saysBadRequest), .denies(40, .namesVersion13),
            .says(20, .status405, .allowsGET, unless: [.methodOther]),
        ],
        probes: [.plainGet],
        decidedBy: [],
        decides: "the command that starts the server",
        fix: ["Serve the application with a server that speaks WebSocket"],
        on: [
            .on(
                .gunicorn,
                "an ASGI application (FastAPI, Starlette, Django's asgi.py): `gunicorn -k uvicorn.workers.UvicornWorker app:app`; a WSGI one (Flask) can't run on that worker: Flask-Sock or Flask-SocketIO with `gunicorn -k gthread --threads 100`"
            ), .on(.fastAPI, "run it on an ASGI server: `uvicorn app:app`, or `gunicorn -k uvicorn.workers.UvicornWorker`"),
            .on(
                .channels,
                "serve asgi.py with daphne or uvicorn: wsgi.py never sees a WebSocket (for `runserver`, put `daphne` first in INSTALLED_APPS)"
            ), .on(.django, "serve asgi.py with daphne or uvicorn: wsgi.py never sees a WebSocket"),
            .on(.flaskSock, "gunicorn with `--threads 100` (gthread); not uWSGI without its WebSocket support"),
            .on(.vercel, "functions can't hold a WebSocket: run it elsewhere"),
            .on(.netlify, "functions can't hold a WebSocket: run it elsewhere"),
            .on(.pythonSocketIO, "`socketio.ASGIApp` on an ASGI server, or eventlet/gevent workers for WSGI"),
        ])

    static let noUpgradeHandler = CauseEntry(
        .noUpgradeHandler, .support, "The HTTP server has no handler for upgrades", blame: .backend,
        """
        The server could speak WebSocket, but nothing in it listens for upgrades, or the WebSocket server was attached to another HTTP server than the one that listens. The request is answered like any other, or its connection is closed at once while ordinary requests of the same path are answered.
        """,
        clauses: [
            .says(62, .byPlainNode, .status404, unless: [.intermediaryOnPath]),
            .says(46, .byPlainNode, .status404, .intermediaryOnPath),
            .says(46, .byPlainNode, .status200, unless: [.bodyIsApplicationPage]), .says(20, .byPlainNode),
            .says(18, .status404, .saysNotFound, unless: [.byASGI, .byWSGI, .intermediaryOwnPage, .byEdge]),
            .says(16, .status200, unless: [.bodyIsApplicationPage, .byEdge]), .says(14, .failedClosedAtOnce),
            .says(30, .byKestrel, .status400), .says(22, .byKestrel, .status404),
            .says(12, .byPlainNode, .plainSame), .says(12, .byGoUpgrader, .status404), .says(15, .httpInStream, .byPlainNode),
            .says(15, .failedResponseTimeout, .plainWorks),
            .says(40, .failedClosedAtOnce, .plainWorks, unless: [.plainByNode]), .denies(30, .byEdge),
            // Without a listener Node answers upgrades like pages: one ran, and destroyed the socket.
            .denies(36, .failedClosedAtOnce, .plainByNode),
            .denies(44, .usualPathAccepts, unless: [.intermediaryOnPath, .edgeOnPath]),
            // nginx drops the upgrade unless it is told not to.
            .denies(30, .plainSame, .status404, .byNginx, .byPlainNode),
            .says(30, .randomPathSame, .status200, unless: [.bodyIsApplicationPage, .byEdge, .intermediaryOnPath]),
            .denies(40, .namesVersion13),
        ],
        probes: [.plainGet],
        decidedBy: [.plainGet],
        decides:
            "a plain GET of the same path: the same answer speaks for a server that ignores upgrades, or never saw this one; asking it past every proxy tells which",
        fix: ["Attach a WebSocket server to the HTTP server that listens on this port", hiddenHop],
        on: [
            .on(
                .ws,
                "`const server = http.createServer(app); new WebSocketServer({ server }); server.listen(PORT)`: `app.listen()` makes another server"
            ),
            .on(
                .express,
                "`const server = http.createServer(app); new WebSocketServer({ server }); server.listen(PORT)`: `app.listen()` makes another server"
            ),
            .on(.node, "attach a WebSocketServer to this HTTP server ({ server }), or listen for its `upgrade` event"),
            .on(.socketIO, "`new Server(httpServer)` with the server that listens"),
            .on(.next, "route handlers can't upgrade: use a custom server with an `upgrade` listener"),
            .on(.vite, "`server.proxy: { \"/ws\": { target, ws: true } }`"),
            .on(.aspnet, "`app.UseWebSockets()` before the endpoints"),
            .on(.spring, "`@EnableWebSocket`, and a ServerEndpointExporter for @ServerEndpoint"),
            .on(.aiohttp, "let the handler make a `web.WebSocketResponse()`"),
        ])

    static let noWebsocketInRouter = CauseEntry(
        .noWebsocketInRouter, .support, "The application's router has no branch for WebSocket", blame: .backend,
        """
        An ASGI application gets HTTP and WebSocket as two kinds of scope. Django alone handles only http, and ProtocolTypeRouter only what it was given; every WebSocket then ends in an exception and a 500, whatever the path.
        """,
        clauses: [
            .says(52, .status500, .byDaphne), .says(20, .status500, .byASGI, unless: [.byDaphne]),
            .says(25, .randomPathSame, .status500), .denies(40, .randomPathDiffers), .proves(.outputNoWebSocketScope),
        ],
        probes: [.randomPath, .plainGet],
        decidedBy: [.randomPath],
        decides: "a path that can't exist (the same 500 speaks for it), and the server's traceback",
        fix: ["Give the ASGI application a branch for the websocket protocol"],
        on: [
            .on(
                .channels,
                "`ProtocolTypeRouter({\"http\": get_asgi_application(), \"websocket\": AuthMiddlewareStack(URLRouter(websocket_urlpatterns))})`"
            ),
            .on(
                .django,
                "wrap `get_asgi_application()` in ProtocolTypeRouter with a `websocket` entry: Django alone handles only http"),
            .on(.pythonSocketIO, "`socketio.ASGIApp(sio, other_asgi_app=app)` at the top, so that WebSocket scopes reach it"),
        ])

    static let responseWriterNotHijackable = CauseEntry(
        .responseWriterNotHijackable, .support, "A middleware hides the connection from the WebSocket library", blame: .backend,
        first: true,
        """
        In Go the library takes the connection over from the response writer (http.Hijacker). Middleware for logging, metrics or compression wraps that writer, and a wrapper that doesn't pass Hijack on makes the upgrade impossible: 500 or 501.
        """,
        clauses: [
            .proves(.saysNotHijackable), .says(92, .byGoUpgrader, .status500), .says(88, .byGoUpgrader, .status501),
            .says(45, .status501, .byBackend), .proves(.outputNotHijackable),
        ],
        decidedBy: [],
        decides: "the server's log (`response does not implement http.Hijacker`)",
        fix: [
            "Let the middleware's writer implement http.Hijacker (or Unwrap), or leave the WebSocket route out of that middleware"
        ],
        on: [
            .on(
                .gorilla,
                "add `func (w *wrapper) Hijack() (net.Conn, *bufio.ReadWriter, error)` to the wrapper, or mount the route outside of it"
            ),
            .on(
                .coderWebsocket,
                "add `func (w *wrapper) Unwrap() http.ResponseWriter` to the wrapper, or mount the route outside of it"),
            .on(.goHTTP, "http.TimeoutHandler and HTTP/2 can't be hijacked either"),
        ])

    static let transportDisabled = CauseEntry(
        .transportDisabled, .support, "The real-time server has its WebSocket transport switched off", blame: .backend,
        """
        Socket.IO and SockJS can do without WebSocket, by polling. Here the server was told to do only that.
        """,
        clauses: [
            .says(75, .saysTransportRefused, .engineIOPath), .says(12, .engineIOPath, .status400),
            .says(16, .engineIOPath, .status403),
        ],
        probes: [.engineIOPolling],
        decidedBy: [.engineIOPolling],
        decides: "Engine.IO's polling answer: its `upgrades` list names websocket or doesn't",
        fix: ["Allow the WebSocket transport on the server"],
        on: [
            .on(.socketIO, "`transports: [\"polling\", \"websocket\"]` in the server's options"),
            .on(
                .pythonSocketIO,
                "`allow_upgrades=True`, `transports=[\"polling\", \"websocket\"]`, and an async mode that can do it"),
            .on(.spring, "SockJS: `setWebSocketEnabled(true)`"),
        ])

    static let upgradeNeverAnswered = CauseEntry(
        .upgradeNeverAnswered, .support, "The upgrade is taken and not answered", blame: .backend,
        """
        The server took the connection and the request, and nothing comes back, while other requests are answered: nobody is responsible for this upgrade (a development proxy without WebSocket, a listener that ignores the path), or the handler waits for something.
        """,
        clauses: [
            .says(34, .failedResponseTimeout), .says(40, .failedResponseTimeout, .plainWorks),
            .says(35, .failedResponseTimeout, .plainDiffers), .says(14, .failedClosedLate),
            .denies(40, .failedResponseTimeout, .plainSame),
            // Behind a hop: pages pass, and upgrades get no answer that it could pass on.
            .says(66, .status502, .plainReached), .says(36, .status504, .plainReached),
        ],
        probes: [.plainGet, .randomPath],
        decidedBy: [.plainGet],
        decides: "a plain GET of the same path: if that is answered, only upgrades hang",
        fix: [
            "Answer every upgrade: accept it, or write a refusal and close",
            "If the handler waits for something before it accepts (a database, another service): accept at once, and wait afterwards",
        ],
        on: [
            .on(.node, "an `upgrade` listener must answer paths that it doesn't know: write a 404 and destroy the socket"),
            .on(.ws, "call `handleUpgrade`, or write a 404 and destroy the socket, on every path through the `upgrade` listener"),
            .on(.express, "http-proxy-middleware needs `ws: true` and `server.on(\"upgrade\", proxy.upgrade)`"),
            .on(.next, "rewrites of the dev server don't carry WebSockets: connect to the backend directly"),
            .on(.vite, "other subprotocols than vite-hmr are left alone: use `server.proxy` with `ws: true`"),
        ])

    static let support: [CauseEntry] = [
        noWebsocketLibrary, serverWithoutWebsocket, noUpgradeHandler, noWebsocketInRouter, responseWriterNotHijackable,
        transportDisabled, upgradeNeverAnswered,
    ]
}
