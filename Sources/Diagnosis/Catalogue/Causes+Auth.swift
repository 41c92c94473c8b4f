// Authentication and other gates in front of the handler.

extension CauseCatalogue {
    static let credentialsMissing = CauseEntry(
        .credentialsMissing, .auth, "Credentials are required and none were sent", blame: .client, first: true,
        """
        The endpoint wants to know who is asking: a token, a cookie or a login. The handshake carried nothing of the kind. Browsers can't add \
        fields such as Authorization to a WebSocket: what they can send is a cookie, a query parameter, a subprotocol, or a first message.
        """,
        clauses: [
            .proves(.asksForCredentials, .status401, .noCredentials), .proves(.saysNotAuthenticated, .noCredentials),
            .says(72, .status401, .noCredentials), .says(60, .status407), .says(36, .status403, .noCredentials),
            .says(8, .asgiBareRefusal, .noCredentials), .says(62, .byJupyter, .status403, .noCredentials), .says(60, .saysCSRF),
            .says(46, .failedClosedAtOnce, .noCredentials), .says(18, .failedClosed, .noCredentials, unless: [.failedClosedAtOnce]),
            .says(22, .status400, .noCredentials, .byEngineIO), .says(40, .saysNotAuthenticated, .hasCredentials),
            .says(30, .status401, .asksForCredentials, .hasCookie, unless: [.hasAuthorization]),
            .denies(38, .status401, .byNodeWs, .originOtherHost), .denies(38, .status401, .byNodeWs, .originSiblingHost),
            .denies(10, .status403, .originOtherHost), .denies(10, .status403, .originSiblingHost),
            .says(62, .serverCode44xx, .noCredentials), .says(50, .serverCode3000, .noCredentials),
            .says(24, .serverCode4xxx, .noCredentials, unless: [.serverCode44xx]),
            // The reason names what the code only hints at.
            .says(44, .serverCode44xx, .reasonSaysCredentials, .noCredentials),
            .says(82, .serverCode4xxx, .reasonSaysCredentials, .noCredentials, unless: [.serverCode44xx]),
            .says(56, .serverCode3000, .reasonSaysCredentials, .noCredentials),
            .says(102, .serverCode1008, .reasonSaysCredentials, .noCredentials),
            .says(90, .engineIORefused, .reasonSaysCredentials, .noCredentials),
            .says(55, .engineIORefused, .noCredentials, unless: [.reasonSaysCredentials]),
            .says(40, .disconnectMessage, .noCredentials), .says(75, .outputCredentials, .noCredentials), .proves(.flipCredentials),
            // Some can say no only once they have accepted.
            .says(12, .onlyWatched, .serverClosedFirst, .noCredentials), .says(12, .onlyWatched, .serverCut, .noCredentials),
            // It may be read in another place than the one in which it was sent.
            .says(26, .status401, .hasAuthorization, unless: [.hasQueryToken, .hasCookie, .hasSubprotocolToken]),
            .says(24, .status403, .hasAuthorization, unless: [.hasQueryToken, .hasCookie, .hasSubprotocolToken]),
            .says(14, .originNeverFlips, .status403, .noCredentials, unless: [.originOtherHost, .randomPathSame]),
            .says(12, .pathsNeverFlip, .status403, .noCredentials),
            .denies(40, .saysFirewall), .denies(50, .saysForbiddenByRule), .denies(60, .byEnvoyEmpty403),
            .denies(30, .byApache, .intermediaryOwnPage, .status403), .denies(25, .byGoUpgrader, .status403),
            .denies(60, .saysCrossOrigin),
            // Who lets everybody see the page without a login seldom asks for one on the WebSocket of the same path; who closes that too wants
            // something else.
            .denies(24, .failedClosedAtOnce, .plainWorks, .noCredentials, unless: [.plainByNode]),
            .denies(30, .failedClosedAtOnce, .plainSame), .says(24, .status502, .plainReached, .noCredentials),
            .excludes(.cloudflareMitigated),
        ],
        probes: [.withCredentials],
        decidedBy: [.withCredentials],
        decides:
            "the same handshake with valid credentials where the endpoint reads them: query, cookie, subprotocol or Authorization (Gatehouse never invents any; `gatehouse diagnose URL` takes them in the URL, or with --cookie, --subprotocol or --bearer)",
        fix: [
            "Send what the endpoint reads: the token as a query parameter (?token=...), the session cookie, a subprotocol, or the Authorization field"
        ],
        on: [
            .on(
                .fastAPI,
                "read the token from the query, a cookie or the first message (browsers can't send Authorization on a WebSocket); raise HTTPException(401) so that the reason reaches the wire"
            ),
            .on(
                .channels,
                "wrap the routes in AuthMiddlewareStack and send the `sessionid` cookie; mind SESSION_COOKIE_DOMAIN and SameSite"),
            .on(.aiohttp, "send what the handler reads before it calls `ws.prepare(request)`"),
            .on(
                .pythonWebsockets,
                "send the Basic credentials that `process_request` (basic_auth) asks for, or the token that it reads"),
            .on(.pythonSocketIO, "pass `auth={\"token\": ...}` in the client; the connect handler refuses without it"),
            .on(.socketIO, "pass `auth: { token }` in the client, which the server reads in `socket.handshake.auth`"),
            .on(
                .ws,
                "send the token or cookie that `verifyClient` or the `upgrade` listener reads; let the listener write a 401 before it destroys the socket"
            ),
            .on(.jupyter, "send `?token=...`, or the login cookie with its `_xsrf`"),
            .on(.rails, "`reject_unauthorized_connection` wants the signed cookie: mind its domain and SameSite"),
            .on(.phoenix, "pass `params: {token: ...}` or `_csrf_token` when the socket connects"),
            .on(
                .spring,
                "send the session cookie or token that the security chain reads, or permit the path and authenticate in STOMP's CONNECT"
            ),
            .on(.aspnet, "SignalR: `accessTokenFactory`, read from `?access_token=` in OnMessageReceived"),
            .on(
                .nginx,
                "`auth_basic` and `auth_request` apply to the handshake too: send the cookie or credentials, or exempt the location"
            ),
            .on(
                .caddy,
                "`basicauth` applies to the handshake too: send the credentials, or exempt the path and authenticate in the application"
            ),
            .on(.traefik, "basicAuth and forwardAuth middlewares apply to the handshake too"),
            .on(.awsAPIGateway, "the `$connect` authoriser wants its identity source: a query parameter or field"),
            .on(.homeAssistant, "the token goes into the first message (`{\"type\": \"auth\"}`)"),
            .on(.grafana, "log in, or send a service account token"),
        ])

    static let credentialsRejected = CauseEntry(
        .credentialsRejected, .auth, "Credentials were sent and are not accepted", blame: .client,
        """
        A token or cookie came with the handshake, and whoever checks it says no: it is for another environment, was revoked, was changed on \
        the way (a `+` or `%` in a query), or belongs to somebody without the right.
        """,
        clauses: [
            .proves(.saysTokenInvalid, .hasCredentials, unless: [.tokenHasExpired]), .says(66, .status401, .hasCredentials),
            .says(32, .status403, .hasCredentials),
            .says(30, .failedClosedAtOnce, .hasCredentials), .says(15, .status400, .hasCredentials, .byEngineIO),
            .says(70, .serverCode44xx, .hasCredentials), .says(55, .serverCode3000, .hasCredentials),
            .says(50, .serverCode1008, .reasonSaysCredentials), .says(40, .engineIORefused, .hasCredentials),
            .says(64, .serverCode1008, .reasonSaysCredentials, .hasCredentials),
            .says(48, .serverCode44xx, .reasonSaysCredentials, .hasCredentials),
            .says(114, .serverCode4xxx, .reasonSaysCredentials, .hasCredentials, unless: [.serverCode44xx]),
            .says(60, .serverCode3000, .reasonSaysCredentials, .hasCredentials),
            .says(45, .engineIORefused, .reasonSaysCredentials, .hasCredentials),
            .says(75, .outputCredentials, .hasCredentials),
            .proves(.flipNoCredentials), .denies(10, .status403, .originOtherHost), .excludes(.noCredentials),
            .denies(40, .intermediaryOwnPage, .status403), .excludes(.cloudflareMitigated),
        ],
        probes: [.withCredentials, .withoutCredentials],
        decidedBy: [.withCredentials, .withoutCredentials],
        decides: "the same handshake with freshly issued credentials",
        fix: ["Get fresh credentials for this environment and send them unchanged (percent-encode them in a query)"],
        on: [
            .on(.channels, "check which user the consumer sees in `scope[\"user\"]`; send a valid token"),
            .on(.fastAPI, "check the dependency that reads the token; raise HTTPException so that the reason reaches the wire"),
            .on(.phoenix, "`Phoenix.Token.verify` fails: same SECRET_KEY_BASE and salt on all nodes, max_age not passed"),
            .on(.rails, "check the cookie's signature: same secret_key_base on all hosts"),
        ])

    static let tokenExpired = CauseEntry(
        .tokenExpired, .auth, "The token has expired", blame: .client, first: true,
        """
        The token carries its own end (`exp`), and that lies in the past. Typical: the first connection works, and every *re*connection \
        some minutes later fails, because the client sends the token that it got at the start.
        """,
        clauses: [
            .proves(.saysTokenExpired), .says(90, .outputTokenExpired, .hasCredentials), .says(95, .tokenHasExpired, .status401),
            .says(95, .tokenHasExpired, .status403),
            .says(60, .tokenHasExpired, .status400), .says(50, .tokenHasExpired, .status500),
            .says(75, .tokenHasExpired, .failedClosed),
            .says(85, .tokenHasExpired, .serverCode44xx), .says(80, .tokenHasExpired, .serverCode1008),
            .says(70, .tokenHasExpired, .serverCode3000),
            .says(75, .reasonSaysExpired), .says(52, .reasonSaysExpired, .reasonSaysCredentials),
            .says(44, .reasonSaysExpired, .serverCode44xx, unless: [.reasonSaysCredentials]),
            .excludes(.noCredentials, unless: [.saysTokenExpired, .reasonSaysExpired]),
        ],
        probes: [.withCredentials],
        decidedBy: [.withCredentials],
        decides: "the same handshake with a fresh token",
        fix: ["Get a new token before every connection, reconnections included: the one that was sent is past its `exp`"],
        on: [
            .on(.socketIO, "give `auth` as a function, so that every reconnection asks for a fresh token"),
            .on(.phoenix, "give `params` as a function; raise `max_age`"),
            .on(.aspnet, "SignalR calls `accessTokenFactory` on every connection: return a fresh token there"),
        ])

    static let tokenWrongAudience = CauseEntry(
        .tokenWrongAudience, .auth, "The token is for another audience or issuer", blame: .client,
        """
        Tokens name for whom they were made (`aud`) and by whom (`iss`). This one is genuine, but for another service or environment.
        """,
        clauses: [
            .proves(.saysWrongAudience), .says(10, .status401, .hasQueryToken), .says(8, .status403, .hasQueryToken, .bodyIsEmpty),
            .excludes(.noCredentials),
        ],
        decidedBy: [],
        decides: "the `aud` and `iss` in the token against those that the server expects",
        fix: ["Ask the identity provider for a token with the audience and issuer that this server expects"])

    static let clientCertificateMissing = CauseEntry(
        .clientCertificateMissing, .auth, "A client certificate is required and none was given", blame: .client, first: true,
        """
        The server speaks mutual TLS: it wants to see a certificate of the client, and got none.
        """,
        clauses: [
            .proves(.saysClientCertificate), .says(95, .outputClientCertificate), .proves(.status495or496),
            .proves(.failedTLSClientCertificate),
        ],
        decidedBy: [],
        decides: "the same handshake with a certificate that the server's authority signed",
        fix: ["Present a client certificate that the server's authority signed, or make it optional for this name"],
        on: [
            .on(.nginx, "`ssl_verify_client optional;` (or `off`) for this server, or a certificate in the client"),
            .on(.apache, "`SSLVerifyClient optional`"), .on(.haproxy, "`bind ... verify optional`"),
            .on(.caddy, "`tls { client_auth { mode verify_if_given } }`"),
            .on(.traefik, "`clientAuth.clientAuthType: VerifyClientCertIfGiven` in the TLS options"),
            .on(.cloudflare, "API Shield's mTLS rule covers this host: exempt the path or present the certificate"),
        ])

    static let clientAddressDenied = CauseEntry(
        .clientAddressDenied, .auth, "The client's address is refused", blame: .backend,
        """
        A list of addresses decides who may connect, and this client isn't on it; often because the list sees the address of a proxy instead of the client's.
        """,
        clauses: [
            .says(80, .saysAddressDenied), .says(90, .outputAddressDenied), .says(62, .status403, .byApache, .intermediaryOwnPage),
            .says(45, .status403, .byNginx, .intermediaryOwnPage),
            .says(20, .status403, .intermediaryOwnPage), .says(9, .status403), .says(12, .status403, .forwardedForPresent),
            .says(85, .flipForwardedRemoved, .status403), .says(8, .failedClosedAtOnce),
        ],
        probes: [.forwardedRemoved],
        decidedBy: [.forwardedRemoved],
        decides: "the same handshake from another address, and the list in the server's configuration",
        fix: ["Add the client's network to the list, or let the server see the client's address instead of the proxy's"],
        on: [
            .on(.apache, "add the network to `Require ip`; mod_remoteip makes the client's address visible behind a proxy"),
            .on(.nginx, "`allow <network>;` above `deny all;`; `real_ip_header X-Forwarded-For;` with `set_real_ip_from`"),
            .on(.haproxy, "extend the `src` ACL; `option forwardfor` lets the server behind see the client's address"),
            .on(
                .caddy, "extend the networks of the `remote_ip` (or `client_ip`) matcher; `trusted_proxies` for the proxy before it"
            ),
            .on(.traefik, "extend `sourceRange` of the ipAllowList middleware; `ipStrategy.depth: 1` behind a proxy"),
            .on(.uvicorn, "with `--proxy-headers` the application sees the client's address: gate on that"),
            .on(.cloudflare, "check the IP access rules"), .on(.awsALB, "check security groups and WAF IP sets"),
        ])

    static let blockedByRule = CauseEntry(
        .blockedByRule, .auth, "A rule of a firewall or proxy denies the request", blame: .intermediary,
        """
        A filter before the application refused: a deny rule, a web application firewall, a bot filter. Such rules look at the path, the \
        query, the User-Agent or missing fields, and often forget that handshakes look different from page requests.
        """,
        clauses: [
            .says(98, .saysForbiddenByRule), .says(90, .saysFirewall), .says(40, .status403, .intermediaryOwnPage),
            .says(30, .status403, .byEdge),
            .says(14, .status403, .noUserAgent), .says(20, .statusOther4xx, .intermediaryOwnPage), .proves(.flipUserAgent),
            .says(10, .byEnvoyEmpty403), .says(25, .failedReset, .noUserAgent),
        ],
        probes: [.userAgent],
        decidedBy: [.userAgent],
        decides: "the same handshake with a browser's User-Agent, and the proxy's or firewall's log",
        fix: ["Exempt the WebSocket path from the rule, or send what the rule asks for (often a User-Agent)"],
        on: [
            .on(.haproxy, "look for `http-request deny` whose condition matches this request, and add `!{ path_beg /ws }`"),
            .on(.nginx, "look for `deny`, `return 403` and `if ($http_user_agent ...)` in this location"),
            .on(.apache, "look for `Require`, `RewriteRule ... [F]` and ModSecurity rules for this path"),
            .on(.cloudflare, "add a WAF skip rule for the WebSocket path"),
            .on(.awsALB, "exclude the path from the WAF's managed rules"),
            .on(.envoy, "look at the RBAC filter and the ext_authz filter of the route"),
            .on(.caddy, "look for `respond ... 403` and `abort` whose matcher takes this path"),
            .on(
                .traefik,
                "look at the middlewares of this router (forwardAuth, ipAllowList, plugins), and give the path a router without them"
            ),
        ])

    static let edgeChallenge = CauseEntry(
        .edgeChallenge, .auth, "An edge answered with a challenge, a login or a block page", blame: .edge, first: true,
        """
        A service in front of the site wants to know whether this is a browser with a person before it, and answers with a page that a \
        browser can solve and a handshake can't. The application never saw the request.
        """,
        clauses: [
            .proves(.cloudflareMitigated), .proves(.cloudflareAccess), .says(92, .saysChallenge),
            .says(45, .status403, .byEdge, .bodyIsHTML), .says(30, .status503, .byEdge, .bodyIsHTML),
            .says(20, .status403, .byEdge),
        ],
        decidedBy: [],
        decides: "the edge's event log",
        fix: [
            "Exempt the WebSocket path from the challenge at the edge; clients that aren't browsers need a service token or a rule of their own"
        ],
        on: [
            .on(
                .cloudflare,
                "a WAF custom rule with the action Skip for the path (Bot Fight Mode, Managed Challenge, Under Attack); for Access a bypass policy or service token"
            ),
            .on(.akamai, "exempt the path in Bot Manager"),
            .on(.vercel, "exempt the path from the firewall's attack challenge mode"),
            .on(.cloudFront, "exempt the path from the WAF's CAPTCHA or challenge action"),
        ])

    static let auth: [CauseEntry] = [
        credentialsMissing, credentialsRejected, tokenExpired, tokenWrongAudience, clientCertificateMissing, clientAddressDenied,
        blockedByRule,
        edgeChallenge,
    ]
}
