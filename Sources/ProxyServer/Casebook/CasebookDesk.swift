import Admin
import Configuration
import Diagnosis
import EventLoop
import TLSEngine
import Telemetry
import Wire

/// What the casebook's thread works with: confined to it.
final class CasebookDesk {
    private var state: ServerState
    private let shared: SharedParts
    private let book: Casebook
    private var ledger: Ledger
    private var casework: Casework
    /// How to ask again, for refusals whose probes are being decided on.
    private var latest: RefusalNote?
    /// Where endpoints of recent cuts were reached.
    private var addresses: [String: SocketAddress] = [:]
    private var random = SecureRandom()
    private var investigations: UInt64 = 0

    init(_ state: ServerState, _ shared: SharedParts, _ book: Casebook) {
        self.state = state
        self.shared = shared
        self.book = book
        ledger = Ledger(writer: shared.log, redaction: shared.redaction(for: state))
        casework = Casework(probesPerMinute: CasebookDesk.budget(state))
    }

    private static func budget(_ state: ServerState) -> Int {
        state.snapshot.diagnosis.probes == .onRefusal ? state.snapshot.diagnosis.probesPerMinute : 0
    }

    /// How long the thread may sleep, in milliseconds.
    func patience(at now: Timestamp) -> Int32 {
        guard let due = casework.due else { return 1000 }
        return Int32(min(1000, (due - now).nanoseconds / 1_000_000 + 1))
    }

    func read(_ note: CasebookNote, at now: Timestamp) {
        switch note {
        case .heard(let line, let time): perform(casework.heard(line, at: time), now)
        case .refused(let note):
            latest = note
            perform(casework.refused(note.observation, note.verdict, canBeProbed: note.target != nil, at: note.at), now)
            latest = nil
        case .ended(let note):
            if addresses.count > 256 { addresses = [:] }
            addresses[note.endpoint] = note.address
            let path = Array(note.path.utf8.prefix { $0 != 0x3F })
            perform(
                casework.ended(note.session, note.record, route: note.route, endpoint: note.endpoint, path: path, at: note.at), now)
        case .endedWell(let session, let facts, let route, let endpoint, let time):
            casework.endedWell(session, facts, route: route, endpoint: endpoint, at: time)
        case .probed(let session, let plan): perform(casework.probed(session, plan, at: now), now)
        case .checked(let endpoint, let accepts, let words):
            perform(casework.checked(endpoint, accepts: accepts, words: words, at: now), now)
        case .reloaded(let state):
            self.state = state
            ledger = Ledger(writer: shared.log, redaction: shared.redaction(for: state))
            casework.allow(probesPerMinute: CasebookDesk.budget(state))
        case .report(let reply):
            reply.give(
                CausesReport(
                    groups: Array(casework.groups.ranked.prefix(100)), patterns: Array(casework.patterns.patterns.prefix(100)),
                    forgotten: casework.groups.forgotten, lost: book.lost, investigations: investigations))
        case .find(let session, let reply):
            reply.give(
                casework[session].flatMap { file in
                    file.verdict.map {
                        FiledVerdict(
                            session: session, kind: file.kind, route: file.route, endpoint: file.endpoint, at: file.ended,
                            verdict: $0)
                    }
                })
        }
    }

    func tick(at now: Timestamp) { perform(casework.tick(now), now) }

    private func perform(_ steps: [Casework.Step], _ now: Timestamp) {
        for step in steps {
            switch step {
            case .write(let session, let verdict):
                guard let file = casework[session] else { continue }
                ledger.sessionVerdict(
                    session, verdict, kind: file.kind, route: file.route, endpoint: file.endpoint, revision: file.revisions, at: now
                )
            case .probe: investigate()
            case .check(let endpoint):
                guard let address = addresses[endpoint], book.check(endpoint, address) else {
                    perform(casework.unchecked(endpoint), now)
                    continue
                }
            }
        }
    }

    private func investigate() {
        guard let latest,
            let job = Investigation(latest, limit: state.snapshot.diagnosis.probeLimit, nonce: random.next())
        else { return }
        if book.investigate(job) { investigations &+= 1 }
    }
}
