// Origin: the page's own address, which browsers send with every handshake and which pages can't change.

extension CauseCatalogue {
    static let originNotAllowed = CauseEntry(
        .originNotAllowed, .origin, "The server does not allow this Origin", blame: .backend,
        """
        A browser tells the server in the field Origin from which site the page came that opens the WebSocket. Since the same-origin \
        policy does not hold for WebSockets, servers compare it with a list of their own and refuse what isn't on it. CORS settings \
        have no effect here: the list for WebSockets is a separate one in most frameworks.
        """,
        clauses: [
            .proves(.saysOriginRefused, .originOtherHost), .proves(.saysOriginRefused, .originSiblingHost),
            .proves(.saysOriginRefused, .originNull),
            .says(75, .saysOriginRefused), .says(55, .saysOriginNotForHost),
            .says(48, .status403, .originOtherHost), .says(48, .status403, .originSiblingHost),
            .says(45, .status403, .originNull), .says(10, .asgiBareRefusal, .originOtherHost),
            .says(40, .status401, .byNodeWs, .originOtherHost), .says(45, .status401, .byNodeWs, .originSiblingHost),
            .says(25, .status401, .originOtherHost, unless: [.byNodeWs, .asksForCredentials]),
            .says(30, .status400, .originOtherHost, .byEngineIO), .says(25, .status400, .originOtherHost, .saysBadRequest),
            .says(62, .status404, .byRails, .originOtherHost), .says(60, .saysCrossOrigin, .originOtherHost),
            .says(30, .failedClosedAtOnce, .originOtherHost), .says(25, .failedClosedAtOnce, .originSiblingHost),
            .says(12, .status403, .originSameHost), .says(18, .status403, .originSameHost, .originOtherScheme),
            .says(30, .byGoUpgrader, .status403), .says(70, .reasonSaysOrigin), .says(90, .outputOrigin),
            .proves(.flipOriginOther), .proves(.flipOriginSelf, unless: [.byTornado, .byGoUpgrader]),
            .proves(.flipOriginRemoved, unless: [.byTornado, .byGoUpgrader, .saysCrossOrigin]),
            .says(70, .flipOriginSelf), .says(70, .flipOriginRemoved),
            // Their own rule lets an Origin of the same host pass, and a missing one: where only the first is refused, Host was changed.
            .denies(60, .flipOriginRemoved, .originSameHost, .byGoUpgrader),
            .denies(60, .flipOriginRemoved, .originSameHost, .byTornado),
            .denies(35, .originNeverFlips, unless: [.originOtherHost]), .denies(5, .originNeverFlips),
            .denies(25, .randomPathDiffers, .randomPathNotFound, .originSameHost),
            .excludes(.originAbsent), .denies(60, .byIntermediary, .intermediaryOwnPage), .excludes(.byEdge),
        ],
        probes: [.originSelf, .originRemoved, .originCandidate],
        decidedBy: [.originSelf, .originRemoved, .originCandidate],
        decides:
            "the same handshake with the Origin of the host itself, and with none: both, since servers differ in which one they accept",
        fix: [
            "Add exactly this Origin (scheme, host and port) to the list that the WebSocket endpoint checks; do not switch the check off"
        ],
        on: [
            .on(
                .fastAPI,
                "CORSMiddleware does not see WebSockets: extend the list that your own check before `await websocket.accept()` compares `websocket.headers[\"origin\"]` with"
            ),
            .on(
                .channels,
                "add the front end's host to ALLOWED_HOSTS (AllowedHostsOriginValidator), or its full Origin to `OriginValidator(app, [\"https://front.example.com\"])`; a missing Origin is refused too"
            ),
            .on(.pythonWebsockets, "add it to `serve(..., origins=[...])`; add `None` for clients that send no Origin"),
            .on(
                .aiohttp, "extend the list in the handler that compares `request.headers[\"Origin\"]`; aiohttp itself has no check"),
            .on(.tornado, "return True for this origin in `WebSocketHandler.check_origin()`"),
            .on(.sanic, "extend the list in your own check; Sanic itself has none"),
            .on(.quart, "extend the list in your own check of `websocket.headers[\"Origin\"]`"),
            .on(.flaskSock, "extend the list in your own check of `request.headers[\"Origin\"]`"),
            .on(
                .pythonSocketIO,
                "`socketio.AsyncServer(cors_allowed_origins=[\"https://front.example.com\"])`; an explicit list does not include the server's own host"
            ),
            .on(
                .socketIO,
                "`new Server(httpServer, { cors: { origin: [\"https://front.example.com\"] } })`, and look into `allowRequest`"),
            .on(
                .ws,
                "extend the list that `verifyClient` (or your `server.on(\"upgrade\")` listener) compares `req.headers.origin` with"
            ),
            .on(
                .rails,
                "`config.action_cable.allowed_request_origins = [/https:\\/\\/.*example\\.com/]`; Rails answers 404 for a refused Origin"
            ),
            .on(.phoenix, "`check_origin: [\"https://front.example.com\"]` or the right `url: [host: ...]` of the endpoint"),
            .on(.spring, "`registry.addHandler(h, \"/ws\").setAllowedOriginPatterns(\"https://*.example.com\")`"),
            .on(.aspnet, "`WebSocketOptions.AllowedOrigins.Add(\"https://front.example.com\")`"),
            .on(.gorilla, "let `Upgrader.CheckOrigin` accept this origin"),
            .on(.coderWebsocket, "add the host to `AcceptOptions.OriginPatterns`"),
            .on(.jupyter, "`c.ServerApp.allow_origin = \"https://front.example.com\"`"),
            .on(.grafana, "set `[server] root_url` to the public address, or `[live] allowed_origins`"),
            .on(
                .vite,
                "the Vite client must reach the dev server with its token: forward the query string, or set `server.hmr.clientPort`"
            ),
            .on(.homeAssistant, "open Home Assistant under the address that is its external URL"),
        ])

    static let originNotSameHost = CauseEntry(
        .originNotSameHost, .origin, "The server demands that Origin and Host name the same host", blame: .backend, first: true,
        """
        Without a list, several libraries compare the host in Origin with the field Host: a page may only talk to the host that served it. \
        A front end on another host, another port or another subdomain fails that test, although it is yours.
        """,
        clauses: [
            .proves(.saysCrossOrigin, .originOtherHost, unless: [.fetchSiteCross]),
            .proves(.saysCrossOrigin, .originSiblingHost, unless: [.fetchSiteCross]),
            .proves(.saysCrossOrigin, .originOtherPort, unless: [.fetchSiteCross]),
            .says(75, .saysOriginNotForHost, .originOtherHost), .says(75, .saysOriginNotForHost, .originSiblingHost),
            .says(75, .saysOriginNotForHost, .originOtherPort),
            .says(80, .byGoUpgrader, .status403, .originOtherHost), .says(80, .byGoUpgrader, .status403, .originSiblingHost),
            .says(80, .byGoUpgrader, .status403, .originOtherPort),
            .says(40, .status403, .originOtherPort), .says(25, .status403, .originOtherHost),
            .says(30, .bySpring, .status403, .originOtherHost), .says(20, .byPhoenix, .status403, .originOtherHost),
            .proves(.flipOriginSelf, .byTornado, .saysCrossOrigin), .proves(.flipOriginSelf, .byGoUpgrader),
            .says(40, .flipOriginSelf, .flipOriginRemoved), .says(30, .flipHost, .originOtherHost),
            .excludes(.originAbsent), .excludes(.originNeverFlips), .excludes(.byEdge), .denies(60, .intermediaryOwnPage),
            .denies(40, .originSameHost),
        ],
        probes: [.originSelf, .originRemoved],
        decidedBy: [.originSelf, .originRemoved],
        decides: "the same handshake with `Origin: scheme://Host`, and with the page's host as Host",
        fix: [
            "Allow this Origin in the server's origin check (its default allows only the host that it is asked for)",
            "Or serve the page and the WebSocket from the same host and port",
        ],
        on: [
            .on(.tornado, "override `WebSocketHandler.check_origin(self, origin)` and return True for this origin"),
            .on(.gorilla, "set `Upgrader.CheckOrigin` to a function that allows this origin"),
            .on(.coderWebsocket, "add the page's host to `AcceptOptions.OriginPatterns`"),
            .on(.jupyter, "`c.ServerApp.allow_origin = \"https://front.example.com\"`"),
            .on(.grafana, "`[server] root_url` must be the public address; or `[live] allowed_origins`"),
            .on(
                .spring, "`setAllowedOriginPatterns(...)`; behind TLS termination also `server.forward-headers-strategy=framework`"),
            .on(.pythonSocketIO, "`cors_allowed_origins=[...]` with the page's Origin"),
            .on(.rails, "`config.action_cable.allowed_request_origins` with the page's Origin"),
            .on(.phoenix, "`check_origin: [...]` on the socket or the endpoint"),
            .on(.nginx, "if a hop changed Host: `proxy_set_header Host $http_host;`"),
        ])

    static let originMissing = CauseEntry(
        .originMissing, .origin, "The server demands an Origin and the request has none", blame: .client,
        """
        Browsers always send Origin; command line tools, mobile apps and other servers usually don't. Servers with a list of allowed \
        origins differ in whether they refuse a request without one. This one does.
        """,
        clauses: [
            .proves(.saysOriginMissing, .originAbsent), .says(25, .status403, .originAbsent),
            .says(20, .status403, .originAbsent, .byASGI), .says(25, .status403, .originAbsent, .byDaphne),
            .says(62, .status404, .originAbsent, .byRails), .proves(.originAbsent, .flipOriginSelf),
            .proves(.originAbsent, .flipOriginOther), .says(12, .status401, .originAbsent, .byNodeWs),
            .excludes(.originSameHost), .excludes(.originOtherHost), .excludes(.originSiblingHost), .excludes(.originOtherPort),
            .excludes(.originNull), .excludes(.byEdge), .denies(60, .intermediaryOwnPage),
        ],
        probes: [.originSelf],
        decidedBy: [.originSelf],
        decides: "the same handshake with an Origin: `gatehouse diagnose URL --origin https://YOUR-PAGE`",
        fix: [
            "Send an Origin that the server allows, or let the server accept requests without one from clients that authenticate otherwise",
            "Is it for a page? A browser always sends an Origin: run again with `gatehouse diagnose URL --origin https://YOUR-PAGE`",
        ],
        on: [
            .on(
                .channels,
                "non-browser clients must send an Origin whose host is in ALLOWED_HOSTS, or mount the consumer outside of AllowedHostsOriginValidator"
            ),
            .on(.pythonWebsockets, "add `None` to `serve(..., origins=[..., None])`"),
            .on(.rails, "send an Origin, or set `config.action_cable.allow_same_origin_as_host` and send the own one"),
        ])

    static let crossSiteRefused = CauseEntry(
        .crossSiteRefused, .origin, "The server refuses handshakes that the browser marks as cross-site", blame: .backend,
        first: true,
        """
        Newer browsers add Sec-Fetch-Site, which says whether the page and the target belong to the same site. A server that refuses \
        `cross-site` there refuses whatever Origin says, so that a proxy which rewrites Origin doesn't help.
        """,
        clauses: [
            .says(110, .fetchSiteCross, .saysCrossOrigin), .says(58, .fetchSiteCross, .status403, .originSameHost),
            .says(30, .fetchSiteCross, .status403), .proves(.flipFetchSite), .excludes(.byEdge), .denies(60, .intermediaryOwnPage),
        ],
        probes: [.fetchSiteRemoved],
        decidedBy: [.fetchSiteRemoved],
        decides: "the same handshake without Sec-Fetch-Site",
        fix: [
            "Allow the page's real origin in the server, instead of rewriting Origin on the way",
            "Or serve the page from the same site as the WebSocket",
        ],
        on: [
            .on(
                .tornado,
                "allow the origin in `check_origin()` (or the list of trusted origins), and let the proxy pass Origin unchanged")
        ])

    static let origin: [CauseEntry] = [originNotAllowed, originNotSameHost, originMissing, crossSiteRefused]
}
