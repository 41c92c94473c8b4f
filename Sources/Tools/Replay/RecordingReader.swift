import CaptureFile
import Glibc
import Telemetry
import Wire

/// Reads recordings of any kind into sessions: the analyser does the work, replay keeps what it said.
final class RecordingReader {
    private(set) var sessions: [RecordedSession] = []
    /// Sessions that can't be replayed, and why.
    private(set) var skipped: [(number: UInt64, why: String)] = []
    private let wanted: [AnalyzeOptions.Wanted]
    private var kept = 0
    /// Payload bytes of all sessions together.
    static let limit = 1 << 30

    init(wanted: [AnalyzeOptions.Wanted]) { self.wanted = wanted }

    /// Reads one file; the fault is one sentence.
    func read(_ path: String) throws(CommandFault) {
        let analyzer = CaptureAnalyzer(wants: { self.isWanted($0, $1) }, take: { self.take($0, $1) })
        if let text = try TextFile.open(path) {
            switch text {
            case .har(let file):
                HARAnalysis.analyze(
                    file, number: { analyzer.number() }, wants: { self.isWanted($0, nil) }, take: { self.take($0, $1) })
            case .ledger(let file):
                var ledger = LedgerRecording()
                while let line = TextFile.line(of: file) { ledger.take(line) }
                fclose(file)
                for (session, why) in ledger.finish() where isWanted(session.number, session.name) {
                    if let why { skipped.append((session.number, why)) } else { keep(session) }
                }
            }
        } else {
            do throws(CaptureFault) {
                let stream = try CaptureStream(path: path)
                let ending = analyzer.read(stream)
                if ending.packets == 0, let fault = ending.fault { throw fault }
                analyzer.finish()
            } catch {
                throw CommandFault(sentence: "\(path): \(error.description)")
            }
        }
        if kept > RecordingReader.limit {
            throw CommandFault(sentence: "the sessions have more than 1 GiB of messages; choose some with --sessions")
        }
        sessions.sort { ($0.startedAt, $0.number) < ($1.startedAt, $1.number) }
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
