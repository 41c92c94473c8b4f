import ProxyCore
import Testing
import Wire

struct EndpointTests {
    @Test(arguments: [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://App.Internal", "https://app.internal"),
        ("ws://localhost:80/", "http://localhost"),
        ("WSS://a_b.example:8443", "https://a_b.example:8443"),
        ("http://[2001:db8::1:0]:9000", "http://[2001:db8::1:0]:9000"),
    ])
    func `a URL with a known scheme is an endpoint`(_ url: String, _ expected: String) throws {
        #expect(try Endpoint(url: url).description == expected)
    }

    @Test(arguments: [
        ("127.0.0.1:8000", EndpointFault.noScheme(suggestion: "http://127.0.0.1:8000")),
        ("localhost:8000", .noScheme(suggestion: "http://localhost:8000")),
        ("tcp://10.0.0.1:80", .unknownScheme("tcp", suggestion: "http://10.0.0.1:80")),
        ("htps://app:1", .unknownScheme("htps", suggestion: "https://app:1")),
        ("http://app:8000/base", .path(suggestion: "http://app:8000")),
        ("http://app?x=1", .path(suggestion: "http://app")),
        ("http://u:p@app", .userInformation),
        ("http://u:p/w@app", .userInformation),
        ("u:secret/x@app", .userInformation),
        ("http://", .host), ("http://:80", .host), ("http://a b", .host), ("http://a..b", .host),
        ("http://::1", .host), ("http://[::1", .host), ("http://[1.2.3.4]", .host), ("http://[::1]x", .host),
        ("http://app:0", .port), ("http://app:65536", .port), ("http://app:", .port), ("http://app:+1", .port),
        ("", .noScheme(suggestion: "http://127.0.0.1:8000")),
    ])
    func `a URL that is no endpoint says why and what was meant`(_ url: String, _ fault: EndpointFault) {
        #expect(throws: fault) { try Endpoint(url: url) }
    }

    @Test func `a message never carries what stood before an at sign`() {
        for fault in ["http://user:hunter2@app", "user:hunter2/x@app", "tcp://hunter2@app"] {
            #expect { try Endpoint(url: fault) } throws: { error in
                guard let error = error as? EndpointFault else { return false }
                return !error.explanation.contains("hunter2")
            }
        }
    }

    @Test func `the authority names the port only where it differs from the scheme's`() throws {
        #expect(try Endpoint(url: "https://[2001:db8::1]").authority == "[2001:db8::1]")
        #expect(try Endpoint(url: "http://app:443").authority == "app:443")
        #expect(try Endpoint(url: "http://127.0.0.1:81").address?.description == "127.0.0.1:81")
        #expect(try Endpoint(url: "http://app").address == nil)
    }
}
