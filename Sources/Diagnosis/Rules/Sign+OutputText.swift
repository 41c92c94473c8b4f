/// What the backend wrote, in words.
extension Sign {
    /// The words of these signs; nil for all others.
    var outputText: String? {
        switch self {
        case .engineIOServer: "the server speaks Engine.IO"
        case .outputNoWebSocketLibrary: "the backend says that it has no WebSocket library"
        case .outputTraceback: "the backend printed a traceback"
        case .outputOrigin: "the backend says that it refused the Origin"
        case .outputNoRoute: "the backend says that no route matches"
        case .outputNotAccepted: "the backend says that the handshake was never completed"
        case .outputWorkerTimeout: "the backend says that a worker was killed"
        case .outputBind: "the backend says that it can't bind its address"
        case .outputShutdown: "the backend says that it shuts down"
        case .outputMissingArgument: "the backend says that an ASGI application was called as WSGI"
        case .outputHostRefused: "the backend says that it refused the Host"
        case .outputCredentials: "the backend says that credentials are missing or bad"
        case .outputNoWebSocketScope: "the backend says that it handles no websocket scope"
        case .outputNotHijackable: "the backend says that the response writer can't be hijacked"
        case .outputUnsupportedUpgrade: "the backend says that it ignored an upgrade"
        case .outputSawPlainRequest: "the backend's own words show this upgrade as a plain request"
        case .outputSawOtherPath: "the backend's own log shows this upgrade with another path"
        case .outputSawUpgrade: "the backend's own log shows this upgrade as it was sent"
        case .outputSyncWorker: "the backend said at its start that its workers are synchronous"
        case .outputPlainServer: "the backend said at its start that it is a server without WebSocket"
        case .outputNoServerUp: "a proxy in the backend's output says that no server is up"
        case .outputUpstreamRefused: "a proxy in the backend's output says that its own upstream refused the connection"
        case .outputUpstreamTimedOut: "a proxy in the backend's output says that its own upstream did not answer in time"
        case .outputUpstreamCertificate: "a proxy in the backend's output does not trust the certificate of its own upstream"
        case .outputAddressDenied: "a proxy in the backend's output says that its configuration denies this client"
        case .outputRateLimited: "a proxy in the backend's output says that it limits requests"
        case .outputConnectionLimit: "the backend's output says that it is out of connections or descriptors"
        case .outputPoolFull: "the backend's output says that all its workers are busy"
        case .outputHeaderTooLarge: "the backend's output says that the request's head is too large"
        case .outputClientCertificate: "a proxy in the backend's output says that the client sent no certificate"
        case .outputFieldDropped: "a proxy in the backend's output says that it ignored a field of the request"
        case .outputSubprotocol: "the backend says that no subprotocol is one of its own"
        case .outputSessionUnknown: "the backend says that it does not know the session id"
        case .outputDisconnect: "the backend says that the other side went away"
        case .outputProcessEnded: "the backend's process ended"
        case .outputGaveUp: "the backend gave the handshake up before it had answered"
        case .outputTokenExpired: "the backend says that a token has expired"
        case .outputSaidNothing: "the backend's output is read, and has no traceback at this time"
        default: nil
        }
    }
}
