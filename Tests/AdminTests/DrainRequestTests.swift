import ProxyCore
import Testing
import Wire

@testable import Admin

@Suite struct DrainRequestTests {
    private func mistake(_ query: String) -> String? {
        do throws(DrainRequest.Mistake) {
            _ = try DrainRequest(query: query)
            return nil
        } catch {
            return error.sentence
        }
    }

    @Test func `an endpoint is enough, and the rest is taken where it is given`() throws {
        let plain = try DrainRequest(query: "endpoint=http://127.0.0.1:8001")
        #expect(plain == DrainRequest(endpoint: try Endpoint(url: "http://127.0.0.1:8001")))
        #expect(try DrainRequest(query: "endpoint=127.0.0.1:8001") == plain)
        let full = try DrainRequest(
            query: "endpoint=http%3A%2F%2F127.0.0.1%3A8001&window=1m&timeout=90s&code=1012&reason=back+in+%7Bretry%7D&resume=true")
        #expect(full.endpoint == plain.endpoint && full.resumes)
        #expect(full.window == .seconds(60) && full.timeout == .seconds(90))
        #expect(full.code == 1012 && full.reason == "back in {retry}")
    }

    @Test(arguments: [
        ("", "endpoint"), ("window=1s", "endpoint"), ("endpoint=", "endpoint"), ("endpoint=ftp://a", "endpoint"),
        ("endpoint=http://a&window=5", "window"), ("endpoint=http://a&code=1000", "code"), ("endpoint=http://a&code=x", "code"),
        ("endpoint=http://a&resume=no", "resume"), ("endpoint=http://a&windw=1s", "windw"), ("endpoint=%zz", "endpoint"),
        ("endpoint=http://a&reason=" + String(repeating: "x", count: 124), "reason"),
    ])
    func `what can't be meant is said`(query: String, word: String) {
        #expect(mistake(query)?.contains(word) == true, "\(mistake(query) ?? "taken")")
    }

    private func route(
        _ router: AdminRouter, _ method: String, host: String = "127.0.0.1:9900", origin: String? = nil,
        authorization: String? = nil
    ) -> AdminRequest {
        router.route(
            method: method, path: "/api/drain", query: "endpoint=http://a", host: host, origin: origin, authorization: authorization
        )
    }

    @Test func `a drain passes the same doors as everything, and only POST drains`() throws {
        let wanted = AdminRequest.drain(DrainRequest(endpoint: try Endpoint(url: "http://a")))
        let guarded = AdminRouter(token: "0123456789abcdef")
        #expect(route(AdminRouter(), "POST") == wanted)
        #expect(route(AdminRouter(), "GET") == .drains)
        #expect(route(AdminRouter(), "PUT") == .methodNotAllowed(allowed: ["GET", "HEAD", "POST"]))
        #expect(route(AdminRouter(), "POST", host: "evil.example") == .misdirected)
        #expect(route(AdminRouter(), "POST", origin: "https://evil.example") == .forbidden)
        #expect(route(guarded, "POST") == .unauthorized)
        #expect(route(guarded, "POST", authorization: "Bearer 0123456789abcdeX") == .unauthorized)
        #expect(route(guarded, "POST", authorization: "Bearer 0123456789abcdef") == wanted)
        #expect(
            AdminRouter().route(
                method: "POST", path: "/api/sessions", query: nil, host: "localhost", origin: nil, authorization: nil)
                == .methodNotAllowed(allowed: ["GET", "HEAD"]))
    }
}
