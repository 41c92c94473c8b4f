extension OutputReading {
    /// The sentences, by what they say; all in lower case, each at least four letters.
    static let groups: [(Sign, [StaticString])] = ofServers + ofSessions + ofProxies

    /// What servers and frameworks say about an upgrade.
    private static let ofServers: [(Sign, [StaticString])] = [
        (.outputNoWebSocketLibrary, ["no supported websocket library detected"]),
        (.outputUnsupportedUpgrade, ["unsupported upgrade request"]),
        (
            .outputOrigin,
            [
                "is not an accepted origin", "origin not allowed", "request origin not allowed", "could not check origin",
                "blocking cross origin", "invalid origin", "origin rejected", "disallowed origin", "is not authorized for host",
                "request origin is not authorized", "cross origin websockets not allowed",
            ]
        ),
        (
            .outputHostRefused,
            [
                "invalid http_host header", "disallowedhost", "blocked host", "blocking request with non-local 'host'",
                "invalid host header",
            ]
        ),
        (.outputNoRoute, ["no route found for path", "no route matches", "phoenix.router.noroute", "no handler found"]),
        (
            .outputNoWebSocketScope,
            [
                "can only handle asgi/http connections", "no application configured for scope type 'websocket'",
                "no application configured for scope type \"websocket\"",
            ]
        ),
        (
            .outputNotAccepted,
            [
                "asgi callable returned without completing handshake", "without sending handshake", "need to call \"accept\" first",
                "need to call 'accept' first",
            ]
        ),
        (
            .outputMissingArgument,
            ["missing 1 required positional argument: 'send'", "missing 2 required positional arguments: 'receive' and 'send'"]
        ),
        (.outputSyncWorker, ["using worker: sync"]),
        // Django's own server, where neither daphne nor channels has taken its place.
        (.outputPlainServer, ["starting development server at http"]),
        (.outputNotHijackable, ["does not implement http.hijacker", "response.writer is not hijackable", "http.hijacker"]),
        (
            .outputSawPlainRequest,
            [
                "failed to upgrade to websocket (request_method", "'upgrade' token not found in 'connection'",
                "'websocket' token not found in 'upgrade'", "header \"\" does not contain upgrade",
                "header \"\" does not contain websocket", "missing connection header", "missing upgrade header",
                "invalidupgrade: ", "can \"upgrade\" only to \"websocket\"",
            ]
        ),
        (.outputSubprotocol, ["overlap server-known ones", "no acceptable subprotocol", "no subprotocols supported"]),
        (.outputSessionUnknown, ["invalid session ", "session id unknown", "unknown sid"]),
        (
            .outputCredentials,
            [
                "not authenticated", "authentication failed", "invalid token", "unauthorized connection", "refused connection to ",
                "missing token", "couldn't authenticate", "authentication credentials were not provided", "authentication required",
                "no user/password was provided", "password mismatch", "invalid signature", "jsonwebtokenerror",
                "signature verification failed",
            ]
        ),
        (
            .outputTokenExpired,
            ["token has expired", "jwt expired", "signature has expired", "token is expired", "expiredsignatureerror"]
        ),
    ]

    /// What they say when something breaks or ends.
    private static let ofSessions: [(Sign, [StaticString])] = [
        (
            .outputTraceback,
            [
                "traceback (most recent call last)", "uncaughtexception", "uncaught exception", "unhandled exception", "panic: ",
                "http: panic serving", "exception in asgi application", "exception inside application", "unhandledpromiserejection",
                "** (", "exception in thread", "error handling request", "exception occurred while handling uri", "' panicked at",
                "threw exception", "php fatal error", "exception on /", "connection handler failed",
            ]
        ),
        (
            .outputDisconnect,
            [
                "connectionclosederror", "connectionclosedok", "websocketdisconnect:", "clientdisconnect", "websocketclosederror",
                "connectionreseterror", "brokenpipeerror", "broken pipe", "econnreset", "epipe",
                "cannot write to closing transport",
            ]
        ),
        (
            .outputWorkerTimeout,
            ["worker timeout (pid", "critical worker timeout", "was sent sigabrt", "worker failed to boot", "harakiri ["]
        ),
        (
            .outputProcessEnded,
            [
                "the backend's process ended with", "fatal python error", "segmentation fault", "heap out of memory",
                "out of memory: killed",
                "perhaps out of memory", "core dumped", "exited on signal",
            ]
        ),
        (
            .outputShutdown,
            [
                "shutting down", "received signal sigterm", "received sigterm", "graceful shutdown", "finished server process",
                "handling signal: term", "gracefully stopping", "reloading...", "detected changes in", "detected file change",
                "handling signal: hup", "restarting due to changes", "performing a reload",
            ]
        ),
        (
            .outputBind,
            [
                "address already in use", "eaddrinuse", "cannot assign requested address", "eaddrnotavail",
                "permission denied: bind",
                "that port is already in use", "port is already allocated", "connection in use: (",
                "only one usage of each socket address",
                "is in use, trying another", "cannot bind", "could not bind",
            ]
        ),
        (.outputGaveUp, ["\"wsdisconnect ", "took too long to shut down and was killed", "opening handshake timed out"]),
        (
            .outputConnectionLimit,
            [
                "too many open files", "emfile", "worker_connections are not enough", "limiting connections by zone",
                "too many connections",
            ]
        ),
        (
            .outputPoolFull,
            [
                "reached maxrequestworkers", "reached pm.max_children", "listen queue of socket", "scoreboard is full",
                "no idle workers",
            ]
        ),
        (
            .outputHeaderTooLarge,
            [
                "request header field too large", "too long header line", "too large request", "header line too long",
                "request header too large", "size of a request header field exceeds", "hpe_header_overflow",
                "limit request headers",
                "line too long", "got more than 8190 bytes", "request line is too large",
            ]
        ),
    ]

    /// What proxies say, where the command is one or starts one.
    private static let ofProxies: [(Sign, [StaticString])] = [
        (
            .outputUpstreamRefused,
            [
                "connection refused) while connecting to upstream", "connect: connection refused",
                "failed to make connection to backend",
                "connection refused: ah", "layer4 connection problem", "proxy error: econnrefused",
                "proxy error: connect econnrefused",
                "could not connect to backend", "proxying failed: econnrefused",
            ]
        ),
        (
            .outputUpstreamTimedOut,
            [
                "connection timed out) while reading response header", "timeout awaiting response headers",
                "error reading status line from remote server", "connection timed out) while connecting to upstream",
                "the timeout specified has expired: ah",
            ]
        ),
        (
            .outputNoServerUp,
            [
                "has no server available", "no live upstreams", "no upstreams available", "no healthy upstream",
                "no available server",
            ]
        ),
        (
            .outputUpstreamCertificate,
            [
                "upstream ssl certificate verify error", "while ssl handshaking to upstream", "x509: certificate",
                "unable_to_verify_leaf_signature", "depth_zero_self_signed_cert", "self-signed certificate in certificate chain",
                "ssl certificate problem",
            ]
        ),
        (.outputAddressDenied, ["client denied by server configuration", "access forbidden by rule"]),
        (.outputRateLimited, ["limiting requests, excess", "rate limit exceeded", "too many requests from"]),
        (.outputClientCertificate, ["client sent no required ssl certificate", "peer did not return a certificate"]),
        (.outputFieldDropped, ["client sent invalid header line"]),
    ]
}
