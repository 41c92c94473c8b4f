import HTTPWire
import TestSupport
import Testing
import Wire

@testable import Diagnosis

/// A vector that convicts a cause, and one close to it that acquits.
struct HandshakeVector: Sendable, CustomTestStringConvertible {
    let cause: Cause
    let confidence: Confidence
    let convict: @Sendable () -> Verdict?
    let acquit: @Sendable () -> Verdict?

    init(
        _ cause: Cause, _ confidence: Confidence, convict: @escaping @Sendable () -> Verdict?,
        acquit: @escaping @Sendable () -> Verdict?
    ) {
        self.cause = cause
        self.confidence = confidence
        self.convict = convict
        self.acquit = acquit
    }

    var testDescription: String { cause.rawValue }

    static func verdict(
        _ request: [UInt8]? = Vector.request(), _ response: [UInt8]? = nil, body: String = "", failure: HandshakeFailure? = nil,
        scheme: String = "http",
        after: TimeSpan = .milliseconds(5)
    ) -> Verdict? {
        Vector.judge(request, response, body: body, failure: failure, scheme: scheme, after: after).verdict
    }

    static let tornadoRefusal = Vector.response(
        "HTTP/1.1 403 Forbidden", "Server: TornadoServer/6.4", "Content-Type: text/html; charset=UTF-8", "Content-Length: 35")
    static let bare403 = Vector.response(
        "HTTP/1.1 403 Forbidden", "Date: Sun, 01 Nov 2026 00:00:00 GMT", "Connection: close", "Content-Length: 0",
        "Content-Type: text/plain; charset=utf-8")
    static let nginx = ["Server: nginx/1.26.0", "Content-Type: text/html", "Connection: keep-alive"]
    static func nginxPage(_ status: String) -> ([UInt8], String) {
        (
            Vector.response("HTTP/1.1 \(status)", "Server: nginx/1.26.0", "Content-Type: text/html"),
            "<html>\r\n<head><title>\(status)</title></head>\r\n<body>\r\n<center><h1>\(status)</h1></center>\r\n<hr><center>nginx/1.26.0</center>\r\n</body></html>"
        )
    }
    /// exp: 2020-09-13, then 2100-01-01.
    static let expired = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE2MDAwMDAwMDB9.c2lnbmF0dXJl"
    static let valid = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.c2lnbmF0dXJl"

    static let all: [HandshakeVector] = [
        HandshakeVector(
            .originNotSameHost, .proven,
            convict: {
                verdict(
                    Vector.request(changing: ["Origin": "https://front.example"]), tornadoRefusal,
                    body: "Cross origin websockets not allowed")
            },
            acquit: { verdict(Vector.request(), tornadoRefusal, body: "Cross origin websockets not allowed") }),
        HandshakeVector(
            .crossSiteRefused, .likely,
            convict: {
                verdict(
                    Vector.request(adding: ["Sec-Fetch-Site: cross-site"]), tornadoRefusal,
                    body: "Cross origin websockets not allowed")
            },
            acquit: {
                verdict(
                    Vector.request(adding: ["Sec-Fetch-Site: same-origin"]), tornadoRefusal,
                    body: "Cross origin websockets not allowed")
            }),
        HandshakeVector(
            .proxyRewritesHost, .likely,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 403 Forbidden", "Content-Type: text/plain; charset=utf-8", "Sec-Websocket-Version: 13",
                        "X-Content-Type-Options: nosniff", "Content-Length: 10"), body: "Forbidden\n")
            },
            acquit: {
                verdict(
                    Vector.request(changing: ["Origin": "http://other.example"]),
                    Vector.response(
                        "HTTP/1.1 403 Forbidden", "Content-Type: text/plain; charset=utf-8", "Sec-Websocket-Version: 13",
                        "X-Content-Type-Options: nosniff", "Content-Length: 10"), body: "Forbidden\n")
            }),
        HandshakeVector(
            .originNotAllowed, .proven,
            convict: {
                verdict(
                    Vector.request(changing: ["Origin": "https://front.example"]),
                    Vector.response(
                        "HTTP/1.1 403 Forbidden", "Content-Type: text/plain; charset=utf-8", "Server: Python/3.13 websockets/15.0"),
                    body: "Failed to open a WebSocket connection: invalid Origin header: https://front.example.\n")
            },
            acquit: { verdict(Vector.request(changing: ["Origin": "https://front.example"]), Vector.accepted()) }),
        HandshakeVector(
            .originMissing, .proven,
            convict: {
                verdict(
                    Vector.request(changing: ["Origin": nil]),
                    Vector.response("HTTP/1.1 403 Forbidden", "Server: Python/3.13 websockets/15.0"),
                    body: "Failed to open a WebSocket connection: missing Origin header.\n")
            },
            acquit: { verdict(Vector.request(), bare403) }),
        HandshakeVector(
            .hostNotAllowed, .proven,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response("HTTP/1.1 400 Bad Request", "content-length: 19", "content-type: text/plain; charset=utf-8"),
                    body: "Invalid host header")
            },
            acquit: {
                verdict(Vector.request(), Vector.response("HTTP/1.1 404 Not Found", "content-type: text/plain"), body: "nothing")
            }),
        HandshakeVector(
            .redirectToHttps, .likely,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response("HTTP/1.1 301 Moved Permanently", "Location: https://app.example/ws", "Content-Length: 0"))
            },
            acquit: {
                verdict(
                    Vector.request(),
                    Vector.response("HTTP/1.1 301 Moved Permanently", "Location: https://app.example/ws", "Content-Length: 0"),
                    scheme: "https")
            }),
        HandshakeVector(
            .forwardedProtoMissing, .likely,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response("HTTP/1.1 301 Moved Permanently", "Location: https://app.example/ws", "Content-Length: 0"),
                    scheme: "https")
            },
            acquit: {
                verdict(
                    Vector.request(adding: ["X-Forwarded-Proto: https"]),
                    Vector.response("HTTP/1.1 301 Moved Permanently", "Location: https://app.example/ws", "Content-Length: 0"),
                    scheme: "https")
            }),
        HandshakeVector(
            .forwardedFieldsNotTrusted, .likely,
            convict: {
                verdict(
                    Vector.request(adding: ["X-Forwarded-Proto: https"]),
                    Vector.response("HTTP/1.1 307 Temporary Redirect", "location: wss://app.example/ws", "content-length: 0"),
                    scheme: "https")
            },
            acquit: {
                verdict(
                    Vector.request(),
                    Vector.response("HTTP/1.1 307 Temporary Redirect", "location: wss://other.example/x", "content-length: 0"))
            }),
        HandshakeVector(
            .redirectTrailingSlash, .proven,
            convict: {
                verdict(Vector.request(), Vector.response("HTTP/1.1 308 Permanent Redirect", "location: /ws/", "content-length: 0"))
            },
            acquit: {
                verdict(
                    Vector.request(),
                    Vector.response("HTTP/1.1 308 Permanent Redirect", "location: /elsewhere/", "content-length: 0"))
            }),
        HandshakeVector(
            .redirectToLogin, .likely,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response("HTTP/1.1 302 Found", "Location: /accounts/login/?next=/ws", "Content-Length: 0"))
            },
            acquit: {
                verdict(
                    Vector.request("GET /login/ws HTTP/1.1"),
                    Vector.response("HTTP/1.1 302 Found", "Location: /login/ws/", "Content-Length: 0"))
            }),
        HandshakeVector(
            .credentialsMissing, .proven,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response("HTTP/1.1 401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"", "Content-Length: 0"))
            },
            acquit: {
                verdict(
                    Vector.request(adding: ["Authorization: Basic YTpi"]),
                    Vector.response("HTTP/1.1 401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"", "Content-Length: 0"))
            }),
        HandshakeVector(
            .credentialsRejected, .likely,
            convict: {
                verdict(
                    Vector.request(adding: ["Authorization: Basic YTpi"]),
                    Vector.response("HTTP/1.1 401 Unauthorized", "Content-Length: 0"))
            },
            acquit: { verdict(Vector.request(), Vector.response("HTTP/1.1 401 Unauthorized", "Content-Length: 0")) }),
        HandshakeVector(
            .tokenExpired, .likely,
            convict: { verdict(Vector.request("GET /ws?token=\(expired) HTTP/1.1"), bare403) },
            acquit: { verdict(Vector.request("GET /ws?token=\(valid) HTTP/1.1"), bare403) }),
        HandshakeVector(
            .tokenWrongAudience, .proven,
            convict: {
                verdict(
                    Vector.request("GET /ws?token=\(valid) HTTP/1.1"),
                    Vector.response("HTTP/1.1 401 Unauthorized", "content-type: application/json"),
                    body: "{\"detail\":\"Invalid audience\"}")
            },
            acquit: {
                verdict(
                    Vector.request("GET /ws?token=\(valid) HTTP/1.1"),
                    Vector.response("HTTP/1.1 401 Unauthorized", "content-type: application/json"),
                    body: "{\"detail\":\"Invalid token\"}")
            }),
        HandshakeVector(
            .clientCertificateMissing, .proven,
            convict: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 400 Bad Request", "Server: nginx"),
                    body: "<html><title>400 No required SSL certificate was sent</title><center>nginx</center></html>")
            },
            acquit: { verdict(Vector.request(), nginxPage("400 Bad Request").0, body: nginxPage("400 Bad Request").1) }),
        HandshakeVector(
            .edgeChallenge, .proven,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 403 Forbidden", "server: cloudflare", "cf-mitigated: challenge", "cf-ray: 1-FRA",
                        "content-type: text/html"), body: "<!DOCTYPE html><title>Just a moment...</title>")
            },
            acquit: {
                verdict(
                    Vector.request(changing: ["Origin": "https://x.example"]),
                    Vector.response("HTTP/1.1 403 Forbidden", "server: cloudflare", "cf-ray: 1-FRA", "content-type: text/plain"),
                    body: "")
            }),
        HandshakeVector(
            .blockedByRule, .likely,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 403 Forbidden", "content-length: 93", "cache-control: no-cache", "content-type: text/html"),
                    body: "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n")
            },
            acquit: { verdict(Vector.request(), Vector.accepted()) }),
        HandshakeVector(
            .routeNotFound, .likely,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response("HTTP/1.1 404 Not Found", "Server: TornadoServer/6.4", "Content-Type: text/html"),
                    body: "<html><title>404: Not Found</title></html>")
            },
            acquit: { verdict(Vector.request(), nginxPage("404 Not Found").0, body: nginxPage("404 Not Found").1) }),
        HandshakeVector(
            .proxyPathNotMatched, .likely,
            convict: { verdict(Vector.request(), nginxPage("404 Not Found").0, body: nginxPage("404 Not Found").1) },
            acquit: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 404 Not Found", "server: uvicorn"),
                    body: "{\"detail\":\"Not Found\"}")
            }),
        HandshakeVector(
            .spaFallback, .likely,
            convict: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 200 OK", "Content-Type: text/html"),
                    body:
                        "<!doctype html><html><body><div id=\"root\"></div><script type=\"module\" src=\"/assets/index-1.js\"></script></body></html>"
                )
            },
            acquit: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 200 OK", "Content-Type: application/json", "server: uvicorn"),
                    body: "{\"ok\":true}")
            }),
        HandshakeVector(
            .clientProtocolMismatch, .likely,
            convict: {
                verdict(
                    Vector.request("GET /ws HTTP/1.1"), Vector.response("HTTP/1.1 200 OK", "Content-Type: text/plain"),
                    body: "Welcome to SockJS!\n")
            },
            acquit: { verdict(Vector.request("GET /ws HTTP/1.1"), Vector.accepted()) }),
        HandshakeVector(
            .upgradeFieldsMissing, .proven,
            convict: {
                verdict(
                    Vector.request(changing: ["Connection": "keep-alive"]),
                    Vector.response("HTTP/1.1 400 Bad Request", "Server: TornadoServer/6.4"),
                    body: "\"Connection\" must be \"Upgrade\".")
            },
            acquit: {
                verdict(
                    Vector.request(changing: ["Connection": "keep-alive, Upgrade"]),
                    Vector.response("HTTP/1.1 400 Bad Request", "Server: TornadoServer/6.4"),
                    body: "\"Connection\" must be \"Upgrade\".")
            }),
        HandshakeVector(
            .proxyDropsUpgrade, .proven,
            convict: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 400 Bad Request", "Server: nginx", "Content-Type: text/plain"),
                    body: "No WebSocket UPGRADE hdr: None\n Can \"Upgrade\" only to \"WebSocket\".")
            },
            acquit: {
                verdict(
                    Vector.request(changing: ["Upgrade": nil]),
                    Vector.response("HTTP/1.1 400 Bad Request", "Server: nginx", "Content-Type: text/plain"),
                    body: "No WebSocket UPGRADE hdr: None\n Can \"Upgrade\" only to \"WebSocket\".")
            }),
        HandshakeVector(
            .proxyDropsField, .likely,
            convict: {
                verdict(
                    Vector.request(adding: ["api_key: abc"]),
                    Vector.response("HTTP/1.1 401 Unauthorized", "Server: nginx", "Content-Type: text/plain"),
                    body: "401: Unauthorized")
            },
            acquit: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 401 Unauthorized", "Server: nginx", "Content-Type: text/plain"),
                    body: "401: Unauthorized")
            }),
        HandshakeVector(
            .methodNotGet, .proven,
            convict: {
                verdict(Vector.request("POST /ws HTTP/1.1"), Vector.response("HTTP/1.1 405 Method Not Allowed", "Allow: GET"))
            },
            acquit: { verdict(Vector.request(), Vector.response("HTTP/1.1 405 Method Not Allowed", "Allow: POST")) }),
        HandshakeVector(
            .secWebsocketKeyMissing, .proven,
            convict: {
                verdict(
                    Vector.request(changing: ["Sec-WebSocket-Key": "c2hvcnQ="]), Vector.response("HTTP/1.1 400 Bad Request"),
                    body: "Missing or invalid Sec-WebSocket-Key header")
            },
            acquit: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 400 Bad Request"),
                    body: "Missing or invalid Sec-WebSocket-Key header")
            }),
        HandshakeVector(
            .secWebsocketVersionMissing, .proven,
            convict: {
                verdict(
                    Vector.request(changing: ["Sec-WebSocket-Version": nil]), Vector.response("HTTP/1.1 400 Bad Request"),
                    body: "Bad Request")
            },
            acquit: { verdict(Vector.request(), Vector.response("HTTP/1.1 400 Bad Request"), body: "Bad Request") }),
        HandshakeVector(
            .websocketVersionUnsupported, .proven,
            convict: {
                verdict(
                    Vector.request(changing: ["Sec-WebSocket-Version": "8"]),
                    Vector.response("HTTP/1.1 426 Upgrade Required", "Sec-WebSocket-Version: 13"))
            },
            acquit: { verdict(Vector.request(), Vector.response("HTTP/1.1 426 Upgrade Required", "Sec-WebSocket-Version: 13")) }),
        HandshakeVector(
            .http10Upstream, .proven,
            convict: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 505 HTTP Version Not Supported", "Server: nginx"),
                    body: "Failed to open a WebSocket connection: unsupported HTTP version: HTTP/1.0.\n")
            },
            acquit: {
                verdict(
                    Vector.request("GET /ws HTTP/1.0"), Vector.response("HTTP/1.1 505 HTTP Version Not Supported", "Server: nginx"),
                    body: "Failed to open a WebSocket connection: unsupported HTTP version: HTTP/1.0.\n")
            }),
        HandshakeVector(
            .upgradeNotEnabled, .likely,
            convict: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 403 Forbidden", "date: x", "server: envoy", "content-length: 0"))
            },
            acquit: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 403 Forbidden", "server: envoy", "x-envoy-upstream-service-time: 3",
                        "content-type: application/json"), body: "{\"error\":\"no\"}")
            }),
        HandshakeVector(
            .http2WithoutExtendedConnect, .likely,
            convict: { verdict(Vector.request(), failure: .notHTTP(first: [0, 0, 0, 4, 0, 0, 0, 0, 0])) },
            acquit: { verdict(Vector.request(), failure: .notHTTP(first: Array("SSH-2.0-OpenSSH_9.2".utf8))) }),
        HandshakeVector(
            // A hop that dropped Upgrade looks the same.
            .noWebsocketLibrary, .possible,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response("HTTP/1.1 404 Not Found", "date: x", "server: uvicorn", "content-type: application/json"),
                    body: "{\"detail\":\"Not Found\"}")
            },
            acquit: { verdict(Vector.request(), bare403) }),
        HandshakeVector(
            .serverWithoutWebsocket, .likely,
            convict: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 404 Not Found", "Server: gunicorn", "Content-Type: text/html"),
                    body: "<h1>Not Found</h1>")
            },
            acquit: { verdict(Vector.request(), Vector.response("HTTP/1.1 404 Not Found", "Server: hypercorn-h11")) }),
        HandshakeVector(
            .noUpgradeHandler, .likely,
            convict: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 404 Not Found", "X-Powered-By: Express", "Content-Type: text/html"),
                    body: "<pre>Cannot GET /ws</pre>")
            },
            acquit: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 400 Bad Request", "Connection: close", "Content-Type: text/html", "Content-Length: 11"),
                    body: "Bad Request")
            }),
        HandshakeVector(
            .noWebsocketInRouter, .possible,
            convict: { verdict(Vector.request(), Vector.response("HTTP/1.1 500 Internal server error")) },
            acquit: { verdict(Vector.request(), Vector.response("HTTP/1.1 403 Access denied")) }),
        HandshakeVector(
            .responseWriterNotHijackable, .likely,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 500 Internal Server Error", "Content-Type: text/plain; charset=utf-8",
                        "Sec-Websocket-Version: 13", "X-Content-Type-Options: nosniff"), body: "Internal Server Error\n")
            },
            acquit: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 500 Internal Server Error", "Content-Type: text/plain; charset=utf-8", "Connection: close"),
                    body: "Internal Server Error")
            }),
        HandshakeVector(
            .handlerCrashedBeforeAccept, .likely,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 500 Internal Server Error", "Content-Type: text/plain; charset=utf-8", "Connection: close"),
                    body: "Internal Server Error")
            },
            acquit: {
                verdict(
                    Vector.request(),
                    Vector.response("HTTP/1.1 500 Internal Server Error", "Connection: close", "Content-Type: text/html"),
                    body: "<html>\n<body>\n<h1><p>Internal Server Error</p></h1>\n</body></html>")
            }),
        HandshakeVector(
            .transportDisabled, .likely,
            convict: {
                verdict(
                    Vector.request("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1"),
                    Vector.response("HTTP/1.1 400 Bad Request", "Connection: close", "Content-type: text/html"),
                    body: "Transport unknown")
            },
            acquit: { verdict(Vector.request("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1"), Vector.accepted()) }),
        HandshakeVector(
            .invalid101Accept, .proven,
            convict: { verdict(Vector.request(changing: ["Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="]), Vector.accepted()) },
            acquit: { verdict(Vector.request(), Vector.accepted()) }),
        HandshakeVector(
            .invalid101Fields, .proven,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: keep-alive",
                        "Sec-WebSocket-Accept: \(Vector.accept)"))
            },
            acquit: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 101 Switching Protocols", "upgrade: WebSocket", "connection: keep-alive, UPGRADE",
                        "sec-websocket-accept: \(Vector.accept)"))
            }),
        HandshakeVector(
            .statusNot101, .likely,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 200 OK", "Upgrade: websocket", "Sec-WebSocket-Accept: \(Vector.accept)", "Content-Length: 0"))
            },
            acquit: { verdict(Vector.request(), Vector.response("HTTP/1.1 200 OK", "Content-Length: 0")) }),
        HandshakeVector(
            .handshakeTooSlow, .likely,
            convict: { verdict(Vector.request(), failure: .closedBeforeResponse(.finished, bytesSeen: 0), after: .seconds(5)) },
            acquit: { verdict(Vector.request(), failure: .closedBeforeResponse(.finished, bytesSeen: 0), after: .milliseconds(3)) }),
        HandshakeVector(
            .malformedResponseHead, .proven,
            convict: { verdict(Vector.request(), failure: .malformedResponse([HeadFault(.bareLineFeed, at: 0..<1)])) },
            acquit: { verdict(Vector.request(), failure: .notHTTP(first: Array("SSH-2.0-OpenSSH_9.2\r\n".utf8))) }),
        HandshakeVector(
            .notAnHttpServer, .proven,
            convict: { verdict(Vector.request(), failure: .notHTTP(first: Array("SSH-2.0-OpenSSH_9.2\r\n".utf8))) },
            acquit: { verdict(Vector.request(), failure: .notHTTP(first: [0x15, 3, 1, 0, 2, 2, 70])) }),
        HandshakeVector(
            .subprotocolRequired, .proven,
            convict: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 400 Bad Request", "Server: Python/3.13 websockets/15.0"),
                    body: "Failed to open a WebSocket connection: missing subprotocol.\n")
            },
            acquit: {
                verdict(
                    Vector.request(adding: ["Sec-WebSocket-Protocol: chat"]),
                    Vector.response("HTTP/1.1 400 Bad Request", "Server: Python/3.13 websockets/15.0"),
                    body: "Failed to open a WebSocket connection: missing subprotocol.\n")
            }),
        HandshakeVector(
            .subprotocolNoOverlap, .proven,
            convict: {
                verdict(
                    Vector.request(adding: ["Sec-WebSocket-Protocol: chat.v1"]),
                    Vector.response("HTTP/1.1 400 Bad Request", "Server: Python/3.13 websockets/15.0"),
                    body: "Failed to open a WebSocket connection: invalid subprotocol; expected one of chat.\n")
            },
            acquit: {
                verdict(Vector.request(adding: ["Sec-WebSocket-Protocol: chat"]), Vector.accepted("Sec-WebSocket-Protocol: chat"))
            }),
        HandshakeVector(
            .subprotocolNotSelected, .proven,
            convict: { verdict(Vector.request(adding: ["Sec-WebSocket-Protocol: chat, superchat"]), Vector.accepted()) },
            acquit: {
                verdict(Vector.request(changing: ["Origin": nil], adding: ["Sec-WebSocket-Protocol: chat"]), Vector.accepted())
            }),
        HandshakeVector(
            .subprotocolNotOffered, .proven,
            convict: {
                verdict(Vector.request(adding: ["Sec-WebSocket-Protocol: chat"]), Vector.accepted("Sec-WebSocket-Protocol: Chat"))
            },
            acquit: {
                verdict(Vector.request(adding: ["Sec-WebSocket-Protocol: chat"]), Vector.accepted("Sec-WebSocket-Protocol: chat"))
            }),
        HandshakeVector(
            .extensionNotOffered, .proven,
            convict: {
                verdict(
                    Vector.request(changing: ["Sec-WebSocket-Extensions": nil]),
                    Vector.accepted("Sec-WebSocket-Extensions: permessage-deflate"))
            },
            acquit: {
                verdict(
                    Vector.request(),
                    Vector.accepted(
                        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"))
            }),
        HandshakeVector(
            .engineioVersionMismatch, .proven,
            convict: {
                verdict(
                    Vector.request("GET /socket.io/?EIO=3&transport=websocket HTTP/1.1"),
                    Vector.response("HTTP/1.1 400 Bad Request"), body: "Unsupported protocol version")
            },
            acquit: { verdict(Vector.request("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1"), bare403) }),
        HandshakeVector(
            .sessionExpired, .likely,
            convict: {
                verdict(
                    Vector.request("GET /socket.io/?EIO=4&transport=websocket&sid=abc HTTP/1.1"),
                    Vector.response("HTTP/1.1 400 Bad Request"), body: "Session ID unknown")
            },
            acquit: {
                verdict(
                    Vector.request("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1"),
                    Vector.response("HTTP/1.1 400 Bad Request"), body: "Bad request")
            }),
        HandshakeVector(
            .rateLimited, .proven,
            convict: { verdict(Vector.request(), Vector.response("HTTP/1.1 429 Too Many Requests", "Retry-After: 5")) },
            acquit: { verdict(Vector.request(), Vector.response("HTTP/1.1 503 Service Unavailable")) }),
        HandshakeVector(
            .requestHeaderTooLarge, .proven,
            convict: { verdict(Vector.request(), Vector.response("HTTP/1.1 431 Request Header Fields Too Large")) },
            acquit: { verdict(Vector.request(), Vector.response("HTTP/1.1 400 Bad Request")) }),
        HandshakeVector(
            .connectionLimit, .likely,
            convict: {
                verdict(Vector.request(), Vector.response("HTTP/1.1 503 Service Unavailable"), body: "Too many connections")
            },
            acquit: { verdict(Vector.request(), Vector.response("HTTP/1.1 502 Bad Gateway")) }),
        HandshakeVector(
            .certificateExpired, .proven,
            convict: { verdict(Vector.request(), failure: .upstreamTLS(kind: "certificate_expired", sentence: "expired")) },
            acquit: { verdict(Vector.request(), failure: .upstreamTLS(kind: "certificate_wrong_name", sentence: "other names")) }),
        HandshakeVector(
            .certificateNotTrusted, .proven,
            convict: { verdict(Vector.request(), failure: .upstreamTLS(kind: "certificate_not_trusted", sentence: "self-signed")) },
            acquit: { verdict(Vector.request(), failure: .upstreamTLS(kind: "protocol_version", sentence: "no version")) }),
        HandshakeVector(
            .certificateWrongName, .proven,
            convict: { verdict(Vector.request(), failure: .upstreamTLS(kind: "certificate_wrong_name", sentence: "other names")) },
            acquit: { verdict(Vector.request(), failure: .upstreamTLS(kind: "certificate_expired", sentence: "expired")) }),
        HandshakeVector(
            .plainHttpToTlsPort, .proven,
            convict: {
                verdict(
                    Vector.request(), Vector.response("HTTP/1.1 400 Bad Request", "Server: nginx"),
                    body: "<html><center>The plain HTTP request was sent to HTTPS port</center><center>nginx</center></html>")
            },
            acquit: { verdict(Vector.request(), nginxPage("400 Bad Request").0, body: nginxPage("400 Bad Request").1) }),
        HandshakeVector(
            .tlsToPlainHttpPort, .proven,
            convict: { verdict(Vector.request(), failure: .upstreamTLS(kind: "plain_http_on_tls_port", sentence: "plain")) },
            acquit: { verdict(Vector.request(), failure: .upstreamTLS(kind: "not_tls", sentence: "SSH")) }),
        HandshakeVector(
            .nameNotResolved, .proven,
            convict: { verdict(Vector.request(), failure: .nameNotResolved("backend.internal")) },
            acquit: { verdict(Vector.request(), failure: .connectTimedOut) }),
        HandshakeVector(
            .upstreamRefused, .proven,
            convict: { verdict(Vector.request(), failure: .upstreamRefused(errno: 111)) },
            acquit: { verdict(Vector.request(), failure: .noEndpoint) }),
        HandshakeVector(
            .upstreamHangs, .likely,
            convict: { verdict(Vector.request(), nginxPage("504 Gateway Time-out").0, body: nginxPage("504 Gateway Time-out").1) },
            acquit: { verdict(Vector.request(), nginxPage("502 Bad Gateway").0, body: nginxPage("502 Bad Gateway").1) }),
        HandshakeVector(
            .noHealthyUpstream, .likely,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response("HTTP/1.1 503 Service Unavailable", "server: envoy", "content-type: text/plain"),
                    body: "no healthy upstream")
            },
            acquit: { verdict(Vector.request(), failure: .upstreamRefused(errno: 111)) }),
        HandshakeVector(
            .platformNoServer, .proven,
            convict: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 404 Not Found", "x-render-routing: no-server", "rndr-id: a-b", "server: cloudflare",
                        "cf-ray: 1-FRA"), body: "Not Found\n")
            },
            acquit: {
                verdict(
                    Vector.request(),
                    Vector.response(
                        "HTTP/1.1 404 Not Found", "x-render-origin-server: uvicorn", "rndr-id: a-b", "server: cloudflare",
                        "cf-ray: 1-FRA"), body: "{\"detail\":\"Not Found\"}")
            }),
    ]
}

@Suite struct `Verdicts on handshakes` {
    @Test(arguments: HandshakeVector.all) func `the cause is convicted where it is at work`(_ vector: HandshakeVector) throws {
        let verdict = try #require(vector.convict())
        #expect(verdict.cause == vector.cause, "\(verdict)")
        #expect(verdict.confidence == vector.confidence, "\(verdict)")
        #expect(!verdict.fix.isEmpty && !verdict.evidence.isEmpty, "\(verdict)")
    }

    @Test(arguments: HandshakeVector.all) func `the cause is acquitted where another is at work`(_ vector: HandshakeVector) {
        let verdict = vector.acquit()
        #expect(verdict?.cause != vector.cause, "\(String(describing: verdict))")
    }
}
