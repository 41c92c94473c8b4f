// The fields that make a request an upgrade, and the hops that lose them.

extension CauseCatalogue {
    static let upgradeFieldsMissing = CauseEntry(
        .upgradeFieldsMissing, .upgradeFields, "The request that arrived is no valid upgrade", blame: .client, first: true,
        """
        A WebSocket begins as a GET with `Upgrade: websocket` and `Connection: Upgrade`. The request that arrived here has lost one of them, or never had it: a client that isn't a WebSocket client, or a proxy before us that doesn't pass them on.
        """,
        clauses: [
            .proves(.upgradeFieldMissing, .refused), .proves(.connectionTokenMissing, .refused),
            .says(70, .requestIsHTTP10, .refused), .says(40, .requestHasBody, .refused),
            .says(75, .requestIsHTTP10, .failedMalformedRequest), .says(70, .requestHasBody, .failedMalformedRequest),
            .says(50, .upgradeFieldMissing), .says(50, .connectionTokenMissing), .proves(.flipUpgradeFields),
        ],
        probes: [.upgradeFields],
        decidedBy: [.upgradeFields],
        decides: "the same request with both fields",
        fix: [
            "Send `Upgrade: websocket` and `Connection: Upgrade`, and let every hop in between pass them on (they are hop-by-hop fields)"
        ],
        on: [
            .on(
                .nginx,
                "`proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;`"
            ), .on(.apache, "`ProxyPass /ws http://app/ws upgrade=websocket`"),
            .on(.cloudflare, "switch on Network → WebSockets for the zone"),
            .on(.cloudFront, "forward the Sec-WebSocket-* fields with an origin request policy (AllViewer)"),
            .on(.varnish, "`return (pipe)` for upgrades, and copy Upgrade and Connection in vcl_pipe"),
        ])

    static let proxyDropsUpgrade = CauseEntry(
        .proxyDropsUpgrade, .upgradeFields, "A proxy behind us doesn't pass on Upgrade and Connection", blame: .intermediary,
        """
        Upgrade and Connection concern one hop only: every proxy has to set them anew towards the next one. A proxy that doesn't turns the handshake into a plain GET, and the backend answers that, each framework in its own way.
        """,
        clauses: [
            .says(60, .saysUpgradeMissing, .isUpgrade), .proves(.saysUpgradeMissing, .isUpgrade, .intermediaryOnPath),
            .says(40, .saysUpgradeMissing, .isUpgrade, unless: [.intermediaryOnPath]),
            .says(45, .status426, .isUpgrade), .says(30, .status426, .isUpgrade, .intermediaryOnPath),
            .says(68, .byFrameworkAsHTTP, .intermediaryOnPath), .says(46, .uvicornAsHTTP, .hopRewroteServer),
            .says(45, .uvicornAsHTTP, unless: [.intermediaryOnPath]),
            .says(26, .status404, .byPlainNode, .intermediaryOnPath),
            // A hop need not name itself: HAProxy, and nginx with its name hidden, look like the server behind them.
            .says(34, .status404, .byPlainNode, .isUpgrade, unless: [.intermediaryOnPath]),
            .says(34, .status200, .byPlainNode, .isUpgrade, unless: [.intermediaryOnPath]),
            .says(
                20, .status404, .isUpgrade,
                unless: [.intermediaryOnPath, .byBackend, .byEdge, .intermediaryOwnPage, .goDefaultPage]),
            .says(18, .status200, .isUpgrade, unless: [.intermediaryOnPath, .byEdge, .byCaddyEmpty200, .bodyIsApplicationPage]),
            .says(12, .plainSame, .isUpgrade, unless: [.intermediaryOnPath, .failedClosed]),
            .says(30, .byApache, .status404, unless: [.intermediaryOwnPage]), .says(16, .status200, .intermediaryOnPath),
            .says(16, .status404, .byRails),
            .says(20, .status404, .byWSGI, .intermediaryOnPath), .says(15, .plainSame, .intermediaryOnPath),
            // nginx passes on no upgrade unless it is told to. Go and others answer a wrong path alike, so that this alone is not likely.
            .says(40, .plainSame, .status404, .byNginx, unless: [.byBackend, .intermediaryOwnPage, .goDefaultPage]),
            .says(40, .plainSame, .status400, .byNginx, unless: [.byBackend, .intermediaryOwnPage]),
            .says(40, .plainSame, .status404, .byNginx, .byPlainNode),
            .says(20, .saysBadRequestOfQuart, .intermediaryOnPath), .says(25, .status400, .intermediaryOnPath, .byBackend),
            .denies(50, .outputUnsupportedUpgrade),
            .says(92, .outputSawPlainRequest, .isUpgrade, unless: [.outputUnsupportedUpgrade]),
            .denies(90, .outputSawUpgrade), .denies(60, .intermediaryOwnPage), .excludes(.upgradeFieldMissing),
            .excludes(.connectionTokenMissing), .denies(40, .saysHTTP10), .denies(50, .byEdge), .denies(30, .saysTooSlow),
        ],
        probes: [.plainGet],
        decidedBy: [],
        decides: "the same handshake sent to the backend directly, past the proxy",
        fix: ["Let the proxy speak HTTP/1.1 to the backend and set `Upgrade: websocket` and `Connection: Upgrade` anew"],
        on: [
            .on(
                .nginx,
                "`proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";` in this location (a `proxy_set_header` there discards those of the server block)"
            ),
            .on(
                .apache,
                "`ProxyPass /ws http://app/ws upgrade=websocket` (2.4.47 and later), or `ws://` with mod_proxy_wstunnel before the general rule"
            ),
            .on(
                .haproxy,
                "upgrades pass by default: remove `http-request del-header Upgrade` (or Connection), and write `ws h1` on a `server` line with `alpn h2`"
            ),
            .on(
                .caddy, "upgrades pass by default: remove `header_up -Upgrade` (or -Connection) and `transport http { versions 2 }`"
            ),
            .on(.varnish, "`if (req.http.upgrade ~ \"(?i)websocket\") { return (pipe); }`, and copy the fields in vcl_pipe"),
            .on(.envoy, "`upgrade_configs: [{upgrade_type: websocket}]`"), .on(.cloudflare, "switch on Network → WebSockets"),
            .on(.azure, "switch on `Web sockets` in the App Service"),
            .on(.cloudFront, "an origin request policy that forwards Sec-WebSocket-* (AllViewer)"),
            .on(
                .traefik,
                "upgrades pass by default: remove the headers middleware whose `customRequestHeaders` empties Upgrade or Connection"
            ),
            .on(.awsALB, "it passes upgrades on: the hop behind it drops them"),
            .on(.render, "its edge passes upgrades on: look at the proxy in your own service"),
        ])

    static let proxyDropsField = CauseEntry(
        .proxyDropsField, .upgradeFields, "A proxy drops a cookie or another field that the backend needs", blame: .intermediary,
        """
        The request carried what the backend asks for, yet the backend behaves as if it hadn't. Proxies drop fields with an underscore in their name, fields above a size, cookies that a policy doesn't list, or everything that isn't on an allow list.
        """,
        clauses: [
            .says(52, .status401, .hasUnderscoreField, .intermediaryOnPath),
            .says(45, .status403, .hasUnderscoreField, .intermediaryOnPath),
            .says(40, .status401, .hasUnderscoreField, unless: [.intermediaryOnPath]),
            .says(22, .status401, .hasCredentials, .intermediaryOnPath),
            .says(16, .status403, .hasCredentials, .intermediaryOnPath),
            .says(45, .saysNotAuthenticated, .hasCredentials, .intermediaryOnPath),
            .says(75, .saysKeyBad, .isUpgrade, unless: [.keyMissing, .keyMalformed, .keyRepeated]),
            .says(50, .saysVersionBad, .isUpgrade, unless: [.versionMissing, .versionUnsupported]),
            // Who names its version refuses the one that it saw, or that it saw none; Go's upgraders name it in every refusal.
            .says(30, .namesVersion13, .status400, .isUpgrade, unless: [.byGoUpgrader]),
            .says(24, .namesVersion13, .status426, .isUpgrade, unless: [.byGoUpgrader]),
            .says(20, .outputCredentials, .hasCredentials, .intermediaryOnPath), .says(90, .outputFieldDropped),
            .denies(40, .intermediaryOwnPage),
            .excludes(.byEdge, .cloudflareMitigated),
        ],
        decidedBy: [],
        decides: "the fields that reach the backend (its log), or the same handshake sent to it directly",
        fix: ["Let the proxy pass the field on, or give it a name that proxies pass (no underscore)"],
        on: [
            .on(.nginx, "`underscores_in_headers on;`, or rename the field with hyphens"),
            .on(.cloudFront, "list the field or cookie in the origin request policy"),
            .on(.apache, "fields with underscores are dropped: rename the field"),
            .on(.awsAPIGateway, "map the field in the integration"),
            .on(
                .haproxy,
                "remove `http-request del-header` for it; `option http-restrict-req-hdr-names preserve` keeps names with underscores"
            ),
            .on(.caddy, "remove the `header_up -Name` that takes it away"),
            .on(.traefik, "remove the headers middleware whose `customRequestHeaders` empties it"),
        ])

    static let proxyDropsSubprotocol = CauseEntry(
        .proxyDropsSubprotocol, .upgradeFields, "A proxy drops Sec-WebSocket-Protocol", blame: .intermediary,
        """
        The client offered subprotocols, and the server never saw them, or its choice never came back: a hop in between has removed the field.
        """,
        clauses: [
            .says(30, .subprotocolNotSelected, .intermediaryOnPath),
            .says(12, .subprotocolNotSelected, unless: [.intermediaryOnPath]),
            .says(100, .saysSubprotocolMissing, .offersSubprotocol),
        ],
        decidedBy: [],
        decides: "the same handshake sent to the backend directly",
        fix: ["Let the proxy pass Sec-WebSocket-Protocol on, in both directions"],
        on: [
            .on(.cloudFront, "an origin request policy that forwards Sec-WebSocket-Protocol (AllViewer)"),
            .on(.nginx, "look for `proxy_set_header Sec-WebSocket-Protocol \"\"` and `proxy_hide_header`"),
            .on(.varnish, "copy the Sec-WebSocket-* fields in vcl_pipe"),
            .on(.haproxy, "remove `http-request del-header Sec-WebSocket-Protocol` and its like of http-response"),
            .on(.apache, "remove `RequestHeader unset Sec-WebSocket-Protocol` and `Header unset Sec-WebSocket-Protocol`"),
            .on(.caddy, "remove `header_up -Sec-WebSocket-Protocol` and `header_down -Sec-WebSocket-Protocol`"),
        ])

    static let methodNotGet = CauseEntry(
        .methodNotGet, .upgradeFields, "The upgrade's method is not GET", blame: .client, first: true,
        """
        RFC 6455 §4.1 knows one method for the opening handshake: GET. Health checks that use HEAD or OPTIONS, and hand-written clients that POST, are refused.
        """,
        clauses: [
            .proves(.methodOther, .refused), .says(60, .methodOther), .proves(.flipMethod), .says(20, .methodOther, .allowsGET),
        ],
        probes: [.methodGet],
        decidedBy: [.methodGet],
        fix: ["Use GET, without a body"],
        on: [
            .on(.haproxy, "let the health check use GET: `option httpchk` with `http-check send meth GET uri /healthz`"),
            .on(.pythonWebsockets, "HEAD and POST are answered with 405; answer health checks in `process_request`"),
        ])

    static let secWebsocketKeyMissing = CauseEntry(
        .secWebsocketKeyMissing, .upgradeFields, "Sec-WebSocket-Key is missing or malformed", blame: .client, first: true,
        """
        Every handshake carries a fresh random key of 16 bytes in base64, and the server's answer proves that it has read it. Without a proper key no server may answer 101.
        """,
        clauses: [
            .proves(.keyMissing, .refused, unless: [.upgradeFieldMissing, .connectionTokenMissing]),
            .proves(.keyMalformed, .refused, unless: [.upgradeFieldMissing, .connectionTokenMissing]),
            .proves(.keyRepeated, .refused, unless: [.upgradeFieldMissing, .connectionTokenMissing]), .says(62, .keyMissing),
            .says(62, .keyMalformed), .says(60, .keyRepeated), .proves(.flipKey),
        ],
        probes: [.properKey],
        decidedBy: [.properKey],
        fix: [
            "Send a fresh Sec-WebSocket-Key of 16 random bytes in base64 (a proxy that allows fields by name must list the Sec-WebSocket-* ones)"
        ],
        on: [.on(.cloudFront, "forward the Sec-WebSocket-* fields with an origin request policy (AllViewer)")])

    static let secWebsocketVersionMissing = CauseEntry(
        .secWebsocketVersionMissing, .upgradeFields, "Sec-WebSocket-Version is missing", blame: .client, first: true,
        """
        The handshake has to name the version of the protocol, which is 13 since 2011. Without it, servers refuse.
        """,
        clauses: [
            .proves(.versionMissing, .refused, unless: [.upgradeFieldMissing, .connectionTokenMissing]), .says(62, .versionMissing),
            .proves(.versionMissing, .flipVersion), .says(20, .versionMissing, .namesVersion13),
        ],
        probes: [.version13],
        decidedBy: [.version13],
        fix: ["Send `Sec-WebSocket-Version: 13`"])

    static let websocketVersionUnsupported = CauseEntry(
        .websocketVersionUnsupported, .upgradeFields, "The WebSocket version is not 13", blame: .client, first: true,
        """
        Version 13 is the protocol of RFC 6455. Clients that ask for 7 or 8 speak a draft from before, which servers no longer support.
        """,
        clauses: [
            .proves(.versionUnsupported, .refused, .status426), .proves(.versionUnsupported, .saysVersionBad),
            .says(92, .versionUnsupported, .refused), .says(40, .versionUnsupported), .proves(.versionUnsupported, .flipVersion),
            .proves(.versionUnsupported, .status400, .namesVersion13),
            .says(72, .namesOtherVersion, .refused, unless: [.versionUnsupported]),
        ],
        probes: [.version13],
        decidedBy: [.version13],
        decides: "the same handshake with version 13",
        fix: [
            "Use a client that speaks version 13 (RFC 6455)",
            "Where it is the server that names another version in its answer, bring its WebSocket library up to date",
        ])

    static let http10Upstream = CauseEntry(
        .http10Upstream, .upgradeFields, "A proxy speaks HTTP/1.0 to the backend", blame: .intermediary,
        """
        HTTP/1.0 knows no upgrade. Proxies that speak it to the backend by default (older nginx) can't carry a handshake, whatever fields they set.
        """,
        clauses: [
            .proves(.saysHTTP10, unless: [.requestIsHTTP10]), .says(92, .status505, unless: [.requestIsHTTP10]),
            .says(20, .status426, .byNginx), .says(18, .status400, .byHypercorn, .intermediaryOnPath),
            .says(12, .byFrameworkAsHTTP, .byNginx), .says(20, .answerIsHTTP10),
        ],
        decidedBy: [],
        decides: "the version in the backend's access log",
        fix: ["Let the proxy speak HTTP/1.1 to the backend"],
        on: [
            .on(.nginx, "`proxy_http_version 1.1;` (before 1.29.7 the default is 1.0), with Upgrade and Connection set"),
            .on(.apache, "remove `SetEnv force-proxy-request-1.0` and `proxy-nokeepalive`"),
            .on(.varnish, "pipe mode speaks HTTP/1.1: `return (pipe)`"),
        ])

    static let upgradeNotEnabled = CauseEntry(
        .upgradeNotEnabled, .upgradeFields, "The proxy knows upgrades and has them switched off on this route",
        blame: .intermediary,
        """
        Some proxies and platforms carry WebSockets only where they were told to. Without that switch they refuse the upgrade themselves, or pass it on as a plain request.
        """,
        clauses: [
            .says(80, .byEnvoyEmpty403), .says(20, .byEnvoyEmpty403, .plainWorks), .says(55, .byServerless),
            .says(25, .byServerless, .status405), .says(30, .byApache, .byFrameworkAsHTTP),
            .says(25, .status501, .intermediaryOwnPage),
            .says(20, .byFrameworkAsHTTP, .intermediaryOnPath), .says(15, .status403, .intermediaryOnPath, .plainWorks),
            .says(30, .status405, .intermediaryOwnPage), .says(15, .byServerless, .status404),
        ],
        probes: [.plainGet],
        decidedBy: [.plainGet],
        decides: "a plain GET of the same path: it reaches the backend where the upgrade is refused",
        fix: ["Switch WebSocket upgrades on for this route"],
        on: [
            .on(.envoy, "`upgrade_configs: [{upgrade_type: websocket}]` in the HTTP connection manager or the route"),
            .on(.apache, "`a2enmod proxy_wstunnel`, or `upgrade=websocket` on ProxyPass"),
            .on(.varnish, "`return (pipe)` for upgrades"),
            .on(.azure, "`az webapp config set --web-sockets-enabled true`"), .on(.cloudflare, "Network → WebSockets"),
            .on(.awsAPIGateway, "REST and HTTP APIs can't upgrade: make a WebSocket API"),
            .on(.vercel, "functions can't upgrade: run the WebSocket elsewhere"),
            .on(.netlify, "functions can't upgrade: run the WebSocket elsewhere"),
            .on(.gcp, "App Engine standard can't upgrade: use Cloud Run or the flexible environment"),
        ])

    static let http2WithoutExtendedConnect = CauseEntry(
        .http2WithoutExtendedConnect, .upgradeFields, "The connection is HTTP/2 and one side can't do extended CONNECT",
        blame: .intermediary,
        """
        In HTTP/2 there is no Upgrade: a WebSocket needs the extended CONNECT of RFC 8441, which both sides must know. Otherwise the client has to use HTTP/1.1 for it.
        """,
        clauses: [.says(85, .failedHTTP2), .says(10, .byEnvoyEmpty403), .says(10, .status502, .byEdge)],
        decidedBy: [],
        decides: "the same handshake with HTTP/1.1 only (ALPN http/1.1)",
        fix: ["Offer HTTP/1.1 for this host as well, or switch extended CONNECT on along the whole path"],
        on: [
            .on(.envoy, "`http2_protocol_options: {allow_connect: true}` on both sides, or HTTP/1.1 to the backend"),
            .on(.haproxy, "`alpn http/1.1` on the bind line of this name, or an HTTP/1.1 server line"),
            .on(.awsALB, "a target group of protocol version HTTP1"), .on(.goHTTP, "`GODEBUG=http2xconnect=0`"),
        ])

    static let upgradeFields: [CauseEntry] = [
        upgradeFieldsMissing, proxyDropsUpgrade, proxyDropsField, proxyDropsSubprotocol, methodNotGet, secWebsocketKeyMissing,
        secWebsocketVersionMissing, websocketVersionUnsupported, http10Upstream, upgradeNotEnabled, http2WithoutExtendedConnect,
    ]
}
