/// The root cause of a refused or broken session: what must change.
///
/// The raw value is the id that every verdict uses; it never changes its meaning. Which framework, setting or field
/// is concerned belongs in the evidence and the fix, not in the id. `CauseCatalogue` holds what each one means.
public enum Cause: String, Sendable, Hashable, CaseIterable {
    // origin
    case originNotAllowed = "origin-not-allowed"
    case originNotSameHost = "origin-not-same-host"
    case originMissing = "origin-missing"
    case crossSiteRefused = "cross-site-refused"
    // host
    case hostNotAllowed = "host-not-allowed"
    case hostRoutedElsewhere = "host-routed-elsewhere"
    case proxyRewritesHost = "proxy-rewrites-host"
    // redirect
    case redirectToHttps = "redirect-to-https"
    case redirectTrailingSlash = "redirect-trailing-slash"
    case redirectToLogin = "redirect-to-login"
    // scheme
    case forwardedProtoMissing = "forwarded-proto-missing"
    case forwardedFieldsNotTrusted = "forwarded-fields-not-trusted"
    // auth
    case credentialsMissing = "credentials-missing"
    case credentialsRejected = "credentials-rejected"
    case tokenExpired = "token-expired"
    case tokenWrongAudience = "token-wrong-audience"
    case clientCertificateMissing = "client-certificate-missing"
    case clientAddressDenied = "client-address-denied"
    case blockedByRule = "blocked-by-rule"
    case edgeChallenge = "edge-challenge"
    // path
    case routeNotFound = "route-not-found"
    case trailingSlash = "trailing-slash"
    case routeIsHttpOnly = "route-is-http-only"
    case proxyRewritesPath = "proxy-rewrites-path"
    case proxyPathNotMatched = "proxy-path-not-matched"
    case proxyRuleOrder = "proxy-rule-order"
    case spaFallback = "spa-fallback"
    case twoWebsocketServers = "two-websocket-servers"
    case clientProtocolMismatch = "client-protocol-mismatch"
    // upgrade-fields
    case upgradeFieldsMissing = "upgrade-fields-missing"
    case proxyDropsUpgrade = "proxy-drops-upgrade"
    case proxyDropsField = "proxy-drops-field"
    case proxyDropsSubprotocol = "proxy-drops-subprotocol"
    case methodNotGet = "method-not-get"
    case secWebsocketKeyMissing = "sec-websocket-key-missing"
    case secWebsocketVersionMissing = "sec-websocket-version-missing"
    case websocketVersionUnsupported = "websocket-version-unsupported"
    case http10Upstream = "http10-upstream"
    case upgradeNotEnabled = "upgrade-not-enabled"
    case http2WithoutExtendedConnect = "http2-without-extended-connect"
    // support
    case noWebsocketLibrary = "no-websocket-library"
    case serverWithoutWebsocket = "server-without-websocket"
    case noUpgradeHandler = "no-upgrade-handler"
    case noWebsocketInRouter = "no-websocket-in-router"
    case responseWriterNotHijackable = "response-writer-not-hijackable"
    case transportDisabled = "transport-disabled"
    case upgradeNeverAnswered = "upgrade-never-answered"
    // response
    case invalid101Accept = "invalid-101-accept"
    case invalid101Fields = "invalid-101-fields"
    case statusNot101 = "status-not-101"
    case handlerCrashedBeforeAccept = "handler-crashed-before-accept"
    case acceptNeverCalled = "accept-never-called"
    case handshakeTooSlow = "handshake-too-slow"
    case malformedResponseHead = "malformed-response-head"
    case notAnHttpServer = "not-an-http-server"
    // subprotocol
    case subprotocolRequired = "subprotocol-required"
    case subprotocolNoOverlap = "subprotocol-no-overlap"
    case subprotocolNotSelected = "subprotocol-not-selected"
    case subprotocolNotOffered = "subprotocol-not-offered"
    // extension
    case extensionNotOffered = "extension-not-offered"
    case proxyDropsExtensionsInResponse = "proxy-drops-extensions-in-response"
    case rsv1WithoutExtension = "rsv1-without-extension"
    // session
    case messageTooBig = "message-too-big"
    case handlerReturned = "handler-returned"
    case handlerCrashed = "handler-crashed"
    case invalidCloseCode = "invalid-close-code"
    case serverRestarting = "server-restarting"
    case serverCrashed = "server-crashed"
    case serverFramesMasked = "server-frames-masked"
    case clientFramesUnmasked = "client-frames-unmasked"
    case textNotUtf8 = "text-not-utf8"
    case reservedOpcode = "reserved-opcode"
    case protocolViolation = "protocol-violation"
    case bytesNotFrames = "bytes-not-frames"
    case policyClose = "policy-close"
    // time
    case idleTimeout = "idle-timeout"
    case lifetimeLimit = "lifetime-limit"
    case clientIgnoresPings = "client-ignores-pings"
    case serverIgnoresPings = "server-ignores-pings"
    case serverSilent = "server-silent"
    case workerKilledByTimeout = "worker-killed-by-timeout"
    // engine.io
    case engineioVersionMismatch = "engineio-version-mismatch"
    case sessionNotSticky = "session-not-sticky"
    case sessionExpired = "session-expired"
    // limits
    case connectionLimit = "connection-limit"
    case rateLimited = "rate-limited"
    case workerPoolExhausted = "worker-pool-exhausted"
    case requestHeaderTooLarge = "request-header-too-large"
    // tls
    case certificateExpired = "certificate-expired"
    case certificateNotTrusted = "certificate-not-trusted"
    case certificateWrongName = "certificate-wrong-name"
    case upstreamCertificate = "upstream-certificate"
    case plainHttpToTlsPort = "plain-http-to-tls-port"
    case tlsToPlainHttpPort = "tls-to-plain-http-port"
    // reach
    case nameNotResolved = "name-not-resolved"
    case upstreamRefused = "upstream-refused"
    case upstreamHangs = "upstream-hangs"
    case noHealthyUpstream = "no-healthy-upstream"
    case platformNoServer = "platform-no-server"
    // session
    case connectionCut = "connection-cut"
    // unknown
    case unknown
}
