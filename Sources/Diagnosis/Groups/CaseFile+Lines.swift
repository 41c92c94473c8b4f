import HTTPWire
import Wire

/// Which lines of the backend's output a case may have.
extension CaseFile {
    private static let ofHandshakes: SignSet = [
        .outputNoWebSocketLibrary, .outputUnsupportedUpgrade, .outputOrigin, .outputHostRefused, .outputNoRoute,
        .outputNoWebSocketScope, .outputNotAccepted, .outputMissingArgument, .outputNotHijackable, .outputSawPlainRequest,
        .outputSyncWorker, .outputPlainServer, .outputNoServerUp, .outputUpstreamRefused, .outputUpstreamTimedOut,
        .outputUpstreamCertificate, .outputAddressDenied, .outputRateLimited, .outputHeaderTooLarge, .outputClientCertificate,
        .outputFieldDropped, .outputSubprotocol, .outputSessionUnknown, .outputGaveUp,
    ]

    /// What an access log's line says of this refusal's request; nil if it speaks of another.
    func arrival(_ access: AccessLine?) -> Sign? {
        guard let access, case .refusal(let observation) = subject, let request = observation.request else { return nil }
        let sign = access.sign(request, observation.response?.status)
        return sign == .outputSawOtherPath && observation.pathIsRewritten ? nil : sign
    }

    /// Whether a line may belong here by its time and kind.
    func admits(_ line: HeardLine) -> Bool {
        guard verdict != nil, line.at + .milliseconds(100) >= began, line.at <= ended + Casework.window else { return false }
        switch subject {
        case .settled: return false
        case .refusal(let observation):
            if line.signs.contains(.outputBind) { return observation.failure?.isRefusedConnection == true }
            return true
        case .end(let record):
            if !line.signs.isDisjoint(with: CaseFile.ofHandshakes) || line.signs.contains(.outputBind) { return false }
            if line.signs.contains(.outputCredentials) { return record.upstream.sentClose }
            return true
        }
    }
}

extension HandshakeFailure {
    fileprivate var isRefusedConnection: Bool {
        if case .upstreamRefused = self { true } else { false }
    }
}
