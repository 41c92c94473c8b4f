import Glibc
import Testing

extension Integration {
    /// A service of the operator's judges, and whatever it does, nobody gets in but by its yes.
    @Suite struct ForwardAuthTests {
        private static func configuration(_ service: RawBackend, _ more: String = "") -> String {
            "auth: {forward: {url: '\(service.url)/check', user: X-User, pass: [X-User, X-Tenant], timeout: 2s\(more)}}"
        }

        private static func request(_ fields: (String, String)...) -> String {
            String(Upgrade.request("/ws?t=1").dropLast()) + fields.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
        }

        /// Answers the next question; gives it.
        @discardableResult
        private static func serve(_ service: RawBackend, _ response: String) throws -> String {
            let connection = try service.accept()
            let head = try connection.readHead()
            try connection.send(response)
            connection.close()
            return head
        }

        private static let yes = "HTTP/1.1 200 OK\r\nX-User: ann\r\nX-Tenant: t1\r\nContent-Length: 0\r\n"

        @Test(arguments: IOBackend.available)
        func `a yes lets in, and its fields go to the backend in the place of the client's`(io: IOBackend) throws {
            let (backend, service) = (try RawBackend(), try RawBackend())
            let gatehouse = try GatehouseProcess(io: io, upstream: backend.url, Self.configuration(service))
            let client = try gatehouse.connect()
            try client.send(
                Self.request(("Authorization", "Bearer very-secret"), ("X-User", "admin"), ("X_Tenant", "t0"), ("X-Other", "1")))
            let asked = try Self.serve(service, Self.yes + "\r\n")
            #expect(asked.hasPrefix("GET /check HTTP/1.1\r\nHost: 127.0.0.1:\(service.port)\r\n"), "\(asked)")
            #expect(asked.contains("X-Forwarded-Method: GET\r\n") && asked.contains("X-Forwarded-Uri: /ws?t=1\r\n"))
            #expect(asked.contains("X-Forwarded-For: 127.0.0.1\r\n") && asked.contains("X-Forwarded-Host: app.example\r\n"))
            #expect(asked.contains("authorization: Bearer very-secret\r\n"))
            #expect(!asked.contains("admin") && !asked.contains("X-Other"))
            let upstream = try backend.accept()
            let head = try upstream.readHead()
            #expect(head.contains("x-user: ann\r\n") && head.contains("x-tenant: t1\r\n"), "\(head)")
            #expect(!head.contains("admin") && !head.contains("t0"))
            try upstream.send(Upgrade.response())
            #expect(Response.status(of: try client.readHead()) == 101)
            _ = try gatehouse.ledger.wait(for: "session.opened")
            #expect(!gatehouse.everythingWritten.contains("very-secret"))
        }

        @Test(arguments: IOBackend.available)
        func `the user whom the service names is the one that the backend hears of, also where nothing is passed`(io: IOBackend)
            throws
        {
            let (backend, service) = (try RawBackend(), try RawBackend())
            let gatehouse = try GatehouseProcess(
                io: io, upstream: backend.url, "auth: {forward: {url: '\(service.url)/check', user: X-User}}")
            for answer in ["X-User: alice\r\n", ""] {
                let client = try gatehouse.connect()
                try client.send(Self.request(("X-User", "mallory"), ("x_user", "mallory")))
                try Self.serve(service, "HTTP/1.1 200 OK\r\n\(answer)Content-Length: 0\r\n\r\n")
                let upstream = try backend.accept()
                let head = try upstream.readHead()
                #expect(!head.contains("mallory") && head.contains("x-user: alice\r\n") == !answer.isEmpty, "\(head)")
                try upstream.send(Upgrade.response())
                #expect(Response.status(of: try client.readHead()) == 101)
            }
        }

        @Test(arguments: IOBackend.available)
        func `a reload forgets what the service has said`(io: IOBackend) throws {
            let (backend, service) = (try RawBackend(), try RawBackend())
            let gatehouse = try GatehouseProcess(io: io, upstream: backend.url, Self.configuration(service))
            let first = try gatehouse.connect()
            try first.send(Self.request())
            try Self.serve(service, Self.yes + "Cache-Control: max-age=600\r\n\r\n")
            let upstream = try backend.accept()
            _ = try upstream.readHead()
            _ = try RawSession(through: gatehouse, to: backend, request: Self.request())
            #expect(!service.waits(), "the answer was kept")
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(for: "config.reloaded")
            let second = try gatehouse.connect()
            try second.send(Self.request())
            try Self.serve(service, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
            #expect(try second.readResponse().status == 403)
        }

        static let answers: [(answer: String, status: Int, reason: String)] = [
            ("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"app\"\r\nContent-Length: 0\r\n\r\n", 401, "refused_by_service"),
            ("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", 403, "refused_by_service"),
            ("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", 503, "credentials_uncheckable"),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 503, "credentials_uncheckable"),
            ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 503, "credentials_uncheckable"),
            ("HTTP/1.1 100 Continue\r\n\r\n", 503, "credentials_uncheckable"), ("", 503, "credentials_uncheckable"),
            ("SSH-2.0-OpenSSH_9.2\r\n\r\n", 503, "credentials_uncheckable"), ("HTTP/1.1 2", 503, "credentials_uncheckable"),
            ("HTTP/1.1 200 OK\r\nX-Long: \(String(repeating: "a", count: 40_000))\r\n\r\n", 503, "credentials_uncheckable"),
        ]

        @Test(arguments: IOBackend.available)
        func `everything else refuses, the service's own refusals with its challenge (A14)`(io: IOBackend) throws {
            let (backend, service) = (try RawBackend(), try RawBackend())
            let gatehouse = try GatehouseProcess(io: io, upstream: backend.url, Self.configuration(service))
            for (index, (answer, status, reason)) in Self.answers.enumerated() {
                let client = try gatehouse.connect()
                try client.send(Self.request(("Cookie", "s=\(index)")))
                try Self.serve(service, answer)
                let response = try client.readResponse()
                #expect(response.status == status, "\(answer.prefix(20)): \(response.head)")
                #expect((status == 503) == response.head.contains("Retry-After"))
                if status == 401 { #expect(response.head.contains("WWW-Authenticate: Basic realm=\"app\"\r\n")) }
                let lines = try gatehouse.ledger.wait(forAll: index + 1, "session.refused")
                #expect(lines[index]["reason"].text == reason, "\(lines[index])")
            }
            #expect(!backend.waits())
        }

        @Test(arguments: IOBackend.available)
        func `a service that hangs, or isn't there, refuses in its time`(io: IOBackend) throws {
            let (backend, service) = (try RawBackend(), try RawBackend())
            var gatehouse = try GatehouseProcess(
                io: io, upstream: backend.url, Self.configuration(service).replacing("timeout: 2s", with: "timeout: 300ms"))
            let began = ContinuousClock.now
            // It takes the connection and says nothing.
            let response = try gatehouse.exchange(Self.request())
            let waited = began.duration(to: .now)
            #expect(response.status == 503 && waited >= .milliseconds(300) && waited < .seconds(5), "\(waited)")
            #expect(try gatehouse.ledger.wait(for: "session.refused")["detail"].text?.contains("no answer in time") == true)
            gatehouse = try GatehouseProcess(
                io: io, upstream: backend.url, "auth: {forward: {url: 'http://127.0.0.1:1/'}}")
            #expect(try gatehouse.exchange(Self.request()).status == 503)
            #expect(!backend.waits())
        }

        @Test(arguments: IOBackend.available)
        func `many who ask the same share one question, and an answer is kept as it says`(io: IOBackend) throws {
            let (backend, service) = (try RawBackend(), try RawBackend())
            let gatehouse = try GatehouseProcess(io: io, upstream: backend.url, Self.configuration(service))
            let clients = try (0..<50).map { _ in try gatehouse.connect() }
            for client in clients { try client.send(Self.request(("Cookie", "s=1"))) }
            let question = try service.accept()
            _ = try question.readHead()
            #expect(!service.waits(for: 0.3), "one question for all of them")
            try question.send(Self.yes + "Cache-Control: max-age=600\r\n\r\n")
            for _ in clients {
                let upstream = try backend.accept()
                #expect(try upstream.readHead().contains("x-user: ann\r\n"))
                try upstream.send(Upgrade.response())
            }
            for client in clients { #expect(Response.status(of: try client.readHead()) == 101) }
            // Kept: no new question. Another credential: a question of its own.
            _ = try RawSession(through: gatehouse, to: backend, request: Self.request(("Cookie", "s=1")))
            #expect(!service.waits())
            let other = try gatehouse.connect()
            try other.send(Self.request(("Cookie", "s=2")))
            try Self.serve(service, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
            #expect(try other.readResponse().status == 403)
        }

        @Test(arguments: IOBackend.available)
        func `a service that hangs holds nobody who doesn't ask it`(io: IOBackend) throws {
            let (backend, service) = (try RawBackend(), try RawBackend())
            let gatehouse = try GatehouseProcess(
                io: io,
                """
                routes:
                  - {match: {path: /checked}, upstream: '\(backend.url)', auth: {forward: {url: '\(service.url)/'}}}
                  - {match: {path: /}, upstream: '\(backend.url)'}
                """)
            // More than there are threads to ask with.
            let waiting = try (0..<40).map { index in
                let client = try gatehouse.connect()
                try client.send(Upgrade.request("/checked?\(index)"))
                return client
            }
            for _ in 0..<10 { _ = try RawSession(through: gatehouse, to: backend, request: Upgrade.request("/free")) }
            // Gone while they wait: their answers find nobody, and nothing breaks.
            waiting[0].reset()
            for client in waiting.dropFirst() { #expect(try client.readResponse().status == 503) }
            _ = try RawSession(through: gatehouse, to: backend, request: Upgrade.request("/free"))
        }
    }
}
