// Sessions of Engine.IO.

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
        decidedBy: [.engineIOVersion, .engineIOPolling],
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
        decidedBy: [],
        decides: "the same sid several times: with several workers it works now and then",
        fix: [
            "Route a session always to the same worker, or let clients use WebSocket only (Gatehouse can route: `affinity: {engine_io: true}` on a cluster in which each worker is an endpoint with a port of its own)"
        ],
        on: [
            .on(.socketIO, "`transports: [\"websocket\"]` in the client, or `@socket.io/sticky` with the cluster adapter"),
            .on(.pythonSocketIO, "one worker per port, sticky balancing, or `transports=[\"websocket\"]` in the client"),
            .on(.nginx, "`ip_hash;` or `hash $arg_sid`"), .on(.haproxy, "`cookie SRV insert`, or `balance url_param sid`"),
            .on(.awsALB, "stickiness on the target group"), .on(.heroku, "`heroku features:enable http-session-affinity`"),
            .on(.traefik, "`loadbalancer.sticky.cookie=true` (a label) on the service"), .on(.caddy, "`lb_policy cookie`"),
            .on(.apache, "`ProxySet stickysession=ROUTEID`, with a `route` for each BalancerMember"),
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
        decidedBy: [.withoutSid],
        decides: "the same handshake without `sid`",
        fix: ["Begin a new session: connect without `sid`"],
        on: [
            .on(.socketIO, "the client does that by itself on reconnection: don't store the URL"),
            .on(.pythonSocketIO, "the client does that by itself on reconnection: don't store the URL"),
        ])

    static let engineIO: [CauseEntry] = [engineioVersionMismatch, sessionNotSticky, sessionExpired]
}
