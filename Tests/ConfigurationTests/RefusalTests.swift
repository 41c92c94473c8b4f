import Configuration
import Testing

struct RefusalTests {
    @Test func `every problem is collected, in the order of the file`() {
        let found = problems(
            """
            lissten: 0.0.0.0:8080
            upstream: 127.0.0.1:8000
            timeouts:
              idle: 10
              conect: 5s
            log: {frames: yes}
            workers: 0
            """)
        #expect(
            found.map { "\($0.source) \($0.key)" } == [
                "g.yaml:1:1 lissten", "g.yaml:2:11 upstream", "g.yaml:4:9 timeouts.idle", "g.yaml:5:3 timeouts.conect",
                "g.yaml:6:15 log.frames", "g.yaml:7:10 workers",
            ])
        #expect(
            found.map(\.remedy) == [
                "did you mean listen?", nil, "did you mean 10s?", "did you mean connect?", "write true", nil,
            ])
        #expect(found.map(\.observed).contains { $0.contains("write http://127.0.0.1:8000") })
    }

    @Test(arguments: [
        ("io: urin", "uring"), ("log: {format: jsno}", "json"), ("host: rewriet", "rewrite"),
        ("trustedProxies: []", "trusted_proxies"),
        ("diagnosis: {probes: on_refusal}", "on-refusal"), ("web_socket: {}", "websocket"),
        ("log: {output: stdotu}", "stdout"),
    ])
    func `the nearest right name is said`(_ line: String, _ nearest: String) throws {
        #expect(try problem("upstream: http://a\n\(line)").remedy == "did you mean \(nearest)?")
    }

    @Test func `a key in the wrong place is sent home`() throws {
        #expect(try problem("upstream: http://a\nkeep_alive: 5s").remedy == "keep_alive belongs under timeouts")
        #expect(try problem("upstream: http://a\nlog: {drain: {}}").remedy == "drain belongs under the top of the file")
        // The map that stands beside it comes before one far away.
        #expect(
            try problem("routes: [{path: /ws, upstream: http://a}]").remedy == "path belongs under match")
        #expect(
            try problem("upstream: http://a\nrewrite: {path: /ws}").remedy == "path belongs under match or permission")
    }

    @Test(
        arguments: [
            ("timeouts: {idle: 10}", "did you mean 10s?"),
            ("timeouts: {idle: 1.5s}", "write it in a smaller unit, such as 1500ms for 1.5s"),
            ("timeouts: {idle: 10 s}", nil), ("timeouts: {idle: -1s}", nil), ("timeouts: {idle: 1h30}", nil),
            ("timeouts: {idle: s}", nil),
            ("timeouts: {idle: 99999999999999999999s}", nil), ("timeouts: {idle: 367d}", nil),
            ("timeouts: {idle: 1e3s}", nil),
            (
                "timeouts: {idle: 0s}",
                "nothing can happen in no time; for a very long wait write a long time, such as 30d"
            ),
            ("timeouts: {idle: [1s]}", "brackets make a list; put quotes around text that begins with ["),
            ("timeouts:\n  idle:", "leave the key out for its default"),
            ("timeouts: {idle: ~}", "leave the key out for its default"),
            ("timeouts: 5s", nil), ("timeouts: []", nil),
            ("limits: {head: 32KB}", "did you mean 32KiB?"), ("limits: {head: 32k}", "did you mean 32KiB?"),
            ("limits: {head: 1m}", "did you mean 1MiB?"),
            ("limits: {head: 0}", nil), ("limits: {head: 2MiB}", nil), ("limits: {body: 99999999999999TiB}", nil),
            ("limits: {body: -1}", nil),
            ("limits: {body: 1.5MiB}", nil), ("limits: {body: ２}", nil),
            ("limits: {fields: \"100\"}", "remove the quotes"),
            ("limits: {fields: 0100}", "remove the zero in front; some readers take it for octal"),
            ("limits: {fields: 1_000}", nil), ("limits: {fields: 0x10}", nil),
            ("limits: {fields: 99999999999999999999}", nil), ("limits: {fields: +5}", nil),
            ("websocket: {enforce: yes}", "write true"), ("websocket: {enforce: off}", "write false"),
            ("websocket: {enforce: True}", "write true in small letters, without quotes"),
            ("websocket: {enforce: \"true\"}", "write true in small letters, without quotes"),
            ("websocket: {enforce: 1}", "write true"),
            ("listen: 8080", "did you mean 0.0.0.0:8080?"), ("listen: :8080", "did you mean 0.0.0.0:8080?"),
            ("listen: 0.0.0.0", "add the port"),
            ("listen: example.com:80", "listen on an address of this machine; names are not resolved here"),
            ("listen: 1.2.3.4:99999", "the port is a number from 0 to 65535"),
            ("listen: \"::1:80\"", "put brackets around an IPv6 address: \"[::1]:80\""), ("listen: []", nil),
            ("listen: [127.0.0.1:1, 127.0.0.1:1]", nil),
            ("listen: {tls: {}}", nil), ("trusted_proxies: 10.0.0.0/8", "put it into brackets: [ … ]"),
            ("trusted_proxies: [10.0.0.0/33]", nil), ("trusted_proxies: [10.0.0]", nil),
            ("match: {host: \"a.example:80\"}", "leave the port out: a.example"), ("match: {host: \"*.*.a\"}", nil),
            ("match: {path: ws}", nil), ("match: {path: \"/ws/*\"}", nil),
            ("rewrite: {with: /a}", "add replace_prefix: /PATH"),
            ("rewrite: {replace_prefix: /a}", "add with: /PATH, or use strip_prefix"),
            ("rewrite: {strip_prefix: /a, with: /b}", "remove one of them"),
            (
                "diagnosis: {explain_in_close: [app.example.com]}",
                "browsers send scheme, host and, if it isn't the usual one, the port"
            ),
            ("log: {redact: {fields: [\"a b\"]}}", nil),
            ("log: {output: ~/g.log}", "write the directory out; ~ is the shell's and not known here"),
            ("health: {path: healthz}", nil),
            (
                "drain: {window: 30s, timeout: 10s}",
                "sessions whose turn comes after the timeout would be cut off; lower drain.window or raise drain.timeout"
            ),
            (
                "drain: {timeout: 10s}",
                "sessions whose turn comes after the timeout would be cut off; lower drain.window or raise drain.timeout"
            ),
            ("<<: {io: auto}", "merge keys are not read; write the keys out"), ("workers: all", nil),
        ] as [(String, String?)])
    func `a value that is not of its kind is refused`(_ line: String, _ remedy: String?) {
        let found = problems("upstream: http://a\n\(line)\n")
        #expect(!found.isEmpty)
        if let remedy { #expect(found.map(\.remedy).contains(remedy), "\(found)") }
    }

    @Test func `a route that goes nowhere hides nothing else that is wrong with it`() {
        let found = problems(
            """
            upstream: 127.0.0.1:8000
            guards: all
            hold: {backoff: 10s, backoff_max: 1s}
            """)
        #expect(found.map(\.key) == ["upstream", "guards", "hold.backoff"], "\(found)")
    }

    @Test func `messages carry no control characters of the file`() {
        let found = problems("upstream: http://a\n\"a\\e[31mb\": 1\nio: \"\\e]0;x\\a\"\n")
        #expect(found.count == 2)
        for problem in found {
            #expect(!problem.description.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }, "\(problem)")
            #expect(!problem.json.unicodeScalars.contains { $0.value < 0x20 })
        }
    }

    @Test func `the text for people and the object for programs`() throws {
        let error = try #require(throws: ConfigurationError.self) {
            try decode("upstream: http://a\nio: \"ur\\\"ing\"\n")
        }
        #expect(
            error.description == """
                g.yaml:2:5: io: found "ur"ing"
                    accepted: auto, uring, epoll
                    to do: did you mean uring?
                1 problem; nothing was applied
                """)
        #expect(
            error.json
                == #"{"valid":false,"problems":[{"file":"g.yaml","line":2,"column":5,"key":"io","observed":"\"ur\"ing\"","expected":"auto, uring, epoll","remedy":"did you mean uring?"}]}"#
        )
        #expect(try decode("upstream: http://a").checkJSON == #"{"valid":true,"warnings":[]}"#)
    }
}
