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
    /// Chunks whose pages wait for the disk.
    private var lent: [CaptureQueue.Chunk] = []

    private static let patience: UInt64 = 5_000_000_000
    private static let wait: UInt64 = 1_000_000_000
    /// How long what doesn't fill a page may wait for more.
    private static let linger: UInt64 = 50_000_000
    /// Bytes after which the encoder's own buffer is written: another chunk's packets still fit into its 2 MiB.
    private static let full = 1280 << 10
    /// Bytes after which it is written together with the pages that stand in chunks: a write costs by the call more than by the byte.
    private static let enough = 4 << 20
    /// So many chunks make about as much, in a busy stream.
    private static let gathering = 6
    /// So many chunks wait: the disk doesn't follow. Half of those that there are, since the page cache costs several times what it replaces.
    private static let late = 64

    init(_ desk: CaptureDesk, _ ledger: Ledger) {
        self.desk = desk
        self.ledger = ledger
    }

    func run() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        var chunks: [CaptureQueue.Chunk] = []
        chunks.reserveCapacity(128)
        while true {
            let isBehind = folder.isBehind(encoder.encoder.buffer)
            let wanted = folder.unsaved(encoder.encoder.buffer) >= CaptureOutput.bulk ? CaptureThread.gathering : 1
            let stopping = desk.queue.take(
                into: &chunks, atLeast: wanted, within: isBehind ? CaptureThread.linger : CaptureThread.wait)
            adoptSettings()
            if !chunks.isEmpty {
                let rules = desk.rules
                for (index, chunk) in chunks.enumerated() {
                    isLate = chunks.count - index + desk.queue.waiting > CaptureThread.late
                    prepare()
                    encoder.encode(chunk, rules: rules)
                    lent.append(chunk)
                    if encoder.encoder.buffer.inserted == 0 { giveBack() }
                    let (own, all) = (encoder.encoder.buffer.count, encoder.encoder.buffer.total)
                    if own > CaptureThread.full || all > CaptureThread.enough { flush() }
                }
                encoder.settle()
                // Much at a time will have more behind it; who waited in vain for that goes on without.
                let comesInBulk = folder.unsaved(encoder.encoder.buffer) >= CaptureOutput.bulk && chunks.count >= wanted
                if !comesInBulk || isLate || stopping { flush() }
            } else if folder.isDue(clinux_realtime(), encoder.encoder.buffer) {
                // Nobody says anything; the file that is too old is whole.
                closeFile()
            } else if isBehind {
                flush(isLast: folder.unsaved(encoder.encoder.buffer) < CaptureOutput.bulk)
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
        var isHasty = false
        if folder.isDue(now, encoder.encoder.buffer) {
            isHasty = folder.isHasty(now)
            closeFile()
        }
        guard !folder.isOpen, now >= pauseUntil else { return }
        // What was encoded while there was no file belongs to none.
        flush()
        do throws(CaptureFolder.Failure) {
            let deleted = folder.makeRoom(inHaste: isHasty)
            try folder.open(now)
            encoder.encoder.begin()
            inFile = (0, 0)
            desk.filesMade.add(1, ordering: .relaxed)
            ledger.captureFile(folder.name ?? "", directory: folder.directory, deleted: deleted, at: time)
        } catch {
            failed(error)
        }
    }

    private func giveBack() {
        desk.queue.giveBack(lent)
        lent.removeAll(keepingCapacity: true)
    }

    /// - Parameter isLast: nothing more comes at present, so all of it goes out.
    private func flush(isLast: Bool = false) {
        defer { giveBack() }
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
        if folder.wantsPages, encoder.encoder.buffer.unit < CaptureBuffer.alignment {
            encoder.encoder.buffer.unit = CaptureBuffer.alignment
            desk.queue.unit.store(CaptureBuffer.alignment, ordering: .relaxed)
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
        // What came in bulk goes the way of all bulk, only its end through the page cache.
        if folder.unsaved(encoder.encoder.buffer) >= CaptureOutput.bulk { flush() }
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
