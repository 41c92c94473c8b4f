// Host, redirects and the scheme: what the server believes it is asked for.

extension CauseCatalogue {
    static let hostNotAllowed = CauseEntry(
        .hostNotAllowed, .host, "The server does not accept this Host", blame: .backend, first: true,
        """
        Frameworks keep a list of host names for which they answer, so that nobody can make them believe in a foreign name. A proxy that \
        passes on its own name for the backend, an address, or a new domain that nobody entered, fails that list.
        """,
        clauses: [
            .proves(.saysHostRefused),
            .says(20, .status400, .hostIsAddress, unless: [.keyMissing, .versionMissing, .upgradeFieldMissing]),
            .says(14, .status403, .hostIsAddress), .says(40, .status403, .byRails), .says(25, .byJupyter, .status403),
            .says(15, .status400, .saysBadRequest), .proves(.outputHostRefused),
            .says(90, .flipHost, .status400), .says(80, .flipHost, .status403, .originNeverFlips), .says(40, .flipHost, .status403),
            .denies(30, .hostNeverFlips), .excludes(.byEdge),
        ],
        probes: [.host],
        decidedBy: [.host],
        decides: "the same handshake with the public host name, and with `localhost`, as Host",
        fix: ["Add the host name that arrives to the server's list of accepted hosts, or let the proxy pass the client's Host on"],
        on: [
            .on(.fastAPI, "`TrustedHostMiddleware(allowed_hosts=[\"app.example.com\", \"*.example.com\"])` must name it"),
            .on(.channels, "ALLOWED_HOSTS must name it"), .on(.django, "ALLOWED_HOSTS must name it"),
            .on(.rails, "`config.hosts << \"app.example.com\"`"),
            .on(.jupyter, "`c.ServerApp.allow_remote_access = True`, or name the host in `c.ServerApp.local_hostnames`"),
            .on(.vite, "`server.allowedHosts: [\"app.example.com\"]`"),
            .on(.next, "`allowedDevOrigins` in next.config for the dev server"),
            .on(.homeAssistant, "check the reverse proxy's Host and `trusted_proxies`"),
            .on(.aspnet, "`AllowedHosts` in appsettings.json"),
            .on(.nginx, "`proxy_set_header Host $http_host;`"),
        ])

    static let hostRoutedElsewhere = CauseEntry(
        .hostRoutedElsewhere, .host, "The Host selects another site than the one that speaks WebSocket", blame: .configuration,
        """
        Proxies and web servers choose by Host which of their sites answers. Where the name isn't in the right rule, a default site takes \
        the request: it answers with its own page, its own 404 or its own redirect, and the application never sees the upgrade.
        """,
        clauses: [
            .says(48, .status200, .hostIsAddress, .bodyIsHTML, unless: [.bodyIsApplicationPage]),
            .says(22, .status200, .bodyIsHTML),
            .says(14, .status200), .says(14, .status404), .says(10, .status404, .hostIsAddress),
            .says(14, .status404, .intermediaryOwnPage),
            .says(20, .redirectElsewhere), .says(90, .redirectToOtherHost), .says(70, .status404, .byEdge),
            .proves(.flipHost, .status200), .proves(.flipHost, .status404), .proves(.flipHost, .statusRedirect),
            .proves(.flipHost, .status503),
            .denies(30, .hostNeverFlips), .says(12, .randomPathSame, .status200), .says(10, .plainSame, .status200),
            .excludes(.failedName),
        ],
        probes: [.host],
        decidedBy: [.host],
        decides: "the same handshake with the host name of the WebSocket site as Host",
        fix: ["Add this host name to the rule that selects the WebSocket backend, or connect under the name that the rule knows"],
        on: [
            .on(.nginx, "put the name into `server_name` of the right `server` block; the first block is the default"),
            .on(.haproxy, "extend the ACL (`hdr(host) -i name`, mind the port) that selects the WebSocket backend"),
            .on(.caddy, "add the name to the site's address line"), .on(.traefik, "extend the router's rule: ``Host(`name`)``"),
            .on(.envoy, "add the name to `domains` of the virtual host (with and without port)"),
            .on(.apache, "add `ServerName` or `ServerAlias` to the right VirtualHost"),
            .on(.render, "add the custom domain to this service"),
            .on(.cloudflare, "check which origin server the DNS record of this name points to"),
            .on(.awsALB, "extend the listener rule's host condition"),
        ])

    static let proxyRewritesHost = CauseEntry(
        .proxyRewritesHost, .host, "A proxy rewrites Host, so that Origin no longer matches it", blame: .intermediary,
        """
        The server compares Origin with Host. The client sent both with the same host, yet the server says that they differ: a hop between \
        has put another name (its own name for the backend, or the name without its port) into Host.
        """,
        clauses: [
            .says(112, .saysCrossOrigin, .originSameHost, unless: [.fetchSiteCross]),
            .says(90, .byGoUpgrader, .status403, .originSameHost),
            // The check failed although the client's Origin names the host that it asked for: on the way somebody changed that.
            .says(65, .outputOrigin, .originSameHost, .intermediaryOnPath), .says(112, .saysOriginNotForHost, .originSameHost),
            .says(30, .status404, .byRails, .originSameHost),
            .says(25, .saysHostRefused, .intermediaryOnPath), .says(15, .status403, .originSameHost, .intermediaryOnPath),
            .says(15, .saysCrossOrigin, .originOtherHost, .intermediaryOnPath), .says(12, .saysCrossOrigin, .originOtherHost),
            .excludes(.originNeverFlips, unless: [.saysCrossOrigin, .saysOriginNotForHost, .byGoUpgrader]),
            .excludes(.originAbsent), .excludes(.byEdge),
        ],
        probes: [.originRemoved, .host],
        decidedBy: [],
        decides: "asking the backend directly: with the client's Host it accepts, with the proxy's it doesn't",
        fix: ["Let the proxy pass the client's Host on unchanged, port included"],
        on: [
            .on(.nginx, "`proxy_set_header Host $http_host;` ($host drops the port, $proxy_host is the upstream's name)"),
            .on(.caddy, "remove `header_up Host ...`: Caddy passes the client's Host on by default"),
            .on(.apache, "`ProxyPreserveHost On`"), .on(.haproxy, "remove `http-request set-header Host`"),
            .on(.traefik, "`passHostHeader: true` on the service"),
            .on(.envoy, "remove `host_rewrite_literal` (or `auto_host_rewrite`) from the route"),
            .on(.cloudflare, "remove the Host override of the origin rule"),
            .on(.cloudFront, "forward Host with an origin request policy (AllViewer)"),
            .on(.azure, "switch off `Override with new host name` in the backend settings"),
        ])

    static let redirectToHttps = CauseEntry(
        .redirectToHttps, .redirect, "Only TLS is served here: the client used ws:// (or http) and is redirected", blame: .client,
        first: true,
        """
        The server answers the handshake with a redirect to https or wss. A page follows redirects, a WebSocket handshake never does: \
        the browser reports a failed connection.
        """,
        clauses: [
            .says(64, .redirectToSecure, .clientUsedPlain), .says(64, .redirectToSecureElsewhere, .clientUsedPlain),
            .says(40, .redirectToSecure, .intermediaryOwnPage), .says(40, .redirectToSecureElsewhere, .intermediaryOwnPage),
            .says(40, .redirectToSecure, .byEdge), .says(40, .redirectToSecureElsewhere, .byEdge),
            .denies(20, .redirectIsWebSocketURL, .intermediaryOnPath, unless: [.intermediaryOwnPage]), .proves(.flipSecure),
            .excludes(.clientUsedTLS), .excludes(.forwardedProtoSecure),
        ],
        probes: [.secure],
        decidedBy: [.secure],
        decides: "the same handshake over wss://",
        fix: ["Use wss:// (and the port of TLS) in the client: handshakes never follow redirects"],
        on: [
            .on(.nginx, "or proxy the WebSocket location in the port 80 server too, above `return 301`"),
            .on(.caddy, "Caddy redirects every site to HTTPS by default; `http://` in the address line stops that"),
            .on(.render, "Render answers ws:// with 301: use wss://name.onrender.com"),
            .on(.cloudflare, "`Always Use HTTPS` redirects ws:// as well: use wss://"),
            .on(.heroku, "use wss://"), .on(.fly, "use wss://, or `force_https = false`"),
            .on(.traefik, "the entry point's redirection applies to WebSockets too: use wss://"),
            .on(.haproxy, "`http-request redirect scheme https unless { ssl_fc }` applies to handshakes too: use wss://"),
            .on(.apache, "the `Redirect` or `RewriteRule` of the port 80 VirtualHost applies to handshakes too: use wss://"),
            .on(.awsALB, "the listener's redirect action applies to handshakes too: use wss://"),
            .on(.spring, "`requiresChannel().anyRequest().requiresSecure()` redirects the handshake: use wss://"),
        ])

    static let redirectTrailingSlash = CauseEntry(
        .redirectTrailingSlash, .redirect, "The server redirects to the same path with another trailing slash", blame: .client,
        first: true,
        """
        The endpoint's path and the client's differ in a slash at the end. For pages the server repairs that with a redirect; handshakes \
        never follow one.
        """,
        clauses: [.proves(.redirectAddsSlash), .proves(.statusRedirect, .flipSlash)],
        probes: [.trailingSlash],
        decidedBy: [.trailingSlash],
        decides: "the same handshake at the path that Location names",
        fix: ["Use exactly what Location names in the client: its path, and its scheme and port where they differ"],
        on: [
            .on(.nginx, "`location /ws` instead of `location /ws/` serves both"),
            .on(.quart, "declare the route with the path that clients use, or `strict_slashes=False`"),
            .on(.channels, "declare `path(\"ws/chat\", ...)` as clients ask for it"),
            .on(.goHTTP, "register the pattern without its trailing slash"),
            .on(.gorilla, "register the pattern without its trailing slash"),
            .on(.apache, "`DirectorySlash` and mod_dir add slashes: proxy the exact path"),
        ])

    static let redirectToLogin = CauseEntry(
        .redirectToLogin, .redirect, "The handshake is redirected to a login page", blame: .client, first: true,
        """
        Something in front of the endpoint (the framework's login filter, an authentication proxy, single sign-on) found no valid session \
        and sends the client to a login page. A handshake can't log in.
        """,
        clauses: [
            .says(95, .redirectToLoginPage),
            .says(20, .statusRedirect, .redirectElsewhere, .noCredentials, unless: [.redirectToOtherHost]),
            .excludes(.cloudflareAccess),
        ],
        probes: [.withCredentials],
        decidedBy: [.withCredentials],
        decides: "the same handshake with the cookie of a fresh login",
        fix: [
            "Log in first, and make sure that the session's cookie is sent with the handshake (domain, path, SameSite, Secure)",
            "Or exempt the WebSocket path from the login filter and authenticate there with a token",
        ],
        on: [
            .on(.spring, "`requestMatchers(\"/ws/**\").permitAll()` and authenticate in STOMP's CONNECT"),
            .on(
                .oauth2Proxy,
                "`--skip-auth-route` for the path, or send the `_oauth2_proxy` cookie; `--proxy-websockets` must be on"),
            .on(.cloudflare, "add a bypass or service-token policy for the path in Cloudflare Access"),
            .on(.jupyter, "send the token: `?token=...` or `Authorization: token ...`"),
        ])

    static let forwardedProtoMissing = CauseEntry(
        .forwardedProtoMissing, .scheme, "The backend takes the request for plain HTTP: no hop tells it about TLS",
        blame: .intermediary,
        """
        TLS ends at a proxy, and the backend sees plain HTTP. Unless the proxy says `X-Forwarded-Proto: https`, the backend redirects to \
        https for ever, or finds that the https Origin of the page isn't its own.
        """,
        clauses: [
            .says(80, .redirectToSecure, .clientUsedTLS), .says(70, .redirectToSecureElsewhere, .clientUsedTLS),
            .says(82, .redirectToSecure, .redirectIsWebSocketURL, .intermediaryOnPath),
            .says(35, .redirectToSecure, .redirectIsWebSocketURL), .says(15, .redirectToSecure, .clientUsedPlain),
            .says(30, .status403, .originSameHost, .originOtherScheme), .says(35, .status404, .byRails, .originOtherScheme),
            .says(35, .saysOriginRefused, .originSameHost, .originOtherScheme), .says(30, .forwardedProtoWebSocket),
            .proves(.flipForwardedProto, unless: [.forwardedProtoSecure]), .says(40, .flipForwardedHost),
            .denies(70, .forwardedProtoSecure), .denies(45, .intermediaryOwnPage, unless: [.clientUsedTLS]),
            .excludes(.byEdge, .clientUsedPlain),
        ],
        probes: [.forwardedProto],
        decidedBy: [.forwardedProto],
        decides: "the same handshake with `X-Forwarded-Proto: https`",
        fix: ["Let the proxy that ends TLS send `X-Forwarded-Proto: https`, and let the backend trust that proxy"],
        on: [
            .on(.nginx, "`proxy_set_header X-Forwarded-Proto $scheme;` (or `https`, where TLS ends before nginx)"),
            .on(.uvicorn, "run with `--proxy-headers --forwarded-allow-ips=<proxy address>`"),
            .on(.hypercorn, "wrap the application in `ProxyFixMiddleware`: hypercorn reads no X-Forwarded fields by itself"),
            .on(
                .fastAPI,
                "HTTPSRedirectMiddleware redirects whatever the server takes for http; do the redirect at the edge instead"),
            .on(.apache, "`RequestHeader set X-Forwarded-Proto https`"),
            .on(.haproxy, "`http-request set-header X-Forwarded-Proto https if { ssl_fc }`"),
            .on(.traefik, "Traefik sends `wss`; a headers middleware can force `X-Forwarded-Proto: https`"),
            .on(.spring, "`server.forward-headers-strategy=framework`"),
            .on(.rails, "`config.assume_ssl = true`, or the field from the proxy"),
            .on(.pythonSocketIO, "the default origin check builds scheme://host from these fields; or list the origins"),
            .on(.channels, "`SECURE_PROXY_SSL_HEADER = (\"HTTP_X_FORWARDED_PROTO\", \"https\")`"),
            .on(.aspnet, "`app.UseForwardedHeaders()` before the redirection"),
        ])

    static let forwardedFieldsNotTrusted = CauseEntry(
        .forwardedFieldsNotTrusted, .scheme, "X-Forwarded-* arrive, but the backend doesn't trust the hop that sends them",
        blame: .backend,
        """
        Anybody can send X-Forwarded fields, so backends believe only those from addresses that they were told about. A proxy at another \
        address (a container network, a new host) is ignored, or its requests are refused.
        """,
        clauses: [
            .says(82, .redirectToSecure, .forwardedProtoSecure), .says(70, .redirectToSecureElsewhere, .forwardedProtoSecure),
            .says(62, .redirectToSecure, .redirectIsWebSocketURL, .intermediaryOnPath),
            .says(30, .redirectToSecure, .clientUsedTLS),
            .says(25, .status400, .forwardedForPresent, .byAiohttp),
            .says(20, .status403, .forwardedProtoSecure, .originOtherScheme),
            .says(85, .flipForwardedRemoved, .status400), .says(50, .flipForwardedRemoved),
            .says(60, .flipForwardedProto, .forwardedProtoSecure),
            .denies(60, .intermediaryOwnPage), .excludes(.byEdge),
        ],
        probes: [.forwardedRemoved, .forwardedProto],
        decidedBy: [.forwardedRemoved, .forwardedProto],
        decides: "whether the field reaches the backend (its access log), and the list of addresses that it trusts",
        fix: ["Name the address of the proxy that sends X-Forwarded-* in the backend's list of trusted proxies"],
        on: [
            .on(.uvicorn, "`--forwarded-allow-ips=<proxy address>` (the default is 127.0.0.1 only), with `--proxy-headers`"),
            .on(.gunicorn, "`--forwarded-allow-ips`"),
            .on(.hypercorn, "`ProxyFixMiddleware(app, mode=\"legacy\", trusted_hops=1)`"),
            .on(.homeAssistant, "`http: use_x_forwarded_for: true` and `trusted_proxies: [<proxy address>]`"),
            .on(.spring, "`server.forward-headers-strategy`"), .on(.aspnet, "`ForwardedHeadersOptions.KnownProxies`"),
            .on(.rails, "`config.action_dispatch.trusted_proxies`"),
            .on(.traefik, "`forwardedHeaders.trustedIPs` on the entry point"),
            .on(.caddy, "`trusted_proxies` in the global options"),
        ])

    static let host: [CauseEntry] = [hostNotAllowed, hostRoutedElsewhere, proxyRewritesHost]
    static let redirect: [CauseEntry] = [redirectToHttps, redirectTrailingSlash, redirectToLogin]
    static let scheme: [CauseEntry] = [forwardedProtoMissing, forwardedFieldsNotTrusted]
}
