import Synchronization
import Telemetry

/// Ledgers for those who write a line now and then, always with the redaction that holds now.
///
/// A name that a reload makes secret is redacted from then on in every line, and in every answer of the admin endpoints: who kept the
/// redaction of the start would go on saying it. Workers and the casebook have ledgers of their own, which the new state replaces.
final class LedgerSource: Sendable {
    let log: LogWriter
    private let current: Mutex<LogRedaction>

    init(log: LogWriter, redaction: LogRedaction) {
        self.log = log
        current = Mutex(redaction)
    }

    var redaction: LogRedaction { current.withLock { $0 } }

    /// For one line, or for a few that belong together; not to be kept.
    var ledger: Ledger { Ledger(writer: log, redaction: redaction) }

    /// What is redacted from now on.
    func adopt(_ redaction: LogRedaction) { current.withLock { $0 = redaction } }
}
