// Sessions that time ends: timers on silence, limits on age, pings that nobody answers.

extension CauseCatalogue {
    static let idleTimeout = CauseEntry(
        .idleTimeout, .time, "Ended by a timer after a silence", blame: .intermediary, first: true,
        """
        Proxies, balancers and servers end connections on which nothing happens for a while: 60 s in nginx and AWS's balancers, 55 s at Heroku, 100 s at Cloudflare. Pings in a shorter interval keep the session alive.
        """,
        clauses: [
            .says(64, .serverCut, .afterSilence, .silenceWholeSeconds), .says(26, .serverCut, .afterSilence, .silenceKnownDefault),
            .says(36, .serverCut, .afterSilence, unless: [.silenceWholeSeconds]), .says(88, .manySameSilence),
            .proves(.pingsKeepItAlive), .says(78, .reasonSaysIdle, unless: [.reasonSaysPing]), .says(110, .ourIdleTimer),
            .says(16, .intermediaryOnPath, .serverCut, .afterSilence), .denies(40, .serverCut, .afterClientMessage),
            .denies(30, .activeUntilTheEnd), .denies(20, .pingsDontHelp), .denies(60, .messagesDontHelp),
            .says(80, .messagesKeepItAlive),
            .says(40, .serverCode1001, .afterSilence, .silenceWholeSeconds), .denies(70, .upstreamGone),
        ],
        decidedBy: [],
        decides:
            "the same session with pings every few seconds, and with messages (`gatehouse diagnose URL --hold 90s --message TEXT`): it lives on if a silence was the reason",
        fix: [
            "Send pings in an interval shorter than the timer (Gatehouse can: `heartbeat: {interval: 25s}`), or raise the timer",
            "Where pings don't help, the application waits for messages itself (a timeout around its receive): raise that one, or let the client send a message of its own in time",
        ],
        on: [
            .on(
                .nginx,
                "`proxy_read_timeout 3600s; proxy_send_timeout 3600s;` in this location (60 s by default, counted from the last byte)"
            ),
            .on(
                .haproxy,
                "`timeout tunnel 1h` in `defaults` or the backend (without it `timeout client` and `timeout server` end the tunnel, too)"
            ),
            .on(.apache, "`ProxyTimeout 3600`, or `timeout=3600` on the ProxyPass (60 s by default, from `Timeout`)"),
            .on(.envoy, "`stream_idle_timeout: 0s` or a longer one (5 min by default), `timeout: 0s` on the route"),
            .on(.traefik, "it has no timer for an open tunnel: look at the balancer before it and at the server behind it"),
            .on(
                .caddy,
                "it has no timer for an open tunnel (`stream_timeout` limits the age): look at what stands before and behind it"),
            .on(.awsALB, "`idle_timeout.timeout_seconds` (60 s by default)"),
            .on(.heroku, "55 s without a byte: ping every 25 s"), .on(.cloudflare, "100 s without traffic: ping every 30 s"),
            .on(.azure, "about 4 minutes at the balancer: ping"), .on(.awsAPIGateway, "10 minutes idle: ping"),
            .on(.cloudFront, "10 minutes idle: ping"), .on(.render, "ping every 30 s"), .on(.uvicorn, "`--ws-ping-interval 20`"),
            .on(.ws, "ping every 25 s from a timer"), .on(.socketIO, "`pingInterval` (25 s by default) below the hop's timer"),
            .on(.jetty, "`setIdleTimeout`"),
        ])

    static let lifetimeLimit = CauseEntry(
        .lifetimeLimit, .time, "Ended at a maximum age, whatever the traffic", blame: .intermediary,
        """
        Some platforms end every connection at a certain age, active or not: 30 s behind Google's balancers by default, 60 minutes at most on Cloud Run, 2 hours at API Gateway. No ping helps: clients have to reconnect.
        """,
        clauses: [
            .says(62, .serverCut, .ageKnownLimit, .activeUntilTheEnd),
            .says(30, .serverCut, .ageKnownLimit, unless: [.activeUntilTheEnd]), .says(85, .manySameAge), .says(36, .pingsDontHelp),
            .says(85, .messagesDontHelp), .excludes(.pingsKeepItAlive), .excludes(.messagesKeepItAlive),
            .says(22, .serverCut, .afterSilence, .silenceWholeSeconds),
        ],
        decidedBy: [],
        decides:
            "the same session with pings, and with messages (`gatehouse diagnose URL --hold 90s --message TEXT`): it dies at the same age all the same",
        fix: ["Raise the limit where it can be raised, and reconnect in the client before it"],
        on: [
            .on(
                .gcp, "the backend service's `timeoutSec` (30 s by default) is the session's lifetime; Cloud Run: `--timeout 3600`"),
            .on(.awsAPIGateway, "2 hours: not adjustable"), .on(.envoy, "`max_stream_duration` and the route's `timeout`"),
            .on(.heroku, "dynos restart once a day"), .on(.gunicorn, "`--max-requests`"),
            .on(.caddy, "`stream_timeout` of `reverse_proxy` ends every tunnel at that age: remove or raise it"),
            .on(.nginx, "it has no limit on age but a reload: `worker_shutdown_timeout` ends the tunnels of old workers"),
            .on(.haproxy, "a reload ends tunnels after `hard-stop-after`: raise it"),
        ])

    static let clientIgnoresPings = CauseEntry(
        .clientIgnoresPings, .time, "The client doesn't answer pings", blame: .client, first: true,
        """
        The server pings and expects a pong. A client that is asleep (a phone, a background tab), that doesn't read, or whose path is dead, answers nothing, and the server gives up: close code 1011 with `keepalive ping timeout`, or a bare end.
        """,
        clauses: [
            .proves(.clientPingsUnanswered), .proves(.serverCode1011, .reasonSaysPing), .says(40, .serverCode1008, .reasonSaysPing),
        ],
        decidedBy: [],
        decides: "whether a hop swallows pings or pongs",
        fix: ["Let the client read all the time (its library answers pings by itself), or raise the server's ping timeout"],
        on: [
            .on(.uvicorn, "`--ws-ping-timeout` (20 s by default)"),
            .on(.pythonWebsockets, "`ping_timeout` (20 s by default); a blocked event loop on either side looks the same"),
            .on(.socketIO, "`pingTimeout` (20 s by default)"), .on(.aiohttp, "`heartbeat=`"),
        ])

    static let serverIgnoresPings = CauseEntry(
        .serverIgnoresPings, .time, "The server doesn't answer pings", blame: .backend, first: true,
        """
        A ping went to the server and no pong came back within the time. Three things look like that: the event loop is blocked by one handler, so that nobody is answered; the process stands still (stopped, in a debugger, a paused container, a machine asleep or out of memory); or the path is half-open, since a hop or its NAT has forgotten the connection and only this session is dead.
        """,
        clauses: [.proves(.serverPingsUnanswered), .says(40, .clientCode1011, .reasonSaysPing)],
        decidedBy: [],
        decides:
            "a plain request to the same server at that moment: answered late or never, its loop or process stands; answered at once, only this session's path is dead",
        fix: [
            "Move synchronous work out of the server's asynchronous handlers (a thread, a job), or raise `heartbeat.timeout` above its longest pause",
            "If the whole server stood: look whether its process was stopped or suspended (`ps -o pid,stat,cmd`: T is stopped, D waits for a disk), its container paused or its machine out of memory",
            "If other sessions were answered meanwhile: the path was half-open; ping more often than the hop or NAT forgets (`heartbeat: {interval: 25s}`), and reconnect",
        ],
        on: [
            .on(.fastAPI, "no blocking calls in `async def` handlers: `run_in_threadpool`"),
            .on(.node, "no long synchronous work in a listener: `worker_threads`"),
            .on(.pythonWebsockets, "`await asyncio.to_thread(work)` in place of blocking calls in the handler"),
            .on(.aiohttp, "`await asyncio.to_thread(work)` in place of blocking calls in the handler"),
        ])

    static let serverSilent = CauseEntry(
        .serverSilent, .time, "The session is open and the server never says what it should", blame: .backend,
        """
        The handshake succeeds and then nothing comes. If pings are answered, the server lives and its application is silent: the subscription was never made, the message broker isn't connected, or the handler waits for a message that the client doesn't send. If neither pings nor the close are answered, the server itself stands still: a blocked event loop, a process that is stopped or suspended, or a half-open path on which nothing arrives any more.
        """,
        clauses: [.says(34, .serverNeverSpoke, .afterSilence), .says(12, .serverNeverSpoke), .denies(40, .onlyWatched)],
        decidedBy: [],
        decides:
            "what the client is expected to send first; and whether a ping is answered: then the server lives, and its application waits",
        fix: [
            "Send what the server waits for: the first message or subscription of its protocol; and check that its broker or channel layer is reached",
            "If not even pings or the close are answered: look for synchronous work that blocks the event loop, and for a process that is stopped or suspended (`ps -o pid,stat,cmd`: T)",
            "If other sessions of this server are answered: this path is half-open; ping often (`heartbeat: {interval: 25s}`) and reconnect",
        ],
        on: [
            .on(.channels, "CHANNEL_LAYERS must reach Redis; `group_add` before `group_send`"),
            .on(.rails, "the Action Cable adapter in cable.yml (redis, not async, for several processes)"),
            .on(.socketIO, "several instances need an adapter (Redis)"),
        ])

    static let workerKilledByTimeout = CauseEntry(
        .workerKilledByTimeout, .time, "A supervisor killed the worker that held the session", blame: .backend,
        """
        Worker managers kill a worker that seems to hang. A synchronous worker that serves a WebSocket is busy all the time, so that it looks hung after 30 seconds, and dies with its session.
        """,
        clauses: [
            .says(46, .httpInStream), .says(20, .serverCut, .ageKnownLimit), .says(12, .serverCut, .silenceWholeSeconds),
            .proves(.outputWorkerTimeout),
        ],
        decidedBy: [],
        decides: "the supervisor's log (`WORKER TIMEOUT`)",
        fix: ["Use threads or an asynchronous worker, or raise the supervisor's timeout"],
        on: [
            .on(
                .gunicorn,
                "`-k gthread --threads 100`, gevent or an ASGI worker: `--timeout` (30 s by default) kills a sync worker that holds a session"
            ), .on(.flaskSock, "gunicorn with `--threads 100`"),
        ])

    static let time: [CauseEntry] = [
        idleTimeout, lifetimeLimit, clientIgnoresPings, serverIgnoresPings, serverSilent, workerKilledByTimeout,
    ]
}
