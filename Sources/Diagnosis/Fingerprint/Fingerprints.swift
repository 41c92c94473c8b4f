import HTTPWire

/// The fingerprints that are known, the strongest of each kind first.
///
/// Facts, not code, of other projects: what their answers look like on the wire. Those without a measurement are `possible`.
extension Fingerprint {
    static let all: [Fingerprint] = servers + shapes + intermediaries + edges
    /// Their gates, side by side in memory.
    static let gates: [FingerprintGate] = all.map(\.gate)
    /// Those that a valid 101 can have at all: every session asks, and a quarter of them is left.
    static let ofOpened: [Int] = gates.indices.filter { gates[$0].admits(status: 101, hasBody: false, hasServer: true) }
    static let places: [Int] = Array(gates.indices)

    /// Backends that name themselves.
    private static let servers: [Fingerprint] = [
        Fingerprint(
            .jupyter, .likely, "TornadoServer with Jupyter's page", .server("tornadoserver"), .bodyHas("jupyter"),
            signs: [.byJupyter, .byTornado]),
        Fingerprint(.tornado, .likely, "Server: TornadoServer", .server("tornadoserver"), signs: [.byTornado]),
        Fingerprint(.uvicorn, .likely, "Server: uvicorn", .server("uvicorn"), signs: [.byASGI]),
        Fingerprint(.hypercorn, .likely, "Server: hypercorn", .server("hypercorn"), signs: [.byASGI, .byHypercorn]),
        Fingerprint(.daphne, .likely, "Server: daphne", .server("daphne"), signs: [.byASGI, .byDaphne]),
        Fingerprint(.pythonWebsockets, .likely, "Server: … websockets/…", .server(" websockets/"), signs: [.byPythonWebsockets]),
        Fingerprint(.aiohttp, .likely, "Server: … aiohttp/…", .server("aiohttp/"), signs: [.byAiohttp]),
        Fingerprint(.werkzeug, .likely, "Server: Werkzeug", .server("werkzeug/"), signs: [.byWSGI]),
        Fingerprint(.gunicorn, .likely, "Server: gunicorn", .server("gunicorn"), signs: [.byWSGI]),
        Fingerprint(.django, .likely, "Server: WSGIServer", .server("wsgiserver"), signs: [.byWSGI]),
        Fingerprint(.express, .likely, "X-Powered-By: Express", .value("x-powered-by", "express"), signs: [.byPlainNode]),
        Fingerprint(.next, .likely, "X-Powered-By: Next.js", .value("x-powered-by", "next.js"), signs: [.byPlainNode]),
        Fingerprint(.aspnet, .likely, "Server: Kestrel", .server("kestrel"), signs: [.byKestrel]),
        Fingerprint(.aspnet, .possible, "Server: Microsoft-IIS", .server("microsoft-iis"), signs: [.byKestrel]),
        Fingerprint(.cowboy, .possible, "Server: Cowboy", .server("cowboy"), signs: [.byPhoenix]),
        Fingerprint(
            .puma, .possible, "X-Runtime and X-Request-Id, as Rails sends them", .named("x-runtime"), .has(.xRequestID),
            signs: [.byRails]),
        Fingerprint(.jetty, .likely, "Server: Jetty", .server("jetty")),
        Fingerprint(.tomcat, .likely, "Apache Tomcat's error page", .bodyHas("apache tomcat"), signs: [.bySpring]),
    ]

    /// Answers whose shape shows their author.
    private static let shapes: [Fingerprint] = [
        Fingerprint(
            .pythonWebsockets, .likely, "the library's own sentence", .bodyBegins("failed to open a websocket connection"),
            signs: [.byPythonWebsockets]),
        Fingerprint(
            .tornado, .likely, "Tornado's own sentence", .bodyIs("cross origin websockets not allowed"), signs: [.byTornado]),
        Fingerprint(
            .daphne, .likely, "403 `Access denied` without a single field", .status(403), .reason("Access denied"), .fields(0),
            signs: [.byASGI, .byDaphne, .asgiBareRefusal]),
        Fingerprint(
            .daphne, .likely, "500 `Internal server error` without a single field", .status(500), .reason("Internal server error"),
            .fields(0), signs: [.byASGI, .byDaphne]),
        Fingerprint(
            .hypercorn, .likely, "403 without reason phrase, Server: hypercorn", .status(403), .reasonEmpty, .server("hypercorn"),
            .bodyEmpty, signs: [.byASGI, .byHypercorn, .asgiBareRefusal]),
        Fingerprint(
            .uvicornWsproto, .likely, "403 without reason phrase, content-length: 0 alone", .status(403), .reasonEmpty,
            .fieldsAre("content-length"), signs: [.byASGI, .asgiBareRefusal]),
        Fingerprint(
            .uvicorn, .likely, "403 without server field, Content-Length: 0, text/plain, Connection: close", .status(403),
            .noServer, .bodyEmpty, .value("content-type", "text/plain"), .value("connection", "close"), .spelled("Content-Length"),
            signs: [.byASGI, .asgiBareRefusal]),
        Fingerprint(
            .uvicorn, .possible, "403 without body as text/plain behind a hop", .status(403), .noOwnServer, .bodyEmpty,
            .value("content-type", "text/plain"), signs: [.byASGI, .asgiBareRefusal]),
        Fingerprint(
            .uvicorn, .likely, "500 without server field, `Internal Server Error` as text/plain, Connection: close", .status(500),
            .noServer, .bodyIs("internal server error"), .value("content-type", "text/plain"), .value("connection", "close"),
            signs: [.byASGI]),
        Fingerprint(
            .uvicorn, .possible, "500 `Internal Server Error` as text/plain behind a hop", .status(500), .noOwnServer,
            .bodyIs("internal server error"), .value("content-type", "text/plain"), signs: [.byASGI]),
        Fingerprint(
            .hypercorn, .possible, "500 without body or reason phrase, Server: hypercorn", .status(500), .reasonEmpty,
            .server("hypercorn"), signs: [.byASGI]),
        Fingerprint(
            .uvicorn, .possible, "a bare 307 to a ws URL, as Starlette sends it", .status(307), .value("location", "wss://"),
            .bodyEmpty, signs: [.byASGI]),
        Fingerprint(
            .fastAPI, .likely, "FastAPI's JSON for a plain request", .bodyIs("{\"detail\":\"not found\"}"),
            signs: [.byFrameworkAsHTTP]),
        Fingerprint(
            .fastAPI, .likely, "FastAPI's JSON for a plain request", .bodyIs("{\"detail\":\"method not allowed\"}"),
            signs: [.byFrameworkAsHTTP]),
        Fingerprint(.fastAPI, .possible, "FastAPI's JSON detail", .bodyBegins("{\"detail\":"), .noOwnServer),
        Fingerprint(.fastAPI, .likely, "Starlette's own sentence", .bodyIs("invalid host header"), .status(400)),
        Fingerprint(
            .gunicorn, .likely, "gunicorn's own error page", .noOwnServer, .bodyHas("<h1><p>"), .html,
            signs: [.gunicornErrorPage, .byWSGI]),
        Fingerprint(
            .aiohttp, .possible, "aiohttp's way of wording an error", .bodyIs("404: not found"), .noOwnServer, signs: [.byAiohttp]),
        Fingerprint(
            .aiohttp, .possible, "aiohttp's way of wording an error", .bodyIs("401: unauthorized"), .noOwnServer,
            signs: [.byAiohttp]),
        Fingerprint(
            .aiohttp, .possible, "aiohttp's way of wording an error", .bodyIs("403: forbidden"), .noOwnServer, signs: [.byAiohttp]),
        Fingerprint(.homeAssistant, .possible, "aiohttp's bare 400", .bodyIs("400: bad request"), signs: [.byAiohttp]),
        Fingerprint(.sanic, .likely, "Sanic's banner", .bodyBegins("⚠️ ")),
        Fingerprint(
            .quart, .possible, "Werkzeug's page from an ASGI server", .bodyHas("<title>400 bad request</title>"),
            .server("hypercorn")),
        Fingerprint(
            .werkzeug, .possible, "Werkzeug's error page", .bodyBegins("<!doctype html>\n<html lang=en>\n<title>"), .noOwnServer),
        Fingerprint(
            .pythonSocketIO, .likely, "Engine.IO's quoted sentence", .value("access-control-allow-credentials", "true"),
            .bodyBegins("\""), signs: [.byEngineIO]),
        Fingerprint(
            .socketIO, .likely, "Engine.IO's JSON", .bodyBegins("{\"code\":"), .bodyHas("\"message\":"), signs: [.byEngineIO]),
        Fingerprint(
            .socketIO, .possible, "400 with `Content-type`, as Engine.IO spells it", .status(400), .spelled("Content-type"),
            .value("connection", "close"), signs: [.byEngineIO]),
        Fingerprint(
            .ws, .likely, "Connection, Content-Type, Content-Length and nothing else, as ws refuses",
            .fieldsAre("Connection Content-Type Content-Length"), .value("content-type", "text/html"),
            .value("connection", "close"), .statusAtLeast(400), .bodyIs("bad request"), signs: [.byNodeWs]),
        Fingerprint(
            .ws, .likely, "Connection, Content-Type, Content-Length and nothing else, as ws refuses",
            .fieldsAre("Connection Content-Type Content-Length"), .value("content-type", "text/html"),
            .bodyIs("unauthorized"), signs: [.byNodeWs]),
        Fingerprint(
            .ws, .likely, "Connection, Content-Type, Content-Length and nothing else, as ws refuses",
            .fieldsAre("Connection Content-Type Content-Length"), .value("content-type", "text/html"), .bodyIs("forbidden"),
            signs: [.byNodeWs]),
        Fingerprint(
            .ws, .likely, "ws's own sentence", .fieldsAre("Connection Content-Type Content-Length"),
            .bodyHas("sec-websocket-"), signs: [.byNodeWs]),
        Fingerprint(
            .ws, .possible, "`Unauthorized` as text/html, as ws refuses", .status(401), .bodyIs("unauthorized"),
            .value("content-type", "text/html"), signs: [.byNodeWs]),
        Fingerprint(
            .ws, .possible, "`Bad Request` as text/html, as ws refuses", .status(400), .bodyIs("bad request"),
            .value("content-type", "text/html"), signs: [.byNodeWs]),
        Fingerprint(
            .express, .possible, "Express's wording of a 404", .status(404), .bodyHas("cannot get /"), signs: [.byPlainNode]),
        Fingerprint(
            .node, .possible, "Keep-Alive: timeout=5 without a server field, as Node answers", .noServer,
            .value("keep-alive", "timeout=5"), signs: [.byPlainNode]),
        Fingerprint(
            .gorilla, .likely, "Sec-Websocket-Version in Go's spelling, nosniff and a status text",
            .spelled("Sec-Websocket-Version"), .value("x-content-type-options", "nosniff"), .value("content-type", "text/plain"),
            signs: [.byGoUpgrader, .goUpgraderAnswer]),
        Fingerprint(
            .coderWebsocket, .likely, "coder/websocket's own sentence", .bodyHas("is not authorized for host"),
            signs: [.byGoUpgrader]),
        Fingerprint(
            .coderWebsocket, .likely, "coder/websocket's own sentence", .bodyHas("websocket protocol violation"),
            signs: [.byGoUpgrader]),
        Fingerprint(
            .coderWebsocket, .possible, "501 with nosniff, as Go's handlers refuse", .status(501),
            .value("x-content-type-options", "nosniff"), signs: [.byGoUpgrader]),
        Fingerprint(
            .goHTTP, .possible, "the 404 of Go's net/http: an application's own, or a proxy's written in Go, such as Traefik's",
            .status(404), .bodyIs("404 page not found\n"), .noOwnServer, signs: [.goDefaultPage]),
        Fingerprint(
            .rails, .possible, "`Page not found` as Action Cable says it", .status(404), .bodyIs("page not found"),
            signs: [.byRails]),
        Fingerprint(
            .phoenix, .possible, "403 without body, with Plug's cache-control", .status(403), .bodyEmpty,
            .value("cache-control", "max-age=0, private, must-revalidate"), signs: [.byPhoenix]),
        Fingerprint(
            .spring, .possible, "403 without body, with Spring Security's fields", .status(403), .named("x-xss-protection"),
            .value("x-content-type-options", "nosniff"), signs: [.bySpring]),
        Fingerprint(.axum, .possible, "axum's own sentence", .bodyHas("`connection` header did not include"), .statusAtLeast(400)),
        Fingerprint(
            .axum, .possible, "axum's own sentence", .bodyHas("websocket request couldn't be upgraded"), .statusAtLeast(400)),
        Fingerprint(
            .django, .possible, "Django's bare 404 page", .status(404),
            .bodyHas("the requested resource was not found on this server."), .html),
        Fingerprint(.spring, .possible, "SockJS's greeting", .bodyBegins("welcome to sockjs")),
    ]

    /// Proxies that somebody runs: on the path by their name, authors by their own pages.
    private static let intermediaries: [Fingerprint] = [
        Fingerprint(
            .nginx, .likely, "nginx's own page", .bodyHas("<center>nginx"), .html, signs: [.byNginx, .intermediaryOwnPage]),
        Fingerprint(
            .nginx, .likely, "openresty's own page", .bodyHas("<center>openresty"), .html, signs: [.byNginx, .intermediaryOwnPage]),
        Fingerprint(onPath: .nginx, .likely, "Server: nginx", .server("nginx"), signs: [.byNginx]),
        Fingerprint(onPath: .nginx, .likely, "Server: openresty", .server("openresty"), signs: [.byNginx]),
        Fingerprint(
            .haproxy, .likely, "HAProxy's own page", .bodyBegins("<html><body><h1>"), .value("cache-control", "no-cache"),
            .noServer, .statusAtLeast(400), signs: [.byHAProxy, .intermediaryOwnPage]),
        Fingerprint(
            .caddy, .likely, "Server: Caddy, 200 and nothing else", .server("caddy"), .status(200), .bodyEmpty,
            .lacks(.contentType), signs: [.byCaddyEmpty200, .intermediaryOwnPage]),
        Fingerprint(
            .caddy, .likely, "Server: Caddy and no content", .server("caddy"), .bodyEmpty, .lacks(.contentType),
            .statusAtLeast(400), signs: [.intermediaryOwnPage]),
        Fingerprint(
            .caddy, .likely, "Server: Caddy and a bare redirect", .server("caddy"), .has(.location), .bodyEmpty,
            .lacks(.contentType), signs: [.intermediaryOwnPage]),
        Fingerprint(onPath: .caddy, .likely, "Server: Caddy", .server("caddy")),
        Fingerprint(onPath: .caddy, .likely, "Via: Caddy", .value("via", "caddy")),
        Fingerprint(
            .apache, .likely, "Apache's own page", .server("apache"), .bodyBegins("<!doctype html public \"-//"),
            signs: [.byApache, .intermediaryOwnPage]),
        Fingerprint(onPath: .apache, .likely, "Server: Apache", .server("apache"), signs: [.byApache]),
        Fingerprint(
            .envoy, .likely, "Server: envoy, 403 and no body", .server("envoy"), .status(403), .bodyEmpty,
            signs: [.byEnvoyEmpty403, .intermediaryOwnPage]),
        Fingerprint(
            .envoy, .likely, "Server: envoy and its own sentence", .server("envoy"), .bodyHas("upstream"),
            signs: [.intermediaryOwnPage]),
        Fingerprint(.envoy, .likely, "Envoy's own sentence", .bodyIs("no healthy upstream"), signs: [.intermediaryOwnPage]),
        Fingerprint(.envoy, .likely, "Envoy's own sentence", .bodyBegins("upstream connect error"), signs: [.intermediaryOwnPage]),
        Fingerprint(onPath: .envoy, .likely, "Server: envoy", .server("envoy")),
        Fingerprint(onPath: .envoy, .likely, "x-envoy-… fields", .named("x-envoy-upstream-service-time")),
        Fingerprint(.varnish, .likely, "Varnish's own page", .bodyHas("guru meditation"), signs: [.intermediaryOwnPage]),
        Fingerprint(onPath: .varnish, .likely, "X-Varnish", .named("x-varnish")),
        Fingerprint(
            .traefik, .possible, "`Bad Gateway` and no more, as Traefik and other proxies written in Go say it",
            .bodyIs("bad gateway"),
            .noServer, .status(502),
            signs: [.intermediaryOwnPage]),
        Fingerprint(
            .traefik, .possible, "`no available server`, as Traefik says it", .bodyIs("no available server\n"), .noServer,
            .status(503),
            signs: [.intermediaryOwnPage]),
        Fingerprint(
            .traefik, .possible, "`no available server`, as Traefik says it", .bodyIs("no available server"), .noServer,
            .status(503),
            signs: [.intermediaryOwnPage]),
        Fingerprint(.oauth2Proxy, .likely, "oauth2-proxy's sign-in", .value("location", "/oauth2/"), signs: [.intermediaryOwnPage]),
    ]

    /// Platforms and their edges.
    private static let edges: [Fingerprint] = [
        Fingerprint(
            .render, .likely, "x-render-routing: no-server", .value("x-render-routing", "no-server"), signs: [.renderNoServer]),
        Fingerprint(
            .render, .likely, "x-render-routing says that it sleeps or could not wake", .value("x-render-routing", "hibernate"),
            signs: [.renderAsleep]),
        Fingerprint(
            .render, .possible, "x-render-routing names a routing error", .value("x-render-routing", "error"), .statusAtLeast(500)),
        Fingerprint(onPath: .render, .likely, "x-render-origin-server", .named("x-render-origin-server"), signs: [.renderOrigin]),
        Fingerprint(onPath: .render, .likely, "rndr-id", .named("rndr-id")),
        Fingerprint(.cloudflare, .likely, "cf-mitigated", .named("cf-mitigated"), signs: [.cloudflareMitigated]),
        Fingerprint(
            .cloudflare, .likely, "a redirect to Cloudflare Access", .value("location", "cloudflareaccess.com"),
            signs: [.cloudflareAccess]),
        Fingerprint(.cloudflare, .likely, "Cloudflare's own error", .bodyBegins("error code: 1")),
        Fingerprint(.cloudflare, .likely, "a status of Cloudflare's own", .server("cloudflare"), .statusAtLeast(520)),
        Fingerprint(.cloudflare, .likely, "Cloudflare's own page", .bodyHas("cloudflare ray id"), .html),
        Fingerprint(.cloudflare, .likely, "Cloudflare's own page", .server("cloudflare"), .bodyHas("<center>cloudflare</center>")),
        Fingerprint(onPath: .cloudflare, .likely, "cf-ray", .has(.cfRay)),
        Fingerprint(.heroku, .likely, "Heroku's own page", .bodyHas("herokucdn.com")),
        Fingerprint(onPath: .heroku, .likely, "Via: vegur", .value("via", "vegur")),
        Fingerprint(onPath: .heroku, .likely, "Server: Heroku", .server("heroku")),
        Fingerprint(.awsALB, .likely, "Server: awselb", .server("awselb")),
        Fingerprint(.awsAPIGateway, .possible, "API Gateway's fields", .named("x-amzn-errortype")),
        Fingerprint(.awsAPIGateway, .possible, "API Gateway's fields", .named("apigw-requestid"), .statusAtLeast(400)),
        Fingerprint(onPath: .awsAPIGateway, .possible, "apigw-requestid", .named("apigw-requestid")),
        Fingerprint(
            .cloudFront, .likely, "CloudFront says the error is its own", .value("x-cache", "error from cloudfront"),
            .bodyHas("request could not be satisfied")),
        Fingerprint(onPath: .cloudFront, .likely, "Via: CloudFront", .value("via", "cloudfront")),
        Fingerprint(.gcp, .possible, "Google Frontend's own page", .server("google frontend"), .html, .statusAtLeast(400)),
        Fingerprint(onPath: .gcp, .likely, "Via: 1.1 google", .value("via", "1.1 google")),
        Fingerprint(onPath: .gcp, .likely, "Server: Google Frontend", .server("google frontend")),
        Fingerprint(.azure, .possible, "Azure's gateway", .server("microsoft-azure-application-gateway")),
        Fingerprint(onPath: .azure, .possible, "x-azure-ref", .named("x-azure-ref")),
        Fingerprint(onPath: .azure, .possible, "ARRAffinity", .value("set-cookie", "arraffinity")),
        Fingerprint(.vercel, .likely, "Server: Vercel", .server("vercel"), signs: [.byServerless]),
        Fingerprint(.netlify, .likely, "Server: Netlify", .server("netlify"), signs: [.byServerless]),
        Fingerprint(.awsALB, .possible, "Server: AmazonS3", .server("amazons3"), signs: [.byServerless]),
        Fingerprint(.netlify, .possible, "Server: GitHub.com", .server("github.com"), signs: [.byServerless]),
        Fingerprint(onPath: .fly, .likely, "Server: Fly", .server("fly/")),
        Fingerprint(onPath: .fly, .likely, "fly-request-id", .named("fly-request-id")),
        Fingerprint(.railway, .likely, "Railway's edge and its own sentence", .server("railway"), .bodyHas("application")),
        Fingerprint(onPath: .railway, .likely, "Server: railway", .server("railway")),
        Fingerprint(.akamai, .likely, "Server: AkamaiGHost", .server("akamaighost")),
        Fingerprint(onPath: .fastly, .possible, "X-Served-By: cache-…", .value("x-served-by", "cache-")),
    ]
}
