import TestSupport
import Testing

@testable import Diagnosis

@Suite struct `A hop that doesn't name itself` {
    private static func node(_ status: String) throws -> Verdict {
        try #require(
            Vector.judge(
                Vector.request(),
                Vector.response("HTTP/1.1 \(status)", "Connection: keep-alive", "Keep-Alive: timeout=5", "Content-Length: 14"),
                body: "Cannot GET /ws"
            ).verdict)
    }

    @Test(arguments: ["404 Not Found", "200 OK"])
    func `may have dropped the upgrade where a server answers as to a plain GET`(_ status: String) throws {
        let verdict = try Self.node(status)
        #expect(verdict.cause == .noUpgradeHandler && verdict.confidence == .likely, "\(verdict)")
        let other = try #require(verdict.alternatives.first { $0.cause == .proxyDropsUpgrade }, "\(verdict.alternatives)")
        #expect(other.because.contains("past the proxy"))
        for name in ["proxy_set_header Upgrade", "Apache", "HAProxy", "Caddy", "Traefik"] {
            #expect(verdict.fix.contains { $0.contains(name) }, "\(name)")
        }
    }

    @Test(arguments: [Cause.proxyDropsUpgrade, .idleTimeout])
    func `is worded for each of the proxies that people run`(_ cause: Cause) {
        let fixes = CauseCatalogue.entry(cause).fixes(for: [.uvicorn])
        for name in ["nginx: ", "Apache: ", "Caddy: ", "HAProxy: ", "Traefik: "] {
            #expect(fixes.contains { $0.hasPrefix(name) }, "\(name) in \(fixes)")
        }
        #expect(CauseCatalogue.entry(.idleTimeout).fixes(for: [.haproxy]).first?.contains("timeout tunnel") == true)
    }

    @Test func `may speak TLS to a plain backend, which its 502 doesn't say`() throws {
        let (answer, body) = HandshakeVector.nginxPage("502 Bad Gateway")
        let verdict = try #require(Vector.judge(Vector.request(), answer, body: body).verdict)
        #expect(verdict.cause == .upstreamRefused)
        #expect(verdict.alternatives.contains { $0.cause == .tlsToPlainHttpPort })
    }

    @Test func `says with HAProxy's 503 that no server is up, or that all slots are taken`() throws {
        let verdict = try #require(
            Vector.judge(
                Vector.request(),
                Vector.response("HTTP/1.1 503 Service Unavailable", "cache-control: no-cache", "content-type: text/html"),
                body:
                    "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n"
            ).verdict)
        #expect(verdict.cause == .noHealthyUpstream && verdict.answeredBy?.stack == "HAProxy")
        #expect(verdict.alternatives.contains { $0.cause == .connectionLimit }, "\(verdict.alternatives)")
    }

    @Test(arguments: [["X-Content-Type-Options: nosniff"], []])
    func `is not called Traefik for a page that every Go server has`(_ fields: [String]) throws {
        let answer = bytes(
            (["HTTP/1.1 404 Not Found", "Content-Type: text/plain; charset=utf-8"] + fields).joined(separator: "\r\n"), "\r\n\r\n")
        let verdict = try #require(Vector.judge(Vector.request(), answer, body: "404 page not found\n").verdict)
        let responder = try #require(verdict.answeredBy)
        #expect(responder.who == .unknown && responder.stack == "Go net/http" && responder.confidence == .possible)
        #expect(responder.because.contains { $0.contains("Traefik") })
        #expect(verdict.cause == .routeNotFound && verdict.alternatives.contains { $0.cause == .proxyPathNotMatched }, "\(verdict)")
    }

    @Test func `a backend's line comes first where the backend has to change, a hop's where the hop has`() {
        let origin = CauseCatalogue.entry(.originNotAllowed).fixes(for: [.uvicorn, .nginx, .fastAPI])
        #expect(origin.first?.hasPrefix("FastAPI/Starlette: ") == true, "\(origin)")
        let drops = CauseCatalogue.entry(.proxyDropsUpgrade).fixes(for: [.uvicorn, .nginx, .fastAPI])
        #expect(drops.first?.hasPrefix("nginx: ") == true, "\(drops)")
        let credentials = CauseCatalogue.entry(.credentialsMissing).fixes(for: [.nginx])
        #expect(credentials.first?.hasPrefix("nginx: ") == false, "\(credentials)")
    }
}
