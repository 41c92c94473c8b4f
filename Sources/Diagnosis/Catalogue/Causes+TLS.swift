// TLS that fails, or is spoken where nobody expects it.

extension CauseCatalogue {
    static let certificateExpired = CauseEntry(
        .certificateExpired, .tls, "The certificate has expired or isn't valid yet", blame: .backend, first: true,
        "A certificate holds for a time. This one is past it (or a clock is wrong), so that clients refuse the connection before any HTTP.",
        clauses: [.proves(.failedTLSExpired)], decidedBy: [],
        fix: ["Renew the certificate and let the server load the new one"],
        on: [
            .on(.nginx, "`nginx -s reload` after the renewal"), .on(.apache, "`apachectl graceful` after the renewal"),
            .on(.haproxy, "put the new PEM where `crt` points and reload (`systemctl reload haproxy`)"),
            .on(.caddy, "look into Caddy's log for the renewal's error"),
            .on(.tornado, "make the ssl context anew and restart"), .on(.uvicorn, "restart with the new `--ssl-certfile`"),
        ])

    static let certificateNotTrusted = CauseEntry(
        .certificateNotTrusted, .tls, "The certificate's issuer isn't trusted", blame: .backend, first: true,
        "The certificate is self-signed, its issuer is unknown here, or the server does not send the intermediate certificate that links it to a known issuer. Browsers fetch missing links themselves, other clients don't.",
        clauses: [.proves(.failedTLSUntrusted)],
        decidedBy: [],
        fix: [
            "Serve the full chain of a certificate from a known issuer, or give the client the issuer's certificate (`ca` in Gatehouse's configuration, `--ca FILE` of diagnose)"
        ],
        on: [
            .on(.nginx, "`ssl_certificate` must be the full chain (fullchain.pem)"),
            .on(.uvicorn, "`--ssl-certfile` must be the full chain"), .on(.apache, "`SSLCertificateFile` must be the full chain"),
            .on(.haproxy, "`crt` must hold certificate, chain and key"), .on(.node, "`cert` must be the full chain"),
        ])

    static let certificateWrongName = CauseEntry(
        .certificateWrongName, .tls, "The certificate is for other names", blame: .backend, first: true,
        "The certificate is genuine, but doesn't name the host that the client asked for: another site's certificate, a missing alternative name, or a name that should have been another.",
        clauses: [.proves(.failedTLSName)], decidedBy: [],
        fix: ["Issue a certificate that names this host, or connect under a name that it has"],
        on: [
            .on(.nginx, "the `server` block of this name must have its own `ssl_certificate`"),
            .on(.caddy, "the site's address must name the host"),
            .on(.apache, "`SSLCertificateFile` in the VirtualHost with this `ServerName`"),
            .on(.haproxy, "add a PEM for this name to the directory that `crt` names: it is chosen by SNI"),
            .on(
                .traefik,
                "`tls.certResolver` on the router, or the pair in `tls.certificates` (`TRAEFIK DEFAULT CERT` means that none fits)"),
            .on(.cloudflare, "the universal certificate covers one level of subdomains only"),
        ])

    static let upstreamCertificate = CauseEntry(
        .upstreamCertificate, .tls, "A proxy refuses its backend's certificate", blame: .configuration,
        "A hop behind us speaks TLS to the backend and doesn't like its certificate: expired, unknown issuer, another name. It answers 502, 525 or 526 instead.",
        clauses: [
            .says(88, .status525or526), .says(22, .status502, .intermediaryOwnPage), .says(12, .status502),
            .says(14, .status503, .byEnvoyEmpty403), .says(90, .outputUpstreamCertificate, .status502),
            .says(60, .outputUpstreamCertificate, unless: [.status502]), .denies(60, .plainReached),
        ],
        decidedBy: [],
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
            .says(22, .failedClosedAtOnce, unless: [.clientUsedTLS]), .denies(60, .tlsIsNotSpoken),
            // Who routes by names hangs up on one that he doesn't know, so that this rules nothing out.
            .denies(24, .tlsHangsUp), .denies(25, .plainReached),
            .says(16, .failedClosedAtOnce, .plainSame, unless: [.clientUsedTLS]),
            .says(11, .status502, .byIntermediary),
        ], probes: [.secure],
        decidedBy: [.secure],
        decides: "the same handshake over TLS (wss://)",
        fix: ["Use wss:// (https:// for an upstream) on this port"],
        on: [
            .on(.nginx, "`proxy_pass https://...` where the backend speaks TLS"),
            .on(.haproxy, "`server app 10.0.0.1:443 ssl verify required ca-file ...`"),
            .on(.apache, "`SSLProxyEngine on` and `ProxyPass ... https://` (or wss://)"),
            .on(.caddy, "`reverse_proxy https://...`"),
            .on(.traefik, "`loadbalancer.server.scheme=https` (a label), or `https://` in the server's `url`"),
            .on(.awsALB, "a target group of the protocol HTTPS"),
        ])

    static let tlsToPlainHttpPort = CauseEntry(
        .tlsToPlainHttpPort, .tls, "TLS was spoken to a port that speaks plain HTTP", blame: .client, first: true,
        "The address says wss:// or https://, but what listens there speaks plain HTTP: OpenSSL calls that `wrong version number`. Proxies that were told to speak TLS to a plain backend answer 502 or 503.",
        clauses: [
            .proves(.failedTLSPlain), .proves(.failedClientTLS), .says(40, .failedTLSOther), .says(14, .status502, .byIntermediary),
            .says(12, .status503, .byHAProxy),
            .says(14, .status525or526), .denies(60, .plainReached),
        ],
        decidedBy: [],
        decides:
            "the proxy's error log (`wrong version number`, `SSL handshake failure`), or `gatehouse diagnose` against the backend over ws:// and wss://",
        fix: ["Use ws:// on this port, or give the server a certificate and let it speak TLS"],
        on: [
            .on(.uvicorn, "`--ssl-keyfile` and `--ssl-certfile`, or TLS in front of it"),
            .on(.nginx, "`listen 443 ssl;` for its clients; towards a plain backend `proxy_pass http://...`, not `https://`"),
            .on(.haproxy, "`bind :443 ssl crt ...` for its clients; towards a plain backend a `server` line without `ssl`"),
            .on(
                .apache,
                "`SSLEngine on` for its clients; towards a plain backend `ProxyPass ... http://` or ws://, not https:// or wss://"),
            .on(.caddy, "towards a plain backend `reverse_proxy http://...`, without `tls` in `transport http`"),
            .on(
                .traefik, "towards a plain backend `loadbalancer.server.scheme=http` (a label), or `http://` in the server's `url`"),
            .on(.awsALB, "towards a plain backend a target group of the protocol HTTP"),
            .on(.cloudflare, "the SSL modes Full and Full (strict) speak TLS to the origin server: give it a certificate"),
            .on(.node, "https.createServer instead of http.createServer"),
        ])

    static let tls: [CauseEntry] = [
        certificateExpired, certificateNotTrusted, certificateWrongName, upstreamCertificate, plainHttpToTlsPort,
        tlsToPlainHttpPort,
    ]
}
