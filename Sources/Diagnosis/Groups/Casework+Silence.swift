import Wire

// That nothing was said is evidence too, where the backend's output is read: a handler that fails leaves a traceback, one that returns doesn't.

extension Casework {
    /// How long after an end its traceback may come: longer than a traceback waits for its last line.
    private static let hush = TimeSpan.milliseconds(600)
    private static let silenceLimit = 256
    private static let telling: SignSet = [
        .outputTraceback, .outputProcessEnded, .outputShutdown, .outputWorkerTimeout, .outputDisconnect,
    ]

    /// Notes a session that was cut right after its accept, before anybody said a word.
    mutating func awaitSilence(of session: SessionID, _ record: SessionRecord, _ now: Timestamp) {
        guard hearsBackend, record.wasCutByServer, record.endedAfter < SessionReading.moment, record.upstream.messages == 0,
            record.downstream.messages == 0, silences.count < Casework.silenceLimit
        else { return }
        silences.append((session, now + Casework.hush))
    }

    /// Learns of the silences whose time is over.
    mutating func hearSilences(_ now: Timestamp) -> [Step] {
        var steps: [Step] = []
        while let silence = silences.first, silence.due <= now {
            silences.removeFirst()
            guard hearsBackend, let file = cases[silence.session], !file.signs.contains(.upstreamGone), wasSilent(about: file)
            else { continue }
            cases[silence.session]?.learn(
                [.outputSaidNothing],
                Evidence(what: "backend output", observed: "nothing about a failure at this time, nor that its process ended"))
            steps += revise(silence.session, at: now)
        }
        return steps
    }

    /// Whether no line that would explain this end was written about then, whosoever it was; false where such lines may have been let go.
    private func wasSilent(about file: CaseFile) -> Bool {
        if lines.count == Casework.lineLimit, let eldest = lines.first, eldest.at > file.began { return false }
        return !lines.contains { line in
            !line.signs.isDisjoint(with: Casework.telling) && line.at + .milliseconds(100) >= file.began
                && line.at <= file.ended + Casework.hush
        }
    }
}
