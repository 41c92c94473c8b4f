// Whether the server can be reached at all.

extension CauseCatalogue {
    static let nameNotResolved = CauseEntry(
        .nameNotResolved, .reach, "The host name has no address", blame: .client, first: true,
        "Nobody can be asked: the name isn't in the DNS (a typing error, a record that is missing, a name that only exists inside of another network).",
        clauses: [.proves(.failedName)], decidedBy: [],
        decides: "the name at another resolver",
        fix: ["Correct the name, or add its record: `getent hosts NAME` must print an address on the machine that asks"],
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
            .denies(90, .plainReached, .status502), .denies(55, .plainReached, .status502, .byEdge),
            .proves(.outputUpstreamRefused, .status502), .says(85, .outputUpstreamRefused, .status503),
        ],
        decidedBy: [],
        decides: "a connection to the backend's address and port from the proxy's machine",
        fix: [
            "Start the backend, and let it listen on the address and port to which the connection goes (`ss -ltnp` on its machine shows who listens where; in a container 0.0.0.0, not 127.0.0.1)"
        ],
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
            .says(70, .saysTooSlow), .denies(30, .failedResponseTimeout, .plainWorks), .denies(20, .plainReached, .status504),
            .denies(20, .failedResponseTimeout, .plainDiffers), .says(14, .failedResponseTimeout, .plainSame),
            .says(20, .failedClosedLate), .says(14, .status408), .says(90, .outputUpstreamTimedOut, .status504),
            .says(70, .outputUpstreamTimedOut, .status502), .denies(40, .outputSyncWorker, .failedResponseTimeout),
        ],
        probes: [.plainGet],
        decidedBy: [.plainGet],
        decides: "a plain GET: if that hangs as well, the whole backend does",
        fix: [
            "Look at what the backend waits for (a dump of its threads: `py-spy dump --pid PID`, `jstack PID`, SIGQUIT for Go), and restart it",
            "If it does answer, but late: accept the handshake at once and do the slow work afterwards",
        ],
        on: [
            .on(.nginx, "its error log says `upstream timed out (110: Connection timed out) while reading response header`"),
            .on(.haproxy, "its log says sH (no head within `timeout server`) or sC (no connection within `timeout connect`)"),
            .on(.heroku, "H12 in the router's log"), .on(.apache, "its error log says AH01102 (no status line from the backend)"),
            .on(.cloudflare, "524: the origin server took longer than the edge waits (100 s)"),
            .on(.gunicorn, "all workers busy: more workers or threads"),
            .on(.gcp, "the request timeout and the container's concurrency"),
        ])

    static let noHealthyUpstream = CauseEntry(
        .noHealthyUpstream, .reach, "A proxy has no backend that it can reach: refused or considered down", blame: .intermediary,
        """
        The connection to the backend was refused, a health check fails, or there are no endpoints yet, so that the proxy has nobody to pass the request to. Backends that only speak WebSocket fail HTTP health checks (426, 405) although they are fine.
        """,
        clauses: [
            .says(84, .saysNoServer), .says(90, .outputNoServerUp, .status503), .says(80, .outputNoServerUp, .status502),
            .says(95, .failedNoEndpoint), .says(40, .status503, .byIntermediary),
            .says(22, .status503, unless: [.byBackend]), .says(30, .status502, .intermediaryOwnPage),
            .says(20, .status503, .byEdge), .says(20, .byEnvoyEmpty403, .plainUnavailable), .says(10, .status504, .byEdge),
            .denies(60, .plainReached),
        ],
        decidedBy: [],
        decides: "the proxy's own view of its backends (statistics page, log)",
        fix: [
            "Start the backend where the proxy looks for it, and let a health check, if there is one, ask for something that it answers with success"
        ],
        on: [
            .on(.haproxy, "a TCP check, or `http-check expect status 426` for a backend that only speaks WebSocket"),
            .on(.nginx, "`max_fails` and `fail_timeout` of the upstream; its log says `no live upstreams`"),
            .on(.envoy, "the cluster's health check and endpoints (`no healthy upstream`)"),
            .on(.traefik, "let `loadBalancer.healthCheck.path` name a path that answers 2xx or 3xx"),
            .on(.caddy, "let `health_uri` name a path that answers 2xx, and shorten `fail_duration`"),
            .on(.apache, "`retry=0` on the ProxyPass: a backend that failed once is otherwise left alone for 60 s"),
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
        decidedBy: [],
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
        decidedBy: [],
        decides: "the backend's log at this time, or probes (`gatehouse diagnose`)",
        fix: [
            "Run `gatehouse diagnose` with the client's own URL, Origin and credentials, or `gatehouse run -- COMMAND` to join the backend's output to it"
        ])
}
