import CaptureFile
import Glibc
import Telemetry
import Wire

/// Reads recordings of any kind into sessions: the analyser does the work, replay keeps what it said.
///
/// Several files are one recording, as `analyze` reads them: a session goes on over the files of a rotation, and numbers are counted over all.
final class RecordingReader {
    private(set) var sessions: [RecordedSession] = []
    /// Sessions that can't be replayed, and why.
    private(set) var skipped: [(number: UInt64, why: String)] = []
    private let wanted: [AnalyzeOptions.Wanted]
    private var kept = 0
    private lazy var analyzer = CaptureAnalyzer(
        budget: RecordingReader.limit, wants: { [unowned self] in self.isWanted($0, $1) },
        take: { [unowned self] in self.take($0, $1) })
    private var ledger = LedgerRecording()
    /// Payload bytes of all sessions together.
    static let limit = 1 << 30

    init(wanted: [AnalyzeOptions.Wanted]) { self.wanted = wanted }

    /// Reads the files in that order; the fault is one sentence.
    func read(_ paths: [String]) throws(CommandFault) {
        for path in paths { try read(path) }
        analyzer.finish()
        for (session, why) in ledger.finish(number: { analyzer.number() }) where isWanted(session.number, session.name) {
            if let why { skipped.append((session.number, why)) } else { keep(session) }
        }
        try checkLimit()
        sessions.sort { ($0.startedAt, $0.number) < ($1.startedAt, $1.number) }
        skipped.sort { $0.number < $1.number }
    }

    private func read(_ path: String) throws(CommandFault) {
        if let text = try TextFile.open(path) {
            switch text {
            case .har(let file, let omissions):
                HARAnalysis.analyze(
                    file, omissions, number: { analyzer.number() }, wants: { isWanted($0, nil) }, budget: analyzer.budget,
                    take: { take($0, $1) })
            case .ledger(let file):
                while let line = TextFile.line(of: file) { ledger.take(line, number: { analyzer.number() }) }
                fclose(file)
            }
        } else {
            do throws(CaptureFault) {
                let stream = try CaptureStream(path: path)
                let ending = analyzer.read(stream)
                if ending.packets == 0, let fault = ending.fault { throw fault }
            } catch {
                throw CommandFault(sentence: "\(path): \(error.description)")
            }
        }
        try checkLimit()
    }

    private func checkLimit() throws(CommandFault) {
        guard kept > RecordingReader.limit else { return }
        throw CommandFault(sentence: "the sessions have more than 1 GiB of messages; choose some with --sessions")
    }

    private func isWanted(_ number: UInt64, _ name: SessionID?) -> Bool {
        (wanted.isEmpty || wanted.contains { $0.means(number, name) }) && kept <= RecordingReader.limit
    }

    private func take(_ session: AnalyzedSession, _ messages: MessageLog?) {
        guard isWanted(session.number, session.session) else { return }
        var why = ""
        guard let recorded = RecordedSession(session, messages, why: &why) else {
            skipped.append((session.number, why))
            return
        }
        keep(recorded)
    }

    private func keep(_ session: RecordedSession) {
        kept += session.messages.reduce(0) { $0 + $1.payload.count }
        sessions.append(session)
    }
}
