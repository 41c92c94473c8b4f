/// One thing that was seen, as a bit: what the rules of the catalogue are made of.
///
/// A sign says what is there, not what it means; what it means stands in the clauses of the causes. The declaration's
/// order has no meaning, and nothing outside of a process keeps the number; `id` is the stable name.
public enum Sign: UInt16, Sendable, Hashable, CaseIterable {
    // MARK: The request as it arrived
    case isUpgrade, isPlainRequest, upgradeFieldMissing, connectionTokenMissing, keyMissing, keyMalformed
    case keyRepeated, versionMissing, versionUnsupported, methodOther, requestIsHTTP10, requestHasBody
    case viaInRequest, originAbsent, originNull, originSameHost, originOtherPort, originOtherHost
    case originSiblingHost, originOtherScheme, originRepeated, fetchSiteCross, noCredentials, hasCredentials
    case hasAuthorization, hasCookie, hasQueryToken, hasSubprotocolToken, hasUnderscoreField, hasTokenField
    case tokenHasExpired, tokenNotYetValid, hostIsAddress, hostIsInternal, offersSubprotocol
    case offersNoSubprotocol, offersDeflate, engineIOPath, engineIOHasSid, engineIOOldVersion, engineIOPolling
    case pathEndsInSlash, pathIsRoot, forwardedProtoSecure, forwardedProtoWebSocket, forwardedForPresent
    case clientUsedTLS, clientUsedPlain, headIsLarge, fieldIsLarge, queryIsLong, bearsBrowserAgent, noUserAgent
    // MARK: The status line
    case answered, refused, status101, status200, status2xx, statusRedirect, status400, status401, status403
    case status404, status405, status407, status408, status413or414, status426, status429, status431
    case status495or496, status497, status500, status501, status502, status503, status504, status505
    case status521or523, status524, status525or526, statusOther4xx, answerIsHTTP10
    // MARK: The fields and the body of the answer
    case acceptMissing, acceptWrong, acceptRepeated, upgradeMissingIn101, connectionMissingIn101
    case subprotocolNotOffered, subprotocolNotSelected, subprotocolRepeated, extensionNotOffered
    case extensionBadParameters, contentLengthIn101, upgradeOnOtherStatus, deflateAgreed, cacheHit
    case redirectToSecure, redirectToSecureElsewhere, redirectAddsSlash, redirectToLoginPage, redirectElsewhere
    case redirectToOtherHost, redirectIsWebSocketURL, asksForCredentials, setsLoginCookie, retryAfter
    case namesVersion13, namesOtherVersion, goUpgraderAnswer, allowsGET, allowsOtherMethods, upgradeInAnswer
    case bodyIsEmpty, bodyIsHTML, bodyIsJSON, bodyIsApplicationPage, mixedFieldCase
    // MARK: What the body says
    case saysOriginRefused, saysCrossOrigin, saysOriginMissing, saysOriginNotForHost, saysHostRefused
    case saysNotAuthenticated, saysTokenExpired, saysTokenInvalid, saysWrongAudience, saysClientCertificate
    case saysUpgradeMissing, saysKeyBad, saysVersionBad, saysHTTP10, saysSubprotocolMissing
    case saysSubprotocolInvalid, saysExtensionInvalid, saysHeadTooLarge, saysPlainToTLS, saysForbiddenByRule
    case saysFirewall, saysChallenge, saysNoServer, saysConnectFailed, saysTooSlow, saysSessionUnknown
    case saysUnsupportedEngineIO, saysTransportRefused, saysRateLimited, saysTooManyConnections, saysNotFound
    case saysMethodNotAllowed, saysSockJS, saysEngineIO, saysBadRequestOfQuart, saysNotHijackable
    case saysBadRequest, saysCrash, saysPlatformNoApp, saysAddressDenied, saysCSRF
    // MARK: Who answered
    case byBackend, byIntermediary, byEdge, byUnknown, intermediaryOnPath, edgeOnPath, intermediaryOwnPage
    case byASGI, asgiBareRefusal, uvicornAsHTTP, byFrameworkAsHTTP, hopRewroteServer, byWSGI, gunicornErrorPage
    case byDaphne, byHypercorn, byPythonWebsockets, byAiohttp, byTornado, byJupyter, byNodeWs, byEngineIO
    case byPlainNode, byGoUpgrader, goDefaultPage, byRails, byPhoenix, bySpring, byKestrel, byEnvoyEmpty403
    case byCaddyEmpty200, byNginx, byHAProxy, byApache, byServerless, cloudflareMitigated, cloudflareAccess
    case renderNoServer, renderAsleep, renderOrigin
    // MARK: Failures without an answer
    case failedRefused, failedConnectTimeout, failedName, failedNoEndpoint, failedResponseTimeout, failedClosed
    case failedClosedAtOnce, failedClosedLate, failedReset, failedNotHTTP, failedNotHTTPTLS, failedNotHTTPBanner
    case failedTLSPlain, failedTLSExpired, failedTLSUntrusted, failedTLSName, failedTLSClientCertificate
    case failedTLSOther, failedMalformedResponse, failedBareLineFeed, failedMalformedRequest, failedClientTLS
    case failedClientPlain, failedHTTP2, failedLimit, failedClientGone, failedDraining, failedNoRoute
    case failedOurOrigin, failedOurCredentials
    // MARK: What probes showed
    case probedControlFails, flipOriginSelf, flipOriginOther, flipOriginRemoved, flipHost, flipFetchSite
    case flipForwardedProto, flipForwardedHost, flipForwardedRemoved, flipSlash, flipDoubledPrefix, flipPrefix
    case flipNoExtensions, flipNoSubprotocol, flipSubprotocol, flipVersion, flipKey, flipMethod
    case flipUpgradeFields, flipNoCredentials, flipCredentials, flipUserAgent, flipNoSid, flipEngineIO4
    case flipEngineIOPath, flipSmallHead, flipSecure, randomPathSame, randomPathDiffers, randomPathNotFound
    case randomPathElsewhere, plainSame, plainWorks, plainDiffers, plainUnavailable, plainNotFound
    case usualPathAccepts, plainAsNowhere, plainOnlyHere, plainReached, plainByNode, originNeverFlips
    case hostNeverFlips, pathsNeverFlip, flipByItself
    // MARK: How a session ended
    case serverClosedFirst, clientClosedFirst, serverCut, serverResetIt, clientCut, weEndedIt, serverCode1000
    case serverCode1001, serverCode1002, serverCode1003, serverCode1007, serverCode1008, serverCode1009
    case serverCode1010, serverCode1011, serverCode1012, serverCode1013, serverCode1014, serverCode3000
    case serverCode4xxx, serverCode44xx, serverCodeInvalid, clientCode1001, clientCode1002, clientCode1003
    case clientCode1007, clientCode1009, clientCode1010, clientCode1011, clientCodeInvalid, reasonSaysPing
    case reasonSaysCredentials, reasonSaysExpired, reasonSaysTooBig, reasonSaysRestart, reasonSaysIdle
    case reasonSaysRate, reasonSaysOrigin, reasonSaysReserved, afterSilence, silenceWholeSeconds
    case silenceKnownDefault, silenceOfServerAlone, ageKnownLimit, activeUntilTheEnd, endedAtOnce
    case afterClientMessage, afterServerMessage, afterBigMessage, serverNeverSpoke, clientNeverSpoke
    case closedWithoutWord, serverMasked, clientUnmasked, serverReservedBits, clientReservedBits
    case reservedOpcodeSeen, textNotUTF8Seen, otherFault, serverFault, clientFault, overOwnLimit, httpInStream
    case textInStream, clientPingsUnanswered, serverPingsUnanswered, ourIdleTimer, upstreamGone
    case upstreamStillAccepts, freedByAnotherEnd, manyEndedTogether, manySameSilence, manySameAge
    case pingsKeepItAlive, pingsDontHelp, engineIORefused, disconnectMessage, onlyWatched
    // MARK: What the backend wrote
    case engineIOServer, outputNoWebSocketLibrary, outputTraceback, outputOrigin, outputNoRoute
    case outputNotAccepted, outputWorkerTimeout, outputBind, outputShutdown, outputMissingArgument
    case outputHostRefused, outputCredentials, outputNoWebSocketScope, outputNotHijackable
    case outputUnsupportedUpgrade, outputSawPlainRequest, outputSawOtherPath, outputSawUpgrade, outputSyncWorker
    case outputPlainServer, outputNoServerUp, outputUpstreamRefused, outputUpstreamTimedOut
    case outputUpstreamCertificate, outputAddressDenied, outputRateLimited, outputConnectionLimit
    case outputPoolFull, outputHeaderTooLarge, outputClientCertificate, outputFieldDropped, outputSubprotocol
    case outputSessionUnknown, outputDisconnect, outputProcessEnded, outputGaveUp, outputTokenExpired
    case outputSaidNothing
    // MARK: What Gatehouse remembers of other exchanges
    case sidJustGiven, tlsIsAnswered, tlsIsNotSpoken, tlsHangsUp, messagesKeepItAlive, messagesDontHelp
}
