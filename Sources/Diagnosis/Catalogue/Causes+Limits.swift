// More than a server or a proxy takes: connections, requests, workers, octets of a head.

extension CauseCatalogue {
    static let connectionLimit = CauseEntry(
        .connectionLimit, .limits, "A limit of connections is reached", blame: .intermediary,
        """
        Servers and platforms count open connections, in all or per address. When the limit is reached, new ones are refused or wait, while the old ones live on.
        """,
        clauses: [
            .says(88, .saysTooManyConnections), .says(85, .outputConnectionLimit), .says(12, .status503),
            .says(50, .serverCode1013), .says(85, .failedLimit),
            .says(60, .reasonSaysRate, .serverCode1013), .says(8, .failedConnectTimeout), .says(8, .failedRefused),
            // HAProxy says the same where all slots of its servers are taken and where none of them is up.
            .says(28, .byHAProxy, .status503),
        ],
        decidedBy: [],
        decides:
            "the number of open sessions, and whether the same handshake succeeds when some have ended; HAProxy's log says sQ where a request waited in vain for a slot",
        fix: [
            "Raise the limit of connections where it is reached (of the server, the proxy before it, or the process: `ulimit -n`), or end sessions that nobody needs"
        ],
        on: [
            .on(.uvicorn, "raise or remove `--limit-concurrency`: a session counts as long as it lives"),
            .on(.nginx, "raise `worker_connections` (a tunnel takes two) and `limit_conn` of this location"),
            .on(
                .haproxy,
                "raise `maxconn` of the `server` line, the frontend and `global`: a tunnel holds its slot; `timeout queue` is how long others wait for one"
            ),
            .on(.apache, "raise `MaxRequestWorkers` and `ServerLimit`: a tunnel holds a worker"),
            .on(.traefik, "raise `inFlightReq.amount` of the middleware on this router"),
            .on(.fly, "raise `hard_limit` in `[http_service.concurrency]`"), .on(.azure, "the plan's limit of WebSockets"),
            .on(.heroku, "the dyno's limit of connections"),
        ])

    static let rateLimited = CauseEntry(
        .rateLimited, .limits, "Too many requests in a time", blame: .intermediary, first: true,
        """
        A limiter counts requests per address or user. Clients that reconnect in a loop without a pause run into it, and every attempt makes it worse.
        """,
        clauses: [
            .proves(.status429, unless: [.saysTooManyConnections]), .says(88, .saysRateLimited),
            .says(88, .outputRateLimited, .refused), .says(30, .status503, .retryAfter),
            .says(60, .reasonSaysRate), .says(10, .status503, .byNginx, .intermediaryOwnPage),
        ],
        decidedBy: [],
        fix: ["Reconnect with a growing, random delay; or raise the limit for the handshake's path"],
        on: [
            .on(.nginx, "`limit_req zone=... burst=20 nodelay;`, or a zone of its own for the WebSocket path"),
            .on(.cloudflare, "raise the rate limiting rule that matches the path, or exempt the path in its expression"),
            .on(.traefik, "raise `average` and `burst` of the rateLimit middleware, or take it off the WebSocket's router"),
            .on(
                .haproxy,
                "raise the number in the `http-request deny deny_status 429 if { sc_http_req_rate(0) gt ... }` rule, or exempt the path"
            ),
            .on(.awsAPIGateway, "raise the stage's throttling"),
            .on(.awsALB, "raise the rate-based rule of its AWS WAF, or scope it down to other paths"),
        ])

    static let workerPoolExhausted = CauseEntry(
        .workerPoolExhausted, .limits, "All workers or threads hold sessions; nobody answers", blame: .backend,
        """
        A server with one thread per connection can hold as many sessions as it has threads. The next one waits until somebody leaves, so that its handshake hangs.
        """,
        clauses: [
            .says(28, .failedResponseTimeout), .says(12, .failedConnectTimeout), .says(15, .failedResponseTimeout, .plainSame),
            .says(50, .freedByAnotherEnd), .says(12, .status504), .says(10, .failedClosedLate),
            .says(66, .outputSyncWorker, .failedResponseTimeout), .says(40, .outputSyncWorker, .freedByAnotherEnd),
            .says(30, .outputSyncWorker, .failedClosedLate), .says(85, .outputPoolFull),
        ],
        decidedBy: [],
        decides: "whether a plain GET hangs as well, and succeeds once a session has ended",
        fix: ["Give the server more threads, or one that doesn't need a thread per session"],
        on: [
            .on(.flaskSock, "gunicorn `--threads 100` (gthread) or gevent: a sync worker serves one WebSocket at a time"),
            .on(.gunicorn, "`--threads N` (gthread) or an ASGI worker: a sync worker serves one WebSocket at a time"),
            .on(.puma, "`threads 5, 32` and the Action Cable worker pool"),
            .on(.rails, "`config.action_cable.worker_pool_size`, and Puma's threads"),
            .on(.apache, "`MaxRequestWorkers`: a tunnel holds a worker"),
        ])

    static let requestHeaderTooLarge = CauseEntry(
        .requestHeaderTooLarge, .limits, "A field, the cookies or the head are larger than allowed", blame: .client, first: true,
        """
        Servers limit the size of a request's head: 8 KiB in many. Cookies that pile up, or a large token in the URL, exceed it, and the request is refused before anybody reads it.
        """,
        clauses: [
            .proves(.status431), .proves(.saysHeadTooLarge), .says(90, .outputHeaderTooLarge, .refused),
            .says(66, .status413or414, .queryIsLong), .says(40, .status413or414),
            .says(66, .status400, .fieldIsLarge), .says(50, .status400, .headIsLarge, unless: [.fieldIsLarge]),
            .says(30, .failedClosedAtOnce, .headIsLarge), .proves(.flipSmallHead, .headIsLarge),
        ],
        probes: [.withoutCookies],
        decidedBy: [.withoutCookies],
        decides: "the same handshake without the cookies",
        fix: ["Shrink the cookies or the token, or raise the server's limit"],
        on: [
            .on(.nginx, "`large_client_header_buffers 4 32k;`"),
            .on(.apache, "`LimitRequestFieldSize` (8190 by default), `LimitRequestLine`"),
            .on(.uvicorn, "`--h11-max-incomplete-event-size`"), .on(.node, "`--max-http-header-size` (16 KiB by default)"),
            .on(.haproxy, "`tune.bufsize 32768` in `global` (16384 by default)"),
            .on(.caddy, "`servers { max_header_size 64KB }` in the global options"),
            .on(.awsALB, "16 KB a line and 64 KB in all: not adjustable"), .on(.tomcat, "`maxHttpHeaderSize` (8 KiB by default)"),
            .on(.gunicorn, "`--limit-request-field_size` (8190 by default)"),
            .on(.pythonWebsockets, "WEBSOCKETS_MAX_LINE_LENGTH (8 KiB by default)"),
            .on(.aspnet, "Kestrel `MaxRequestHeadersTotalSize` (32 KiB by default)"),
        ])

    static let limits: [CauseEntry] = [connectionLimit, rateLimited, workerPoolExhausted, requestHeaderTooLarge]
}
