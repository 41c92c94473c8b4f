// Engine.IO's sessions, limits, TLS, and whether the server can be reached at all.

extension CauseCatalogue {
    static let engineioVersionMismatch = CauseEntry(
        .engineioVersionMismatch, .engineIO, "The client's Engine.IO version isn't the server's", blame: .client,
        """
        Socket.IO 2 speaks Engine.IO 3 (`EIO=3`), Socket.IO 3 and 4 speak Engine.IO 4. Client and server have to agree, or the server has to be told to allow the older one.
        """,
        clauses: [
            .proves(.saysUnsupportedEngineIO), .says(72, .engineIOOldVersion, .status400),
            .says(68, .engineIOOldVersion, .status403), .says(92, .engineIOOldVersion, .httpInStream),
            .says(30, .engineIOOldVersion, .failedClosed), .proves(.flipEngineIO4, .engineIOOldVersion),
        ],
        probes: [.engineIOVersion, .engineIOPolling],
        decides: "the same handshake with EIO=4, or the polling request, which says its reason aloud",
        fix: [
            "Use a client of the server's generation (EIO=4 needs a Socket.IO 3 or 4 client), or allow the older protocol on the server"
        ],
        on: [
            .on(.socketIO, "`allowEIO3: true`, or update the client"),
            .on(.pythonSocketIO, "python-socketio 5 speaks EIO=4 only: update the client, or stay with python-socketio 4"),
        ])

    static let sessionNotSticky = CauseEntry(
        .sessionNotSticky, .engineIO, "The session id belongs to another worker or instance", blame: .configuration,
        """
        Engine.IO begins with polling and upgrades the same session (`sid`) to WebSocket. With several workers the upgrade has to reach the one that knows the sid.
        """,
        clauses: [
            .says(52, .saysSessionUnknown), .says(46, .engineIOHasSid, .status403, .asgiBareRefusal),
            .says(46, .engineIOHasSid, .status400), .says(50, .flipNoSid, .engineIOHasSid),
            .says(60, .sidJustGiven, .saysSessionUnknown), .says(60, .sidJustGiven, .asgiBareRefusal),
        ],
        probes: [.withoutSid, .engineIOPolling],
        decides: "the same sid several times: with several workers it works now and then",
        fix: [
            "Route a session always to the same worker, or let clients use WebSocket only (Gatehouse can route: `affinity: {engine_io: true}` on a cluster in which each worker is an endpoint with a port of its own)"
        ],
        on: [
            .on(.socketIO, "`transports: [\"websocket\"]` in the client, or `@socket.io/sticky` with the cluster adapter"),
            .on(.pythonSocketIO, "one worker per port, sticky balancing, or `transports=[\"websocket\"]` in the client"),
            .on(.nginx, "`ip_hash;` or `hash $arg_sid`"), .on(.haproxy, "`cookie SRV insert`, or `balance url_param sid`"),
            .on(.awsALB, "stickiness on the target group"), .on(.heroku, "`heroku features:enable http-session-affinity`"),
            .on(.aspnet, "SignalR: sticky sessions, or `skipNegotiation` with WebSockets only"),
        ])

    static let sessionExpired = CauseEntry(
        .sessionExpired, .engineIO, "The session id is no longer known", blame: .client,
        """
        The `sid` in the query was given by an earlier answer. The server has forgotten it: it restarted, the session ended, or the ping timeout passed. A client has to begin anew, without sid.
        """,
        clauses: [
            .says(66, .saysSessionUnknown), .says(80, .outputSessionUnknown, .engineIOHasSid),
            .says(62, .engineIOHasSid, .status403, .asgiBareRefusal),
            .says(62, .engineIOHasSid, .status400), .says(64, .flipNoSid, .engineIOHasSid),
            .says(20, .engineIOHasSid, .failedClosed), .denies(60, .sidJustGiven),
        ],
        probes: [.withoutSid, .engineIOPolling],
        decides: "the same handshake without `sid`",
        fix: ["Begin a new session: connect without `sid`"],
        on: [
            .on(.socketIO, "the client does that by itself on reconnection: don't store the URL"),
            .on(.pythonSocketIO, "the client does that by itself on reconnection: don't store the URL"),
        ])

    static let engineIO: [CauseEntry] = [engineioVersionMismatch, sessionNotSticky, sessionExpired]

    static let connectionLimit = CauseEntry(
        .connectionLimit, .limits, "A limit of connections is reached", blame: .intermediary,
        """
        Servers and platforms count open connections, in all or per address. When the limit is reached, new ones are refused or wait, while the old ones live on.
        """,
        clauses: [
            .says(88, .saysTooManyConnections), .says(85, .outputConnectionLimit), .says(12, .status503),
            .says(50, .serverCode1013), .says(85, .failedLimit),
            .says(60, .reasonSaysRate, .serverCode1013), .says(8, .failedConnectTimeout), .says(8, .failedRefused),
        ],
        decides: "the number of open sessions, and whether the same handshake succeeds when some have ended",
        fix: ["Raise the limit, close sessions that nobody needs, or add instances"],
        on: [
            .on(.uvicorn, "`--limit-concurrency`"), .on(.nginx, "`worker_connections`, `limit_conn`"), .on(.haproxy, "`maxconn`"),
            .on(.fly, "`[http_service.concurrency] hard_limit`"), .on(.azure, "the plan's limit of WebSockets"),
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
        fix: ["Reconnect with a growing, random delay; or raise the limit for the handshake's path"],
        on: [
            .on(.nginx, "`limit_req zone=... burst=20 nodelay;`, or a zone of its own for the WebSocket path"),
            .on(.cloudflare, "the rate limiting rule of the path"), .on(.traefik, "the rateLimit middleware"),
            .on(.haproxy, "the stick-table rule with `http-request deny deny_status 429`"),
            .on(.awsAPIGateway, "the stage's throttling"),
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
        decides: "the same handshake without the cookies",
        fix: ["Shrink the cookies or the token, or raise the server's limit"],
        on: [
            .on(.nginx, "`large_client_header_buffers 4 32k;`"),
            .on(.apache, "`LimitRequestFieldSize` (8190 by default), `LimitRequestLine`"),
            .on(.uvicorn, "`--h11-max-incomplete-event-size`"), .on(.node, "`--max-http-header-size` (16 KiB by default)"),
            .on(.haproxy, "`tune.bufsize`"), .on(.tomcat, "`maxHttpHeaderSize` (8 KiB by default)"),
            .on(.gunicorn, "`--limit-request-field_size` (8190 by default)"),
            .on(.pythonWebsockets, "WEBSOCKETS_MAX_LINE_LENGTH (8 KiB by default)"),
            .on(.aspnet, "Kestrel `MaxRequestHeadersTotalSize` (32 KiB by default)"),
        ])

    static let limits: [CauseEntry] = [connectionLimit, rateLimited, workerPoolExhausted, requestHeaderTooLarge]

    static let certificateExpired = CauseEntry(
        .certificateExpired, .tls, "The certificate has expired or isn't valid yet", blame: .backend, first: true,
        "A certificate holds for a time. This one is past it (or a clock is wrong), so that clients refuse the connection before any HTTP.",
        clauses: [.proves(.failedTLSExpired)], fix: ["Renew the certificate and let the server load the new one"],
        on: [
            .on(.nginx, "`nginx -s reload` after the renewal"), .on(.caddy, "look into Caddy's log for the renewal's error"),
            .on(.tornado, "make the ssl context anew and restart"), .on(.uvicorn, "restart with the new `--ssl-certfile`"),
        ])

    static let certificateNotTrusted = CauseEntry(
        .certificateNotTrusted, .tls, "The certificate's issuer isn't trusted", blame: .backend, first: true,
        "The certificate is self-signed, its issuer is unknown here, or the server does not send the intermediate certificate that links it to a known issuer. Browsers fetch missing links themselves, other clients don't.",
        clauses: [.proves(.failedTLSUntrusted)],
        fix: ["Serve the full chain of a certificate from a known issuer, or give the client the issuer's certificate (`ca`)"],
        on: [
            .on(.nginx, "`ssl_certificate` must be the full chain (fullchain.pem)"),
            .on(.uvicorn, "`--ssl-certfile` must be the full chain"), .on(.apache, "`SSLCertificateFile` must be the full chain"),
            .on(.haproxy, "`crt` must hold certificate, chain and key"), .on(.node, "`cert` must be the full chain"),
        ])

    static let certificateWrongName = CauseEntry(
        .certificateWrongName, .tls, "The certificate is for other names", blame: .backend, first: true,
        "The certificate is genuine, but doesn't name the host that the client asked for: another site's certificate, a missing alternative name, or a name that should have been another.",
        clauses: [.proves(.failedTLSName)], fix: ["Issue a certificate that names this host, or connect under a name that it has"],
        on: [
            .on(.nginx, "the `server` block of this name must have its own `ssl_certificate`"),
            .on(.caddy, "the site's address must name the host"),
            .on(.cloudflare, "the universal certificate covers one level of subdomains only"),
        ])

    static let upstreamCertificate = CauseEntry(
        .upstreamCertificate, .tls, "A proxy refuses its backend's certificate", blame: .configuration,
        "A hop behind us speaks TLS to the backend and doesn't like its certificate: expired, unknown issuer, another name. It answers 502, 525 or 526 instead.",
        clauses: [
            .says(88, .status525or526), .says(22, .status502, .intermediaryOwnPage), .says(12, .status502),
            .says(14, .status503, .byEnvoyEmpty403), .says(90, .outputUpstreamCertificate, .status502),
            .says(60, .outputUpstreamCertificate, unless: [.status502]),
        ],
        decides: "the proxy's error log",
        fix: ["Give the backend a certificate that the proxy trusts, or tell the proxy which issuer and name to expect"],
        on: [
            .on(.nginx, "`proxy_ssl_trusted_certificate`, `proxy_ssl_name`, `proxy_ssl_server_name on;`"),
            .on(.cloudflare, "SSL mode Full (strict) needs a valid certificate at the origin server"),
            .on(.haproxy, "`server ... ssl verify required ca-file ... sni str(name)`"),
            .on(.caddy, "`transport http { tls_trust_pool ... }`"),
            .on(.apache, "`SSLProxyCACertificateFile`, `SSLProxyCheckPeerName`"), .on(.traefik, "`serversTransport.rootCAs`"),
        ])

    static let plainHttpToTlsPort = CauseEntry(
        .plainHttpToTlsPort, .tls, "Plain HTTP was sent to a port that speaks TLS", blame: .client, first: true,
        "The address says ws:// or http://, but what listens there speaks TLS.",
        clauses: [
            .proves(.saysPlainToTLS), .proves(.status497), .proves(.failedClientPlain), .proves(.failedNotHTTPTLS),
            .proves(.flipSecure, .failedClosed), .proves(.tlsIsAnswered, .failedClosed),
            .says(22, .failedClosedAtOnce, unless: [.clientUsedTLS]),
        ], probes: [.secure],
        decides: "the same handshake over TLS (wss://)",
        fix: ["Use wss:// (https:// for an upstream) on this port"],
        on: [
            .on(.nginx, "`proxy_pass https://...` where the backend speaks TLS"), .on(.haproxy, "`server ... ssl`"),
            .on(.apache, "`ProxyPass ... https://` (or wss://)"),
        ])

    static let tlsToPlainHttpPort = CauseEntry(
        .tlsToPlainHttpPort, .tls, "TLS was spoken to a port that speaks plain HTTP", blame: .client, first: true,
        "The address says wss:// or https://, but what listens there speaks plain HTTP: OpenSSL calls that `wrong version number`.",
        clauses: [.proves(.failedTLSPlain), .proves(.failedClientTLS), .says(40, .failedTLSOther)],
        fix: ["Use ws:// on this port, or give the server a certificate and let it speak TLS"],
        on: [
            .on(.uvicorn, "`--ssl-keyfile` and `--ssl-certfile`, or TLS in front of it"), .on(.nginx, "`listen 443 ssl;`"),
            .on(.node, "https.createServer instead of http.createServer"),
        ])

    static let tls: [CauseEntry] = [
        certificateExpired, certificateNotTrusted, certificateWrongName, upstreamCertificate, plainHttpToTlsPort,
        tlsToPlainHttpPort,
    ]

    static let nameNotResolved = CauseEntry(
        .nameNotResolved, .reach, "The host name has no address", blame: .client, first: true,
        "Nobody can be asked: the name isn't in the DNS (a typing error, a record that is missing, a name that only exists inside of another network).",
        clauses: [.proves(.failedName)], decides: "the name at another resolver", fix: ["Correct the name, or add the record"],
        on: [.on(.render, "internal names work inside of the same region only")])

    static let upstreamRefused = CauseEntry(
        .upstreamRefused, .reach, "Nothing listens where the backend should", blame: .backend, first: true,
        """
        The connection to the backend was refused: it isn't running, it crashed, it listens on another port, or only on another address (127.0.0.1 inside of a container). A proxy in between says 502 or 503 for the same.
        """,
        clauses: [
            .proves(.failedRefused), .says(64, .status502), .says(14, .status502, .intermediaryOwnPage), .says(82, .status521or523),
            .says(80, .saysConnectFailed), .says(32, .status503, .intermediaryOnPath, unless: [.saysNoServer]),
            .says(34, .saysNoServer), .says(20, .status503), .says(40, .failedConnectTimeout),
            .says(55, .status502, .byEdge), .says(40, .outputBind), .denies(15, .retryAfter),
            .proves(.outputUpstreamRefused, .status502), .says(85, .outputUpstreamRefused, .status503),
        ],
        decides: "a connection to the backend's address and port from the proxy's machine",
        fix: ["Start the backend, and let it listen on the address and port to which the connection goes"],
        on: [
            .on(.nginx, "correct `proxy_pass`; its error log says `connect() failed (111: Connection refused)`"),
            .on(.uvicorn, "`--host 0.0.0.0 --port $PORT` in a container or on a platform"),
            .on(.fastAPI, "`uvicorn main:app --host 0.0.0.0 --port $PORT`"),
            .on(.render, "listen on 0.0.0.0 and $PORT (10000 by default)"), .on(.heroku, "listen on $PORT"),
            .on(.fly, "listen on 0.0.0.0 and the `internal_port`"), .on(.railway, "listen on 0.0.0.0 (or ::) and $PORT"),
            .on(.gcp, "Cloud Run: listen on 0.0.0.0 and $PORT"), .on(.node, "`server.listen(PORT, \"0.0.0.0\")`"),
            .on(.haproxy, "correct the `server` line"), .on(.caddy, "correct the address of `reverse_proxy`"),
            .on(.apache, "correct ProxyPass"),
            .on(.traefik, "correct `loadBalancer.server.port`"), .on(.azure, "listen on $PORT (WEBSITES_PORT)"),
            .on(.awsALB, "the target's port and its security group"),
        ])

    static let upstreamHangs = CauseEntry(
        .upstreamHangs, .reach, "The backend takes the connection and doesn't answer", blame: .backend, first: true,
        """
        The connection stands, the request was sent, and nothing came back in time: the process hangs or is overloaded, or waits for something. A proxy in between says 504 for the same.
        """,
        clauses: [
            .says(56, .failedResponseTimeout), .says(62, .status504), .says(55, .status524), .says(62, .failedConnectTimeout),
            .says(70, .saysTooSlow), .denies(30, .failedResponseTimeout, .plainWorks),
            .denies(20, .failedResponseTimeout, .plainDiffers), .says(14, .failedResponseTimeout, .plainSame),
            .says(20, .failedClosedLate), .says(14, .status408), .says(90, .outputUpstreamTimedOut, .status504),
            .says(70, .outputUpstreamTimedOut, .status502), .denies(40, .outputSyncWorker, .failedResponseTimeout),
        ],
        probes: [.plainGet],
        decides: "a plain GET: if that hangs as well, the whole backend does",
        fix: [
            "Restart or unblock the backend, and look at what it waits for",
            "If it does answer, but late: accept the handshake at once and do the slow work afterwards",
        ],
        on: [
            .on(.nginx, "its error log says `upstream timed out (110: Connection timed out) while reading response header`"),
            .on(.haproxy, "its log says sH or sC"), .on(.heroku, "H12 in the router's log"),
            .on(.gunicorn, "all workers busy: more workers or threads"),
            .on(.gcp, "the request timeout and the container's concurrency"),
        ])

    static let noHealthyUpstream = CauseEntry(
        .noHealthyUpstream, .reach, "A proxy holds its backends for down", blame: .intermediary,
        """
        A health check fails, or there are no endpoints yet, so that the proxy has nobody to pass the request to. Backends that only speak WebSocket fail HTTP health checks (426, 405) although they are fine.
        """,
        clauses: [
            .says(84, .saysNoServer), .says(90, .outputNoServerUp, .status503), .says(80, .outputNoServerUp, .status502),
            .says(95, .failedNoEndpoint), .says(40, .status503, .byIntermediary),
            .says(22, .status503, unless: [.byBackend]), .says(30, .status502, .intermediaryOwnPage),
            .says(20, .status503, .byEdge), .says(20, .byEnvoyEmpty403, .plainUnavailable), .says(10, .status504, .byEdge),
        ],
        decides: "the proxy's own view of its backends (statistics page, log)",
        fix: ["Let the health check ask for something that the backend answers with success, or start the backends"],
        on: [
            .on(.haproxy, "a TCP check, or `http-check expect status 426` for a backend that only speaks WebSocket"),
            .on(.nginx, "`max_fails` and `fail_timeout` of the upstream; its log says `no live upstreams`"),
            .on(.envoy, "the cluster's health check and endpoints (`no healthy upstream`)"),
            .on(.traefik, "`loadBalancer.healthCheck.path`"), .on(.caddy, "`health_uri` and `fail_duration`"),
            .on(.awsALB, "the target group's health check: an HTTP path that answers 200"),
            .on(.azure, "the health probe of the backend pool"), .on(.gcp, "the health check of the backend service"),
            .on(.fly, "the `[checks]` section"), .on(.render, "the health check path must answer 200"),
        ])

    static let platformNoServer = CauseEntry(
        .platformNoServer, .reach, "The platform has no instance for this name", blame: .edge, first: true,
        """
        The platform's edge answered by itself: the service doesn't exist under this name, was deleted, is asleep, or is still starting.
        """,
        clauses: [
            .proves(.renderNoServer), .says(92, .renderAsleep), .says(92, .saysPlatformNoApp), .says(45, .status404, .byEdge),
            .says(45, .status503, .byEdge, unless: [.saysChallenge]), .says(30, .status502, .byEdge),
        ],
        decides: "the platform's dashboard: is an instance running under this name?",
        fix: ["Check the name and that an instance runs; on plans that sleep, retry after its start (up to a minute)"],
        on: [
            .on(.render, "`x-render-routing` says why: `no-server` (wrong name or no deploy), `hibernate-wake-error` (asleep)"),
            .on(.heroku, "`heroku ps`, and the router's H codes (H10 crashed, H14 no web dynos)"),
            .on(.fly, "`fly status`; `min_machines_running`"), .on(.vercel, "no deployment under this name"),
            .on(.railway, "no service under this domain"),
            .on(.cloudflare, "error 530/1016/1033: the tunnel or the DNS record of the origin server"),
        ])

    static let reach: [CauseEntry] = [nameNotResolved, upstreamRefused, upstreamHangs, noHealthyUpstream, platformNoServer]

    static let undecided = CauseEntry(
        .unknown, .unknown, "The evidence doesn't decide", blame: .unknown, first: true,
        "What was seen fits no known cause well enough, or several equally. The alternatives name them, with what would decide.",
        decides: "the backend's log at this time, or probes (`gatehouse diagnose`)",
        fix: [
            "Run `gatehouse diagnose` with the client's own URL, Origin and credentials, or `gatehouse run -- COMMAND` to join the backend's output to it"
        ])
}
