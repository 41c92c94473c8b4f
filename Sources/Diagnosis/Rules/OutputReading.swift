import Wire

/// What a line of the backend's own output says about a handshake or a session: the words that the wire can't carry.
///
/// Lines are matched by the sentences of servers and frameworks, wherever in the line they stand. A line that says nothing of the kind has no
/// signs, and most don't.
package enum OutputReading {
    /// The signs in a line; at most its first 2 KiB are read.
    package static func signs(_ line: [UInt8]) -> SignSet {
        var reading = SignReading()
        phrases.read(line, 0..<min(line.count, 2048), into: &reading) { .body($0) }
        return reading.set
    }

    /// A quotation of the line, control characters escaped, cut to a readable length.
    package static func evidence(_ line: [UInt8]) -> Evidence {
        let text = String(decoding: line.prefix(300), as: UTF8.self)
        let shown = text.unicodeScalars.reduce(into: "") { shown, scalar in
            if scalar.value >= 0x20, scalar.value != 0x7F { shown.unicodeScalars.append(scalar) } else { shown += "·" }
        }
        return Evidence(what: "backend output", observed: shown)
    }

    private static let phrases = BodyPhrases(
        groups.flatMap { group in group.1.map { BodyPhrases.Phrase(text: $0, sign: group.0) } })

    /// All in lower case.
    private static let groups: [(Sign, [StaticString])] = [
        (.outputNoWebSocketLibrary, ["no supported websocket library detected"]),
        (.outputUnsupportedUpgrade, ["unsupported upgrade request"]),
        (
            .outputTraceback,
            [
                "traceback (most recent call last)", "uncaughtexception", "uncaught exception", "unhandled exception", "panic: ",
                "exception in asgi application", "unhandledpromiserejection", "** (", "exception in thread",
            ]
        ),
        (
            .outputOrigin,
            [
                "is not an accepted origin", "origin not allowed", "request origin not allowed", "could not check origin",
                "blocking cross origin", "invalid origin", "origin rejected", "disallowed origin", "is not authorized for host",
                "request origin is not authorized",
            ]
        ),
        (
            .outputHostRefused,
            [
                "invalid http_host header", "disallowedhost", "blocked host", "blocking request with non-local 'host'",
                "invalid host header",
            ]
        ),
        (.outputNoRoute, ["no route found for path", "no route matches", "phoenix.router.noroute", "no handler found"]),
        (
            .outputNoWebSocketScope,
            ["can only handle asgi/http connections", "no application configured for scope type 'websocket'"]
        ),
        (
            .outputNotAccepted,
            [
                "asgi callable returned without completing handshake", "without sending handshake",
                "expected asgi message 'websocket.accept'", "expected asgi message \"websocket.accept\"",
            ]
        ),
        (
            .outputMissingArgument,
            ["missing 1 required positional argument: 'send'", "missing 2 required positional arguments: 'receive' and 'send'"]
        ),
        (.outputWorkerTimeout, ["worker timeout (pid", "critical worker timeout", "was sent sigabrt", "worker exiting (pid"]),
        (.outputBind, ["address already in use", "eaddrinuse", "cannot assign requested address", "permission denied: bind"]),
        (
            .outputShutdown,
            [
                "shutting down", "received signal sigterm", "received sigterm", "graceful shutdown", "finished server process",
                "handling signal: term",
            ]
        ),
        (
            .outputCredentials,
            [
                "not authenticated", "authentication failed", "invalid token", "token has expired", "jwt expired", "unauthorized",
                "missing token", "couldn't authenticate",
            ]
        ),
        (.outputNotHijackable, ["does not implement http.hijacker", "response.writer is not hijackable", "http.hijacker"]),
    ]
}
