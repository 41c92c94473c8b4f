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
        guard sign == .outputSawOtherPath else { return sign }
        return observation.pathIsRewritten || isOfProbe(access.path) ? nil : sign
    }

    /// Whether a request for this path may have been a probe of ours. While they are made, any other path than the case's own may be one's.
    private func isOfProbe(_ path: [UInt8]) -> Bool {
        guard isProbed else { return false }
        guard let plan else { return true }
        return plan.otherPaths.contains(path)
    }

    /// Whether a line speaks of a path that only a probe of ours asked for: `No route found for path 'ws/gatehouse-1f'`.
    private func speaksOfProbe(_ line: HeardLine) -> Bool {
        guard isProbed else { return false }
        func length(_ path: [UInt8]) -> Int? {
            let bare = Array(path.drop { $0 == 0x2F })
            return bare.count > 1 && line.text.firstRange(of: bare) != nil ? bare.count : nil
        }
        // Which names they have is known when they are over; until then, what begins like one is left for a moment.
        guard let plan else { return line.text.contains("gatehouse-", in: line.text.indices) }
        guard let longest = plan.otherPaths.compactMap(length).max() else { return false }
        return longest > length(path) ?? 0
    }

    /// What any request's handling may print, an upgrade's or another's.
    private static let ofFailures: SignSet = [
        .outputTraceback, .outputDisconnect, .outputCredentials, .outputTokenExpired, .outputWorkerTimeout,
    ]
    private static let ofExceptions: SignSet = [.outputTraceback, .outputDisconnect]
    private static let ofProcesses: SignSet = [.outputProcessEnded, .outputShutdown]

    /// What a line may tell of this case, by its time and kind; nil where it can't belong here.
    func hears(_ line: HeardLine) -> SignSet? {
        guard verdict != nil, line.at + .milliseconds(100) >= began, line.at <= ended + Casework.window, !speaksOfProbe(line) else {
            return nil
        }
        var signs = line.signs
        switch subject {
        case .settled: return nil
        case .refusal(let observation):
            if signs.contains(.outputBind) { return observation.failure?.isRefusedConnection == true ? signs : nil }
            if observation.response != nil {
                // Whoever answered lived, and what it prints later is about something else.
                signs.subtract(CaseFile.ofProcesses)
                if line.at > ended + Casework.lag { signs.subtract(CaseFile.ofFailures) }
            } else {
                if observation.failure?.isCut != true { signs.remove(.outputProcessEnded) }
                if line.at > ended + Casework.longLag { signs.subtract(CaseFile.ofExceptions) }
            }
        case .end(let record):
            if !signs.isDisjoint(with: CaseFile.ofHandshakes) || signs.contains(.outputBind) { return nil }
            if signs.contains(.outputCredentials), !record.upstream.sentClose { return nil }
            if !record.wasCutByServer || line.at > ended + Casework.lastBreath || hasOwnFailure(before: line.at) {
                signs.remove(.outputProcessEnded)
            }
            if record.upstream.sentClose {
                if line.at > ended + Casework.lag { signs.subtract(CaseFile.ofFailures.union(CaseFile.ofProcesses)) }
                if let code = record.upstream.closeCode, !CaseFile.vagueCodes.contains(code) {
                    signs.subtract([.outputTraceback, .outputWorkerTimeout, .outputShutdown])
                }
            } else if line.at > ended + Casework.longLag {
                signs.subtract(CaseFile.ofExceptions)
            }
        }
        return signs.isEmpty && !line.signs.isEmpty ? nil : signs
    }

    /// Codes that servers and frameworks send for a handler that failed, or that say nothing. All others have a reason of their own.
    private static let vagueCodes: Set<UInt16> = [1000, 1001, 1011, 1012]

    /// Whether a traceback of its own explains an end that was some time before.
    private func hasOwnFailure(before now: Timestamp) -> Bool {
        signs.contains(.outputTraceback) && ended + Casework.longLag < now
    }

    /// Whether it shows that the backend's process lived when it ended: an answer, unless a gateway's, or a close frame.
    var showsLife: Bool {
        switch subject {
        case .settled: false
        case .refusal(let observation): observation.response.map { !(502...504).contains($0.status) } ?? false
        case .end(let record): record.upstream.sentClose
        }
    }
}

extension HandshakeFailure {
    fileprivate var isRefusedConnection: Bool {
        if case .upstreamRefused = self { true } else { false }
    }

    fileprivate var isCut: Bool {
        if case .closedBeforeResponse = self { true } else { false }
    }
}
