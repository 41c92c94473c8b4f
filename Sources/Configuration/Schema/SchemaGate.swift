import ProxyCore

/// The definitions of a route's gate: `origins`, `auth`, `permission`, `guards`.
enum SchemaGate {
    private static let standardToken = TokenRule()
    private static let standardForward = ForwardRule(
        url: ServiceURL(endpoint: Endpoint(scheme: .http, host: "localhost", port: 80), target: "/"))

    static let keys: [KeyDefinition] = [
        KeyDefinition(
            "origins", .shapes([.list(.text), .map(origins)]),
            "Which origins may open a session; without the key, all. A list is short for `allow`.",
            example: "[https://app.example.com, \"https://*.example.com\"]"),
        KeyDefinition(
            "auth", .map(auth), "Who may open a session: where the credential stands and how it is checked.",
            example: "{from: [{query: token}], jwt: {keys: keys.json, audience: app}}"),
        KeyDefinition(
            "permission", .shapes([.list(.text), .map(permission)]),
            "What an authenticated user may open. A list is short for `require`.", example: "[scopes contains chat]"),
        KeyDefinition(
            "guards", .word(["upgrades", "all"]), default: "upgrades",
            "What origins, auth and permission judge: `upgrades`, or `all` requests of the route, for transports that fall back to polling.",
            example: "all"),
    ]

    private static let origins: [KeyDefinition] = [
        KeyDefinition(
            "allow", .list(.text),
            "Origins: `https://app.example.com`; `https://*.example.com` for everything below a domain; `http://localhost:*` for any port; `same-host` for the host that the client asked for; `null`; `*` for all but `null`.",
            example: "[same-host, https://app.example.com]"),
        KeyDefinition(
            "missing", .word(OriginRule.Missing.allCases.map(\.rawValue)), default: OriginRule.Missing.refuse.rawValue,
            "What becomes of an upgrade without `Origin`: browsers always send it, programs seldom.", example: "allow"),
        reportOnly,
    ]

    private static let reportOnly = KeyDefinition(
        "report_only", .boolean, default: "false", "Decides and logs, and lets pass.", example: "true")

    private static let source: [KeyDefinition] = [
        KeyDefinition("query", .text, "A query parameter.", example: "token"),
        KeyDefinition("cookie", .text, "A cookie.", example: "session"),
        KeyDefinition(
            "header", .fieldName, "A field; of `Authorization` the token behind `Bearer`.", example: "Authorization"),
        KeyDefinition("subprotocol", .text, "A subprotocol that begins with this text; the token is the rest.", example: "auth."),
    ]

    private static let auth: [KeyDefinition] = [
        KeyDefinition(
            "from", .list(.shapes([.word(["authorization", "basic", "subprotocol", "client_certificate"]), .map(source)])),
            "Where the credential stands; the first place that holds one decides. `authorization` is `Bearer`, `basic` user and password, `subprotocol` the one behind `bearer` in `Sec-WebSocket-Protocol`, `client_certificate` the one of the TLS handshake.",
            example: "[{query: token}, {cookie: session}, authorization]"),
        KeyDefinition(
            "keys",
            .list(
                .map([
                    KeyDefinition("name", .name, "Whose key it is.", example: "ops"),
                    KeyDefinition(
                        "sha256", .text, "The key's SHA-256 in hexadecimal: `printf %s KEY | sha256sum`."),
                ])),
            "Static keys, by their hashes."),
        KeyDefinition(
            "htpasswd", .file(mustExist: true), "A file of users with bcrypt hashes (`htpasswd -B`), for `basic`.",
            example: "users.htpasswd"),
        KeyDefinition(
            "forward", .map(forward),
            "Has a service of yours judge each request, in place of keys, htpasswd and jwt. Whatever it answers but 2xx lets nobody in.",
            example: "{url: 'http://127.0.0.1:9000/check', user: X-User}"),
        KeyDefinition(
            "subjects", .list(.text),
            "Whose client certificates are let in: `CN=robot-*`, `DNS=*.devices.example`, `O=Example,CN=robot-*` (all of it), or `*`. Their chains are checked by the listener (`tls.client_ca`).",
            example: "[\"CN=robot-*\"]"),
        KeyDefinition("jwt", .map(jwt), "Checks tokens as JWT.", example: "{keys: keys.json, audience: app}"),
        KeyDefinition(
            "identity",
            .list(
                .map([
                    KeyDefinition("field", .fieldName, "The field.", example: "X-User"),
                    KeyDefinition(
                        "value", .text, "`user`, `scopes`, or a claim: `claims.tenant`.", example: "claims.tenant"),
                ])),
            "Fields that tell the backend who it is. Whatever the client sends under their names is removed from every request of the route.",
            example: "[{field: X-User, value: user}]"),
        KeyDefinition(
            "strip", .boolean, default: "false",
            "Whether the credential is left out of what goes upstream. One in a cookie stays.", example: "true"),
        KeyDefinition(
            "expiry_code", .integer(3000...4999), default: "4401",
            "The close code of a session whose token ends; it is closed at `exp`.", example: "4001"),
        KeyDefinition(
            "expiry_warning", .duration(zero: true), default: DurationText.text(AuthenticationRule.expiryWarning),
            "How long before that the ledger says `session.expiring`; `0s` for never.", example: "5m"),
        reportOnly,
    ]

    private static let forward: [KeyDefinition] = [
        KeyDefinition(
            "url", .text,
            "Where the service is asked, by GET with `X-Forwarded-Method`, `-Proto`, `-Host`, `-Uri` and `-For`.",
            example: "http://127.0.0.1:9000/check"),
        Schema.tls("How an `https` service is checked, and what Gatehouse shows to it."),
        KeyDefinition(
            "timeout", .duration(), default: DurationText.text(standardForward.timeout),
            "From the request to the answer; then 503.", example: "500ms"),
        KeyDefinition(
            "fields", .list(.fieldName), default: "[Authorization, Cookie]", "Fields of the client's that the service gets.",
            example: "[X-Api-Key]"),
        KeyDefinition(
            "user", .fieldName,
            "The field of the answer that names the user; the backend gets it under the same name, and never the client's own.",
            example: "X-User"),
        KeyDefinition(
            "pass", .list(.fieldName),
            "Fields of the answer that the backend gets; the client's own of these names are removed. Rules know them as `claims.x-name`.",
            example: "[X-User, X-Tenant]"),
        KeyDefinition(
            "cache", .duration(zero: true), default: DurationText.text(standardForward.keeps),
            "The longest that an answer is kept for the same question, by `max-age` of its `Cache-Control`; `0s` keeps none.",
            example: "1m"),
    ]

    private static let jwt: [KeyDefinition] = [
        KeyDefinition(
            "keys", .file(mustExist: true), "A file with public keys or certificates in PEM, a JWK, or a JWKS.",
            example: "keys.json"),
        KeyDefinition(
            "url", .text,
            "The URL of a JWKS; fetched at start, every 10 minutes, and when a token names a key that isn't there.",
            example: "https://issuer.example/.well-known/jwks.json"),
        Schema.tls("How an `https` URL is checked, and what Gatehouse shows to it."),
        KeyDefinition("secret", .secret, "A secret for HS256, HS384 or HS512, of at least 32 characters."),
        KeyDefinition("secret_variable", .name, "The environment's variable that holds the secret.", example: "JWT_SECRET"),
        KeyDefinition(
            "algorithms", .list(.word(TokenAlgorithm.allCases.map(\.rawValue))),
            "What keys that don't name their `alg` may sign with. Without it one by the kind of key: RS256, ES256 (ES384, ES512 by the curve), EdDSA, HS256.",
            example: "[RS256]"),
        KeyDefinition(
            "issuer", .shapes([.text, .list(.text)]), "What `iss` must be; without it, not checked.",
            example: "https://issuer.example"),
        KeyDefinition(
            "audience", .shapes([.text, .list(.text)]),
            "What `aud` must name; without it, tokens that name an audience are refused.", example: "app"),
        KeyDefinition(
            "leeway", .duration(zero: true), default: DurationText.text(standardToken.leeway),
            "How far the issuer's clock may differ; at most 1m.", example: "10s"),
        KeyDefinition(
            "require_exp", .boolean, default: "\(standardToken.requiresExpiry)", "Whether a token must have an `exp`.",
            example: "false"),
        KeyDefinition("user", .name, default: standardToken.userClaim, "The claim that names the user.", example: "email"),
    ]

    private static let permission: [KeyDefinition] = [
        KeyDefinition(
            "path", .text, "The path with names for its parts; other paths are refused.", example: "\"/conversations/{id}/ws\""),
        KeyDefinition(
            "require", .list(.text),
            "Conditions, all of which must be met: `claims.NAME`, `scopes`, `user`, `path.NAME`, `query.NAME` compared by `==`, `!=`, `contains`, `in`, `exists`, joined by `and`, `or`.",
            example: "[scopes contains chat]"),
        reportOnly,
    ]
}
