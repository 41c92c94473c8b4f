extension BodyPhrases {
    static let all: [Phrase] = groups.flatMap { group in group.1.map { Phrase(text: $0, sign: group.0) } }

    /// All in lower case.
    private static let groups: [(Sign, [StaticString])] = [
        (
            .saysOriginRefused,
            [
                "invalid origin", "not an accepted origin", "origin not allowed", "origin is not allowed",
                "header value not allowed", "origin forbidden",
                "disallowed origin", "forbidden origin", "origin denied", "not allowed by cors", "bad origin", "origin mismatch",
                "origin refused",
                "unauthorized origin", "origin rejected", "origin not permitted", "unknown origin",
            ]
        ),
        (.saysCrossOrigin, ["cross origin websockets not allowed", "cross-origin websocket"]),
        (
            .saysOriginMissing,
            ["missing origin", "origin header required", "origin header is missing", "origin is required", "origin required"]
        ),
        (.saysOriginNotForHost, ["is not authorized for host"]),
        (
            .saysHostRefused,
            [
                "invalid host", "invalid http_host", "disallowedhost", "blocked host", "host not allowed", "host is not allowed",
                "this host (",
                "non-local 'host'", "host header not allowed", "unknown host header",
            ]
        ),
        (
            .saysNotAuthenticated,
            [
                "not authenticated", "missing credentials", "authentication required", "authorization required", "missing token",
                "token required",
                "token is required", "no token", "login required", "missing authorization", "credentials were not provided",
                "please log in", "unauthenticated",
                "not logged in", "token is missing", "missing api key", "api key required", "missing bearer",
                "missing access token", "missing session",
            ]
        ),
        (
            .saysTokenExpired,
            [
                "token expired", "token has expired", "jwt expired", "signature has expired", "expired token", "token is expired",
                "tokenexpired", "expired_token", "token_expired", "expired jwt",
            ]
        ),
        (
            .saysTokenInvalid,
            [
                "invalid token", "token is invalid", "invalid_token", "jwt malformed", "invalid signature",
                "signature verification failed", "could not validate credentials", "bad token",
                "invalid credentials", "invalid api key", "invalid authentication credentials", "malformed token",
                "invalid access token", "invalid jwt",
            ]
        ),
        (
            .saysWrongAudience,
            [
                "invalid audience", "audience doesn't match", "audience is invalid", "audience invalid", "wrong audience",
                "invalid issuer", "issuer invalid", "audience mismatch",
            ]
        ),
        (
            .saysClientCertificate,
            [
                "no required ssl certificate was sent", "ssl certificate error", "client certificate required",
                "client certificate is required",
            ]
        ),
        (
            .saysUpgradeMissing,
            [
                "can \"upgrade\" only to", "no websocket upgrade hdr", "no connection upgrade hdr",
                "\"connection\" must be \"upgrade\"", "missing connection header", "invalid connection header",
                "missing upgrade header",
                "invalid upgrade header", "'upgrade' token", "header did not include", "cannot access a websocket server directly",
                "expected upgrade: websocket", "connection header missing", "upgrade header missing",
                "websocket protocol violation: connection", "websocket protocol violation: upgrade", "not a websocket handshake",
                "not a websocket request", "expected websocket upgrade", "requires use of the websocket protocol",
                "websocket upgrade required",
            ]
        ),
        (.saysKeyBad, ["sec-websocket-key"]),
        (.saysVersionBad, ["sec-websocket-version", "unsupported websocket version", "unsupported version"]),
        (.saysHTTP10, ["http/1.0", "no upgrade state was present"]),
        (.saysSubprotocolMissing, ["missing subprotocol", "subprotocol required"]),
        (
            .saysSubprotocolInvalid,
            [
                "invalid subprotocol", "unsupported subprotocol", "subprotocol not supported", "no matching subprotocol",
                "no acceptable subprotocol",
            ]
        ),
        (.saysExtensionInvalid, ["sec-websocket-extensions"]),
        (
            .saysHeadTooLarge,
            [
                "header or cookie too large", "exceeds server limit", "header fields too large", "request-uri too large",
                "request-uri too long", "uri too long", "header too large", "headers too large", "request line is too large",
                "limit request headers",
                "limit request line", "header line is too long", "headers are too large",
            ]
        ),
        (
            .saysPlainToTLS,
            [
                "plain http request was sent to https port", "sent an http request to an https server",
                "speaking plain http to an ssl", "host and port requires tls",
                "plain http was sent to a port that speaks tls",
            ]
        ),
        (.saysForbiddenByRule, ["forbidden by administrative rules"]),
        (
            .saysFirewall,
            [
                "not acceptable!", "mod_security", "modsecurity", "request blocked", "requested url was rejected",
                "web application firewall", "incapsula", "sucuri", "error code: 1020", "blocked by security", "blocked by waf",
            ]
        ),
        (
            .saysChallenge,
            [
                "just a moment...", "attention required! | cloudflare", "cf-chl", "checking your browser",
                "enable javascript and cookies to continue", "error code: 1010", "error code: 1020", "captcha",
            ]
        ),
        (
            .saysNoServer,
            [
                "no server is available", "no healthy upstream", "no available server", "no live upstreams", "no healthy backend",
                "no backends available",
            ]
        ),
        (
            .saysConnectFailed,
            [
                "upstream connect error", "econnrefused", "connection refused", "could not connect to", "failed to connect",
                "dial tcp", "backend fetch failed", "connection failure", "error connecting to",
            ]
        ),
        (
            .saysTooSlow,
            [
                "didn't respond in time", "gateway time-out", "gateway timeout", "upstream request timeout", "upstream timed out",
                "did not respond in time", "took too long to respond",
            ]
        ),
        (.saysSessionUnknown, ["session id unknown", "invalid session", "unknown session", "no connection with that id"]),
        (.saysUnsupportedEngineIO, ["unsupported protocol version", "unsupported version of the socket.io"]),
        (.saysTransportRefused, ["transport unknown", "invalid transport"]),
        (.saysRateLimited, ["too many requests", "rate limit", "rate-limit", "ratelimit"]),
        (
            .saysTooManyConnections,
            [
                "too many connections", "connection limit", "max connections", "maximum number of connections",
                "too many websocket", "too many clients",
            ]
        ),
        (.saysNotFound, ["not found", "cannot get /", "no route", "no such route"]),
        (.saysMethodNotAllowed, ["method not allowed"]),
        (.saysSockJS, ["welcome to sockjs"]),
        (.saysEngineIO, ["0{\"sid\""]),
        (.saysBadRequestOfQuart, ["(or proxy) sent a request that this server could not understand"]),
        (
            .saysNotHijackable,
            ["http.hijacker", "does not implement http.hijack", "hijack not supported", "webserver doesn't support hijacking"]
        ),
        (.saysCrash, ["internal server error", "traceback (most recent", "unhandled exception"]),
        (
            .saysPlatformNoApp,
            [
                "no such app", "there's nothing here, yet", "deployment could not be found", "deployment_not_found",
                "application not found", "application failed to respond", "an error occurred in the application and your page",
                "error code: 1033", "error code: 1016",
            ]
        ),
        (
            .saysAddressDenied,
            [
                "ip address is not allowed", "ip not allowed", "ip address has been", "from your ip address",
                "ip address is blocked", "your ip is not", "ip is not allowed",
            ]
        ),
        (.saysCSRF, ["csrf"]),
        (
            .bodyIsApplicationPage,
            [
                "id=\"root\"", "id=\"app\"", "id=\"__next\"", "id=root", "id=app>", "<app-root", "type=\"module\"",
                "enable javascript to run this app", "id=\"___gatsby\"", "id=\"svelte\"", "/assets/index-", "ng-version=",
            ]
        ),
    ]
}
