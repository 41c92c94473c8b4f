import Configuration
import HTTPWire
import ProxyCore
import Testing
import Wire

@Suite struct GateTests {
    private func gate(_ lines: String) throws -> Gate {
        try #require(try decode("upstream: http://a\n" + lines).routes.routes.first?.gate)
    }

    @Test func `a configuration without rules has no gate`() throws {
        #expect(try decode("upstream: http://a").routes.routes.first?.gate == nil)
        #expect(try decode("upstream: http://a").credentials.isEmpty)
    }

    @Test func `origins, short and long`() throws {
        let short = try gate("origins: [https://App.example.com, 'https://*.example.com', same-host]").origins
        #expect(short?.allow.map(\.description) == ["https://app.example.com", "https://*.example.com", "same-host"])
        #expect(short?.missing == .refuse && short?.reportOnly == false)
        let long = try gate("origins: {allow: ['*', 'null'], missing: allow, report_only: true}").origins
        #expect(long == OriginRule(allow: [.any, .null], missing: .allow, reportOnly: true))
    }

    @Test func `auth with everything`() throws {
        let text = """
            upstream: http://a
            auth:
              from: [authorization, basic, {query: token}, {cookie: sid}, {header: X-Key}, subprotocol, {subprotocol: auth.}]
              keys: [{name: ops, sha256: \(String(repeating: "0aF", count: 21))0}]
              htpasswd: /etc/hostname
              jwt: {secret_variable: S, algorithms: [HS256, HS512], issuer: [a, b], audience: c, leeway: 5s, require_exp: false, user: email}
              identity: [{field: X-User, value: user}, {field: x-tenant, value: claims.tenant.id}]
              strip: true
              expiry_code: 4001
            """
        let snapshot = try decode(text, environment: ["S": "0123456789abcdef"])
        let rule = try #require(snapshot.routes.routes.first?.gate?.authentication)
        #expect(rule.sources.map(\.description).count == 7 && rule.sources.first == .bearer)
        #expect(rule.strips && rule.expiryCode == 4001 && rule.identity.map(\.name.description) == ["x-user", "x-tenant"])
        let settings = try #require(snapshot.credentials.first)
        #expect(
            settings.keys.first?.digest.count == 32
                && settings.keys.first?.digest.prefix(3).elementsEqual([0x0A, 0xF0, 0xAF]) == true)
        #expect(settings.passwordFile == "/etc/hostname" && settings.token?.algorithms == [.hs256, .hs512])
        #expect(settings.token?.rule.issuers == ["a", "b"] && settings.token?.rule.audiences == ["c"])
        #expect(settings.token?.rule.userClaim == "email" && settings.token?.rule.requiresExpiry == false)
        #expect(settings.token?.rule.leeway == .seconds(5) && rule.token == settings.token?.rule)
        #expect(!"\(settings)".contains("0123456789abcdef"))
    }

    @Test func `services are checked by the same words as upstreams`() throws {
        let text = "{server_name: judge.example, ca: /etc/hostname, certificate: /etc/hostname, key: /etc/hostname}"
        let tls = UpstreamTLS(
            serverName: "judge.example", authorityFile: "/etc/hostname", certificateFile: "/etc/hostname", keyFile: "/etc/hostname")
        let forward = try gate("auth: {forward: {url: 'https://a.example/', tls: \(text)}}").authentication?.forward
        #expect(forward?.tls == tls)
        let keys = try decode(
            "upstream: http://a\nauth: {from: [authorization], jwt: {url: 'https://a.example/jwks.json', tls: \(text)}}")
        #expect(keys.credentials.first?.token?.tls == tls)
        #expect(
            try gate("auth: {forward: {url: 'https://a.example/', tls: {verify: false}}}").authentication?.forward?.tls.verify
                == false)
    }

    @Test(arguments: [
        ("auth: {forward: {url: 'http://127.0.0.1:1/', tls: {verify: true}}}", "without TLS"),
        ("auth: {forward: {url: 'https://a.example/', tls: {certificate: /etc/hostname}}}", "a certificate without its key"),
        ("auth: {from: [authorization], jwt: {keys: /etc/hostname, tls: {verify: true}}}", "tls for keys that are not fetched"),
    ])
    func `what TLS settings of a service can't mean is said`(lines: String, words: String) throws {
        #expect(problems("upstream: http://a\n" + lines).contains { "\($0)".contains(words) })
    }

    @Test func `forward-auth with everything, and with nothing but its service`() throws {
        let short = try #require(try gate("auth: {forward: {url: 'http://127.0.0.1:9000'}}").authentication)
        #expect(short.sources.isEmpty && short.identity.isEmpty)
        #expect(short.forward == ForwardRule(url: try #require(ServiceURL("http://127.0.0.1:9000/"))))
        #expect(short.forward?.fields == [FieldName.authorization, .cookie] && short.forward?.timeout == .seconds(2))
        let long = try #require(
            try gate(
                "auth: {from: [{cookie: sid}], forward: {url: 'https://a.example/c?x=1', timeout: 1s, fields: [X-Key], user: X-User, pass: [X-User, X-Org], cache: 0s}}"
            ).authentication)
        let forward = try #require(long.forward)
        #expect(forward.url.target == "/c?x=1" && forward.url.endpoint.isSecure && forward.timeout == .seconds(1))
        #expect(forward.fields.map(\.description) == ["x-key"] && forward.keeps == .zero && forward.user?.description == "x-user")
        #expect(long.identity.map { "\($0.name)=\($0.value)" } == ["x-user=claims.x-user", "x-org=claims.x-org"])
        let snapshot = try decode("upstream: http://a\nauth: {forward: {url: 'http://127.0.0.1:1', fields: [X-Key]}}")
        #expect(snapshot.credentialNames.fields == ["x-key"] && snapshot.warnings.isEmpty)
        #expect(try decode("upstream: http://a\nauth: {forward: {url: 'http://10.0.0.1'}}").warnings.count == 1)
        _ = try gate("auth: {forward: {url: 'http://127.0.0.1:9000'}}\npermission: [claims.x-org == a, user == b]")
    }

    @Test func `client certificates`() throws {
        let listen =
            "listen: {address: 0.0.0.0:1, tls: {certificate: /etc/hostname, key: /etc/hostname, client_ca: /etc/hostname}}\n"
        let snapshot = try decode(
            listen + "upstream: http://a\nauth: {from: [client_certificate], subjects: ['CN=a-*', '*'], expiry_warning: 5m}")
        let rule = try #require(snapshot.routes.routes.first?.gate?.authentication)
        #expect(rule.sources == [.certificate] && rule.expiryWarning == .seconds(300))
        #expect(snapshot.credentials.first?.certificates?.subjects.map(\.description) == ["CN=a-*", "*"])
        #expect(
            try problem(listen + "upstream: http://a\nauth: {from: [client_certificate], subjects: [robot]}").key
                == "auth.subjects[0]")
    }

    @Test func `permission and limits`() throws {
        let snapshot = try decode(
            """
            routes:
              - upstream: http://a
                auth: {from: [authorization], jwt: {secret: 0123456789abcdef0123456789abcdef}}
                permission: {path: "/c/{id}/ws", require: [claims.c == path.id]}
                limits: {sessions: 5, sessions_per_user: 2, upgrades_per_second: 9, messages_per_second: 4, message_size: 1MiB, on_limit: close}
                guards: all
            limits: {sessions_per_address: 3, upgrades_per_second: 7, messages_per_second: 8, on_limit: queue, queue_length: 10, queue_wait: 2s}
            """)
        let gate = try #require(snapshot.routes.routes.first?.gate)
        #expect(gate.permission?.template?.description == "/c/{id}/ws" && gate.coversRequests)
        #expect(gate.limits.sessions == 5 && gate.limits.sessionsPerUser == 2 && gate.limits.upgradesPerSecond == 9)
        #expect(gate.limits.messagesPerSecond == 4 && gate.limits.messageSize == 1 << 20 && gate.limits.onLimit == .close)
        #expect(snapshot.limits.messagesPerSecond == 8 && snapshot.limits.onLimit == .queue)
        #expect(snapshot.limits.queueLength == 10 && snapshot.limits.queueWait == .seconds(2))
        #expect(snapshot.limits.sessionsPerAddress == 3 && snapshot.limits.upgradesPerSecond == 7)
    }

    @Test(
        arguments: [
            ("origins: []", "origins", "add allow"), ("origins: {missing: allow}", "origins", "add allow"),
            ("origins: [app.example.com]", "origins[0]", "https:// in front"),
            ("origins: ['https://*.com']", "origins[0]", "domain of your own"),
            ("origins: [https://a.example/]", "origins[0]", "leave everything behind"),
            ("auth: {}", "auth", ""), ("auth: {from: [authorization]}", "auth", "add jwt"),
            ("auth: {jwt: {keys: /etc/hostname}}", "auth", "add from"),
            ("auth: {from: [basic], jwt: {keys: /etc/hostname}}", "auth.from", "add htpasswd"),
            ("auth: {from: [authorization], htpasswd: /etc/hostname}", "auth.from", ""),
            ("auth: {from: [authorization], jwt: {}}", "auth.jwt", "add keys"),
            (
                "auth: {from: [authorization], jwt: {keys: /etc/hostname, secret: 0123456789abcdef}}", "auth.jwt.secret",
                "remove the other"
            ),
            ("auth: {from: [authorization], jwt: {secret_variable: NOT_SET}}", "auth.jwt.secret_variable", "set NOT_SET"),
            ("auth: {from: [authorization], jwt: {keys: /nowhere}}", "auth.jwt.keys", ""),
            ("auth: {from: [authorization], jwt: {keys: /etc/hostname, algorithms: [none]}}", "auth.jwt.algorithms[0]", ""),
            ("auth: {from: [authorization], jwt: {keys: /etc/hostname, leeway: 5m}}", "auth.jwt.leeway", ""),
            ("auth: {from: [{query: a, cookie: b}], jwt: {keys: /etc/hostname}}", "auth.from[0]", ""),
            ("auth: {from: [authorization], keys: [{name: a, sha256: my-own-key}]}", "auth.keys[0].sha256", "sha256sum"),
            (
                "auth: {from: [authorization], jwt: {keys: /etc/hostname}, identity: [{field: Host, value: user}]}",
                "auth.identity[0].field", ""
            ),
            (
                "auth: {from: [authorization], jwt: {keys: /etc/hostname}, identity: [{field: X-A, value: nobody}]}",
                "auth.identity[0].value", ""
            ),
            ("auth: {forward: {}}", "auth.forward", "add url"), ("auth: {forward: {url: 'ftp://a'}}", "auth.forward.url", ""),
            ("auth: {forward: {url: 'http://a'}, jwt: {keys: /etc/hostname}, from: [basic]}", "auth.forward", "check all"),
            ("auth: {forward: {url: 'http://a', fields: [Host]}}", "auth.forward.fields[0]", ""),
            ("auth: {forward: {url: 'http://a', fields: [X-Forwarded-Uri]}}", "auth.forward.fields[0]", ""),
            ("auth: {forward: {url: 'http://a', pass: [Cookie]}}", "auth.forward.pass[0]", ""),
            ("auth: {from: [], forward: {url: 'http://a'}}", "auth.from", ""),
            ("auth: {from: [client_certificate]}", "auth.from", "add subjects"),
            ("auth: {from: [client_certificate], subjects: ['CN=a']}", "auth.from[0]", "client_ca"),
            ("auth: {from: [authorization], subjects: ['CN=a']}", "auth.subjects", "add client_certificate"),
            ("permission: []", "permission", "add require"), ("permission: [user == ann]", "permission[0]", "add auth"),
            ("permission: [path.id == a]", "permission[0]", "permission as a map"),
            ("permission: {path: ws, require: [query.a == b]}", "permission.path", ""),
            ("permission: [query.a = b]", "permission[0]", ""), ("guards: all", "guards", "remove guards"),
            ("{origins: [same-host], upgrade: any}", "", ""),
        ].filter { !$0.0.hasPrefix("{") })
    func `a rule that would not do what it says is refused, with what to write`(_ line: String, _ key: String, _ remedy: String)
        throws
    {
        let found = problems("upstream: http://a\n" + line)
        #expect(found.first?.key == key, "\(found)")
        #expect(remedy.isEmpty || found.contains { $0.remedy?.contains(remedy) == true }, "\(found)")
        #expect(!"\(found)".contains("my-own-key"))
    }

    @Test func `an upgrade that isn't understood can't be let in by rules`() throws {
        #expect(try problem("upstream: http://a\nupgrade: any\norigins: [same-host]").key == "upgrade")
    }

    @Test func `every origin with a cookie is warned of`() throws {
        let snapshot = try decode("upstream: http://a\norigins: ['*']\nauth: {from: [{cookie: sid}], jwt: {keys: /etc/hostname}}")
        #expect(snapshot.warnings.count == 1)
    }
}
