import CLinux
import CaptureFile
import Configuration
import Glibc
import ProxyCore
import Synchronization
import Telemetry
import Wire

/// What the capture's thread does; confined to it.
///
/// Takes chunks, encodes them, writes the blocks. After a failure (a full disk, a directory that went away) it goes on reading, so that the
/// conversations' numbers stay right, and drops what it encodes; every few seconds it tries anew with a new file.
final class CaptureThread {
    private let desk: CaptureDesk
    private let ledger: Ledger
    private var folder = CaptureFolder(CaptureSettings())
    private var encoder = TapEncoder()
    private var generation = -1
    private var counted: (downstream: UInt64, upstream: UInt64) = (0, 0)
    private var dropped: (downstream: UInt64, upstream: UInt64) = (0, 0)
    private var inFile: (downstream: UInt64, upstream: UInt64) = (0, 0)
    /// Until when nothing is tried after a failure.
    private var pauseUntil: UInt64 = 0
    /// Packets that were lost and not yet spoken of, and of which sessions.
    private var unsaid: UInt64 = 0
    private var losers: Set<SessionID> = []
    private var isLate = false

    private static let patience: UInt64 = 5_000_000_000
    private static let wait: UInt64 = 1_000_000_000
    /// How long what doesn't fill a page may wait for more.
    private static let linger: UInt64 = 50_000_000
    /// Bytes after which the buffer is written: another chunk's packets still fit into its 2 MiB.
    private static let full = 1280 << 10
    /// So many chunks at once: the disk doesn't follow.
    private static let late = 8

    init(_ desk: CaptureDesk, _ ledger: Ledger) {
        self.desk = desk
        self.ledger = ledger
    }

    func run() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        var chunks: [CaptureQueue.Chunk] = []
        chunks.reserveCapacity(64)
        while true {
            let isBehind = folder.isBehind(encoder.encoder.buffer)
            let stopping = desk.queue.take(into: &chunks, within: isBehind ? CaptureThread.linger : CaptureThread.wait)
            adoptSettings()
            if !chunks.isEmpty {
                isLate = chunks.count > CaptureThread.late
                let rules = desk.rules
                for chunk in chunks {
                    prepare()
                    encoder.encode(chunk, rules: rules)
                    desk.queue.giveBack(chunk)
                    if encoder.encoder.buffer.count > CaptureThread.full { flush() }
                }
                encoder.settle()
                flush()
            } else if folder.isDue(clinux_realtime(), encoder.encoder.buffer) {
                // Nobody says anything; the file that is too old is whole.
                closeFile()
            } else if isBehind {
                flush(isLast: true)
            }
            if stopping, chunks.isEmpty, desk.queue.finish() { break }
            chunks.removeAll(keepingCapacity: true)
        }
        closeFile()
    }

    private func adoptSettings() {
        guard let (settings, generation) = desk.settings(after: generation) else { return }
        self.generation = generation
        if settings.directory != folder.settings.directory { closeFile() }
        folder.adopt(settings)
        pauseUntil = 0
    }

    /// A file that may take what is encoded next.
    private func prepare() {
        let now = clinux_realtime()
        if folder.isDue(now, encoder.encoder.buffer) { closeFile() }
        guard !folder.isOpen, now >= pauseUntil else { return }
        // What was encoded while there was no file belongs to none.
        flush()
        do throws(CaptureFolder.Failure) {
            let deleted = folder.makeRoom()
            try folder.open(now)
            encoder.encoder.begin()
            inFile = (0, 0)
            desk.filesMade.add(1, ordering: .relaxed)
            ledger.captureFile(folder.name ?? "", directory: folder.directory, deleted: deleted, at: time)
        } catch {
            failed(error)
        }
    }

    /// - Parameter isLast: nothing more comes at present, so all of it goes out.
    private func flush(isLast: Bool = false) {
        let packets = encoder.encoder.packets
        let fresh = (packets.downstream &- counted.downstream, packets.upstream &- counted.upstream)
        counted = packets
        let touched = encoder.takeTouched()
        guard folder.isOpen else {
            encoder.encoder.buffer.clear()
            return lose(fresh, touched)
        }
        let (written, lost, failure) = folder.write(&encoder.encoder.buffer, fresh: fresh, isLate: isLate || isLast)
        if let failure {
            encoder.encoder.buffer.clear()
            lose(lost, touched)
            return failed(failure)
        }
        inFile.downstream &+= written.downstream
        inFile.upstream &+= written.upstream
        desk.packets.add(written.downstream &+ written.upstream, ordering: .relaxed)
        desk.bytes.add(UInt64(written.bytes), ordering: .relaxed)
        desk.failure.store(0, ordering: .relaxed)
        tellLost()
    }

    /// Ends the file with what is known of it.
    private func closeFile() {
        guard folder.isOpen else { return }
        flush(isLast: true)
        guard folder.isOpen else { return }
        for side in Side.allCases {
            let (written, lost) =
                side == .downstream ? (inFile.downstream, dropped.downstream) : (inFile.upstream, dropped.upstream)
            encoder.encoder.statistics(side, received: written &+ lost, dropped: lost, at: time)
        }
        _ = folder.write(&encoder.encoder.buffer, fresh: (0, 0), isLate: true)
        encoder.encoder.buffer.clear()
        folder.close()
        dropped = (0, 0)
    }

    // MARK: Failure

    private func lose(_ packets: (UInt64, UInt64), _ sessions: [SessionID]) {
        dropped.downstream &+= packets.0
        dropped.upstream &+= packets.1
        let count = packets.0 &+ packets.1
        desk.dropped.add(count, ordering: .relaxed)
        unsaid &+= count
        if losers.count < 1 << 16 { losers.formUnion(sessions) }
    }

    private func failed(_ failure: CaptureFolder.Failure) {
        pauseUntil = clinux_realtime() + CaptureThread.patience
        // Said once; the next time only if it is another one.
        guard desk.failure.exchange(failure.errno, ordering: .relaxed) != failure.errno else { return }
        ledger.captureFailed(failure.operation, errno: failure.errno, directory: folder.directory, at: time)
    }

    /// Something could be written again: how much is missing before it.
    private func tellLost() {
        guard unsaid > 0 else { return }
        ledger.captureDropped(
            packets: unsaid, bytes: nil, sessions: losers.count, names: Array(losers.sorted { $0.value < $1.value }.prefix(8)),
            because: "disk", worker: nil, at: time)
        unsaid = 0
        losers = []
    }

    private var time: Timestamp { Timestamp(nanoseconds: clinux_realtime()) }
}
