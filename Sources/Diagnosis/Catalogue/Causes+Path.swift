// The path: which endpoint the handshake reached, if any.

extension CauseCatalogue {
    static let routeNotFound = CauseEntry(
        .routeNotFound, .path, "There is no WebSocket endpoint at this path", blame: .client,
        """
        The server has no WebSocket handler for the path. What it then answers depends on the framework: 404 in many, but 403 in Starlette and \
        FastAPI, 500 in Django Channels, 400 in Node's ws, and silence in Socket.IO. Prefixes are the usual reason: `/api/ws` instead of `/ws`, or the reverse.
        """,
        clauses: [
            .says(56, .status404, .byBackend), .says(44, .status404, unless: [.byBackend, .byEdge, .intermediaryOwnPage]),
            .says(10, .saysNotFound),
            .says(34, .status403, .asgiBareRefusal), .says(24, .status403, .byASGI, unless: [.asgiBareRefusal]),
            .says(50, .status400, .byNodeWs, .saysBadRequest), .says(26, .status500, .byASGI), .says(24, .status500, .byDaphne),
            .says(26, .failedClosedLate, .engineIOPath), .says(12, .failedClosed), .says(25, .status400, .byEngineIO),
            .says(20, .byGoUpgrader, .status404),
            .says(20, .randomPathSame, .status403), .says(25, .randomPathSame, .status400), .says(15, .randomPathSame, .status404),
            .says(20, .randomPathSame, .status500), .denies(45, .randomPathDiffers),
            // Who hits the path of another endpoint that refuses sees the same: no proof.
            .says(12, .usualPathAccepts, unless: [.status403]), .says(5, .usualPathAccepts, .status403, .randomPathSame),
            // A WebSocket library reads the version: it is there.
            .denies(30, .namesVersion13),
            // The guesses are few; the path that can't exist says more.
            .denies(24, .pathsNeverFlip, .status403, unless: [.randomPathSame, .randomPathElsewhere]),
            // Where a handler may have refused or failed, an endpoint elsewhere that accepts is no proof that there is none here.
            .proves(.flipPrefix, unless: [.flipDoubledPrefix, .engineIOPath, .status401, .status403, .status500]),
            .says(60, .flipPrefix), .says(95, .outputNoRoute),
            .denies(40, .outputSawOtherPath),
            .denies(40, .uvicornAsHTTP), .denies(35, .byFrameworkAsHTTP, .intermediaryOnPath), .denies(20, .byPlainNode),
            .denies(25, .byWSGI),
            .denies(25, .byRails, .status404), .denies(60, .byFrameworkAsHTTP, .status401),
            .excludes(.byEdge), .denies(70, .intermediaryOwnPage), .denies(14, .status403, .originOtherHost),
            .denies(14, .engineIOPath, .status403), .says(14, .failedClosedAtOnce, .plainByNode),
            // A hop that drops the upgrade gets what a page gets.
            .denies(20, .plainSame, .status404, .byNginx, unless: [.byBackend, .intermediaryOwnPage, .goDefaultPage]),
        ],
        probes: [.randomPath, .usualPath, .plainGet, .trailingSlash, .pathVariant],
        decidedBy: [.randomPath, .trailingSlash, .pathVariant],
        decides: "a path that can't exist (the same answer speaks for a missing route), and the likely variants of this one",
        fix: ["Connect to the path at which the WebSocket endpoint is registered, prefixes included, or register it at this one"],
        on: [
            .on(
                .fastAPI,
                "compare with `@app.websocket(...)`, `include_router(..., prefix=...)` and every `mount(...)`: an unknown path is answered with 403"
            ),
            .on(
                .channels,
                "compare with `websocket_urlpatterns`: `path(\"ws/chat/\", ...)` without a leading slash; an unknown path is answered with 500"
            ),
            .on(.aiohttp, "`app.router.add_get(\"/ws\", handler)` and the prefix of `add_subapp`"),
            .on(.tornado, "compare with the URL patterns of the Application"),
            .on(.pythonWebsockets, "the handler sees `connection.request.path`; look for the check there"),
            .on(.sanic, "compare with `@app.websocket(...)` and the blueprint's url_prefix"),
            .on(.quart, "compare with `@app.websocket(...)` and the blueprint's url_prefix"),
            .on(.flaskSock, "compare with `@sock.route(...)`"),
            .on(.pythonSocketIO, "`socketio_path` on the server and `path` in the client must agree (default /socket.io)"),
            .on(.socketIO, "`path` on the server and in the client must agree (default /socket.io/)"),
            .on(
                .ws,
                "the `path` option of WebSocketServer, or the router in the `upgrade` listener: a wrong path is answered with 400; of two servers on one HTTP server each refuses the other's paths: `noServer: true` and one `upgrade` listener that routes"
            ),
            .on(.rails, "`mount ActionCable.server => \"/cable\"`"),
            .on(.phoenix, "`socket \"/socket\", ...`: the client appends `/websocket`"),
            .on(.spring, "`registry.addHandler(handler, \"/ws\")`, and the context path before it"),
            .on(.aspnet, "`app.Map(\"/ws\", ...)` or `MapHub<...>(\"/hub\")`"),
            .on(.gorilla, "the pattern of `http.HandleFunc`"), .on(.coderWebsocket, "the pattern of `http.HandleFunc`"),
            .on(.homeAssistant, "the endpoint is /api/websocket"),
            .on(.grafana, "the endpoint is /api/live/ws, after the sub-path of root_url"),
            .on(.vite, "the `base` of the configuration, and `server.hmr.path`"),
            .on(.next, "Next's dev server uses /_next/webpack-hmr"),
            .on(.awsAPIGateway, "the path must begin with the stage: wss://id.execute-api.region.amazonaws.com/stage"),
        ])

    static let trailingSlash = CauseEntry(
        .trailingSlash, .path, "The endpoint exists with, or without, the trailing slash", blame: .client,
        """
        `/ws` and `/ws/` are two paths. Frameworks that redirect pages from one to the other often don't do so for handshakes, and simply refuse.
        """,
        clauses: [
            .says(13, .status404, unless: [.intermediaryOwnPage, .byEdge, .uvicornAsHTTP, .byPlainNode]),
            .says(12, .status403, .asgiBareRefusal), .says(12, .status500, .byASGI), .says(12, .status400, .byNodeWs),
            .says(12, .status500, .byDaphne),
            .says(26, .redirectAddsSlash), .proves(.flipSlash, unless: [.statusRedirect]), .excludes(.pathsNeverFlip),
            .excludes(.pathIsRoot), .excludes(.byEdge),
        ],
        probes: [.trailingSlash],
        decidedBy: [.trailingSlash],
        decides: "the same handshake with the other trailing slash",
        fix: ["Use the path exactly as the endpoint is registered, or register both"],
        on: [
            .on(.fastAPI, "`redirect_slashes` does not act for WebSockets: declare the path that clients use"),
            .on(.channels, "`path(\"ws/chat/\", ...)` matches with the slash only; `re_path(r\"ws/chat/?$\", ...)` matches both"),
            .on(.ws, "the `path` option compares exactly"), .on(.pythonSocketIO, "Engine.IO's path ends in a slash: /socket.io/"),
            .on(.socketIO, "Engine.IO's path ends in a slash: /socket.io/"),
        ])

    static let routeIsHttpOnly = CauseEntry(
        .routeIsHttpOnly, .path, "The path exists, but its handler serves HTTP only", blame: .backend,
        """
        There is a handler at this path, registered for ordinary requests. It sees the handshake as a strange GET: it answers with its page, or says that it does not understand.
        """,
        clauses: [
            .says(88, .saysBadRequestOfQuart), .says(30, .status200, .byBackend, unless: [.bodyIsApplicationPage]),
            .says(24, .status200, unless: [.byBackend, .bodyIsApplicationPage]),
            .says(26, .status2xx), .says(14, .status405), .says(14, .status403, .asgiBareRefusal),
            // A page is at this path only if not every path has one.
            .says(20, .plainWorks, .plainOnlyHere, .status403), .says(30, .plainWorks, .plainOnlyHere, .status400),
            // Starlette answers both a handshake at a page's path and one that a handler refuses so; the page is there.
            .says(25, .plainWorks, .plainOnlyHere, .asgiBareRefusal), .denies(30, .plainAsNowhere),
            .says(45, .status405, .allowsOtherMethods, unless: [.byFrameworkAsHTTP, .uvicornAsHTTP]),
            .says(12, .status405, .allowsOtherMethods), .says(24, .status405, .allowsGET, unless: [.methodOther]),
            .denies(40, .namesVersion13),
            .says(25, .randomPathDiffers, .status200), .says(15, .statusOther4xx, .byBackend), .denies(30, .byCaddyEmpty200),
            .denies(36, .randomPathSame, .status200), .excludes(.byEdge),
        ],
        probes: [.plainGet, .randomPath],
        decidedBy: [.plainGet, .randomPath],
        decides: "a plain GET at the same path, and a path that can't exist",
        fix: ["Register a WebSocket handler at this path, or connect to the path that has one"],
        on: [
            .on(.quart, "`@app.websocket(\"/ws\")` instead of `@app.route(\"/ws\")`"),
            .on(.fastAPI, "`@app.websocket(\"/ws\")` instead of `@app.get(\"/ws\")`"),
            .on(.sanic, "`@app.websocket(\"/ws\")`"), .on(.flaskSock, "`@sock.route(\"/ws\")` instead of `@app.route(\"/ws\")`"),
            .on(.aiohttp, "let the handler make a `web.WebSocketResponse()`"),
            .on(.tornado, "derive the handler from `tornado.websocket.WebSocketHandler`"),
            .on(.express, "Express routes never see upgrades: attach a WebSocketServer to the HTTP server"),
            .on(.next, "route handlers can't upgrade: use a custom server or a service of its own"),
        ])

    static let proxyRewritesPath = CauseEntry(
        .proxyRewritesPath, .path, "A proxy adds, strips or rewrites a part of the path", blame: .intermediary,
        """
        The path that the backend gets is not the one that the client sent: a hop strips its own prefix or adds one. The backend then looks for a route that it doesn't have.
        """,
        clauses: [
            .says(36, .status403, .asgiBareRefusal, .intermediaryOnPath), .says(28, .status404, .byBackend, .intermediaryOnPath),
            .says(22, .status500, .byASGI, .intermediaryOnPath),
            .says(26, .status400, .byNodeWs, .intermediaryOnPath),
            .says(12, .status404, .intermediaryOnPath, unless: [.byBackend, .intermediaryOwnPage]),
            .says(10, .status403, .asgiBareRefusal),
            .proves(.flipDoubledPrefix), .says(20, .flipPrefix, .intermediaryOnPath),
            .says(20, .outputNoRoute, .intermediaryOnPath), .says(8, .randomPathSame, .intermediaryOnPath),
            .says(92, .outputSawOtherPath), .denies(60, .outputSawUpgrade), .denies(40, .outputSawPlainRequest),
            .denies(40, .intermediaryOwnPage), .excludes(.byEdge), .excludes(.pathIsRoot),
            .denies(30, .byFrameworkAsHTTP, .intermediaryOnPath), .denies(14, .status403, .originOtherHost),
        ],
        probes: [.doubledPrefix, .pathVariant],
        decidedBy: [.doubledPrefix, .pathVariant],
        decides: "the path in the backend's access log; or the same handshake with the first part of the path twice",
        fix: ["Let the proxy pass the path on unchanged, or register the route under the path that arrives"],
        on: [
            .on(.nginx, "drop the URI of `proxy_pass http://app/;` (its trailing slash replaces the location's prefix)"),
            .on(.caddy, "`handle` instead of `handle_path`, which strips the matched prefix"),
            .on(.traefik, "remove the stripPrefix middleware from this router"),
            .on(.apache, "`ProxyPass /ws http://app/ws`: both sides end alike"),
            .on(.haproxy, "remove `http-request replace-path` or `set-path` for this path"),
            .on(.envoy, "remove `prefix_rewrite` from the route"),
            .on(.fastAPI, "`root_path=\"/api\"` if the proxy strips on purpose"), .on(.awsAPIGateway, "mind the stage in the path"),
        ])

    static let proxyPathNotMatched = CauseEntry(
        .proxyPathNotMatched, .path, "No rule of the proxy sends this path to the backend", blame: .configuration,
        """
        The proxy has a rule for the WebSocket path, but this path doesn't match it, so the proxy answers by itself: with its 404, with an empty 200, or with a file.
        """,
        clauses: [
            .denies(60, .outputSawUpgrade), .denies(60, .outputSawPlainRequest), .says(85, .byCaddyEmpty200),
            .says(62, .status404, .intermediaryOwnPage),
            .says(34, .status200, .intermediaryOnPath, unless: [.bodyIsApplicationPage]),
            .says(20, .status200, .bodyIsHTML, unless: [.bodyIsApplicationPage]),
            .says(18, .status405, .intermediaryOwnPage), .says(12, .randomPathSame, .status200, .intermediaryOnPath),
            .says(55, .status404, .byEdge), .says(16, .status200, unless: [.intermediaryOnPath, .bodyIsHTML]),
            .says(14, .status403, .intermediaryOwnPage), .says(10, .status404, .intermediaryOnPath), .says(40, .goDefaultPage),
        ],
        probes: [.randomPath, .pathVariant],
        decidedBy: [],
        decides: "the proxy's own configuration: which rule takes this path",
        fix: ["Write the proxy's rule so that it matches this path and everything below it"],
        on: [
            .on(.caddy, "`reverse_proxy /ws* backend` (a path matcher is exact without `*`)"),
            .on(.nginx, "check which `location` wins: exact, `^~`, regular expressions, then the longest prefix"),
            .on(.haproxy, "`path_beg /ws` instead of `path /ws`"),
            .on(.traefik, "``PathPrefix(`/ws`)`` instead of ``Path(`/ws`)``"),
            .on(.apache, "check `ProxyPass`, `<Location>` and the document root for this path"),
            .on(.envoy, "`prefix: \"/ws\"` instead of `path: \"/ws\"`, above the catch-all route"),
            .on(.awsALB, "extend the listener rule's path pattern: `/ws*`"),
            .on(.gcp, "extend the URL map's path matcher: `/ws/*`"),
        ])

    static let proxyRuleOrder = CauseEntry(
        .proxyRuleOrder, .path, "An earlier rule of the proxy takes the path before the WebSocket rule", blame: .configuration,
        """
        Proxies try their rules in an order, and the first that matches wins. A general rule (`/`) that stands before the one for the WebSocket sends the upgrade to the wrong backend.
        """,
        clauses: [
            .says(30, .byApache, .status404, unless: [.intermediaryOwnPage]),
            .says(20, .status404, .byPlainNode, .intermediaryOnPath), .says(14, .byFrameworkAsHTTP, .intermediaryOnPath),
            .says(12, .status200, .intermediaryOnPath),
            .says(25, .byApache, .byPlainNode),
        ],
        decidedBy: [],
        decides: "the proxy's own configuration: the order of its rules",
        fix: ["Put the rule for the WebSocket path before the general one"],
        on: [
            .on(.apache, "`ProxyPass /ws ...` before `ProxyPass / ...`: the first match wins"),
            .on(.haproxy, "the `use_backend` for the WebSocket before the others"),
            .on(.traefik, "give the WebSocket's router a higher `priority`"), .on(.envoy, "routes match in order: put `/ws` first"),
            .on(.nginx, "regular expression locations match in order and before prefixes (use `^~`)"),
            .on(.awsALB, "give the WebSocket's listener rule a lower number"),
        ])

    static let spaFallback = CauseEntry(
        .spaFallback, .path, "The fallback of a single-page application answers with its HTML page", blame: .configuration,
        first: true,
        """
        A web server that serves a single-page application answers every unknown path with the application's start page. Here that fallback also took the handshake: 200 and HTML instead of 101.
        """,
        clauses: [
            .says(80, .status200, .bodyIsApplicationPage), .says(22, .status200, .bodyIsHTML, unless: [.bodyIsApplicationPage]),
            .says(25, .randomPathSame, .status200, .bodyIsHTML), .says(10, .byServerless, .status200),
            .denies(25, .randomPathDiffers, .status200),
        ],
        probes: [.randomPath],
        decidedBy: [.randomPath],
        decides: "a path that can't exist: the same page speaks for the fallback",
        fix: ["Route the WebSocket path to the backend before the fallback; or point the client at the backend's host"],
        on: [
            .on(.nginx, "a `location /ws { proxy_pass ...; }` beside the one with `try_files ... /index.html`"),
            .on(.caddy, "`handle /ws* { reverse_proxy ... }` before `try_files`"),
            .on(.apache, "`RewriteRule ^/ws - [L]` or ProxyPass before the FallbackResource"),
            .on(.vite, "`server.proxy: { \"/ws\": { target, ws: true } }`"),
            .on(.next, "rewrites don't carry upgrades: use the backend's own host"),
            .on(.express, "the catch-all route answers because no `upgrade` listener is attached"),
            .on(.vercel, "Vercel serves files and functions: connect to the backend's own host"),
            .on(.netlify, "redirect rules don't carry upgrades: connect to the backend's own host"),
            .on(.render, "a static site serves no WebSocket: connect to the web service's own host"),
        ])

    static let twoWebsocketServers = CauseEntry(
        .twoWebsocketServers, .path, "Two WebSocket servers share one HTTP server, and the wrong one refuses", blame: .backend,
        """
        Two libraries, or two instances of one, listen for the upgrades of the same HTTP server. Each refuses the paths that aren't its own, so that the first one closes the other's connections.
        """,
        clauses: [
            .says(40, .status400, .byNodeWs, .saysBadRequest), .says(15, .status400, .byEngineIO), .says(15, .httpInStream),
            .says(10, .failedClosedLate), .says(12, .randomPathSame, .status400, .byNodeWs),
        ],
        probes: [.pathVariant],
        decidedBy: [],
        decides: "the code: how many WebSocketServer (or Socket.IO) instances get the same HTTP server",
        fix: ["Let one `upgrade` listener route by path"],
        on: [
            .on(
                .ws,
                "`new WebSocketServer({ noServer: true })` for each, and one `server.on(\"upgrade\", ...)` that picks by path and calls `handleUpgrade`"
            ),
            .on(.socketIO, "`destroyUpgrade: false` on the Socket.IO server, so that it leaves foreign paths alone"),
        ])

    static let clientProtocolMismatch = CauseEntry(
        .clientProtocolMismatch, .path, "A plain WebSocket client talks to an endpoint with a protocol of its own", blame: .client,
        """
        Socket.IO, SockJS, SignalR and others speak their own protocol on top of WebSocket, with their own path and first messages. A plain `new WebSocket(...)` can't talk to them, and their clients can't talk to a plain endpoint.
        """,
        clauses: [
            .says(92, .saysSockJS), .says(60, .saysTransportRefused, unless: [.engineIOPath]), .says(50, .saysTransportRefused),
            .says(60, .saysEngineIO, unless: [.engineIOPath]), .says(26, .status500, .byASGI, .pathIsRoot),
            .says(20, .status404, .engineIOPath), .says(14, .status403, .engineIOPath, .asgiBareRefusal),
            .proves(.flipEngineIOPath), .says(45, .engineIOServer, .serverCut),
            .says(10, .status400, .saysBadRequest, .engineIOPath),
            .excludes(.byEdge),
        ],
        probes: [.engineIOPath, .engineIOPolling],
        decidedBy: [.engineIOPath],
        decides: "the handshake at `/socket.io/?EIO=4&transport=websocket`",
        fix: ["Use the client library of the server's protocol (or open its WebSocket path and speak it)"],
        on: [
            .on(.pythonSocketIO, "use a Socket.IO client; its WebSocket is at /socket.io/?EIO=4&transport=websocket"),
            .on(.socketIO, "use socket.io-client; its WebSocket is at /socket.io/?EIO=4&transport=websocket"),
            .on(.spring, "with `.withSockJS()` a plain client must use `<path>/websocket`; or drop SockJS"),
            .on(.aspnet, "use the SignalR client for a hub"),
            .on(.phoenix, "use the phoenix client, or append `/websocket?vsn=2.0.0`"),
        ])

    static let path: [CauseEntry] = [
        routeNotFound, trailingSlash, routeIsHttpOnly, proxyRewritesPath, proxyPathNotMatched, proxyRuleOrder, spaFallback,
        twoWebsocketServers, clientProtocolMismatch,
    ]
}
