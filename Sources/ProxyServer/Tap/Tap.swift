import ProxyCore
import Wire

/// The tap of one downstream connection: where what it says and hears goes.
///
/// Live, records go into the worker's chunk. As a black box they go into the session's ring, until it is over: then they are written, or
/// forgotten. Confined to the worker. Recording copies bytes and allocates nothing; secrets in heads are gone before they get here.
final class Tap {
    let key: UInt64
    let policy: CapturePolicy
    /// The place of the payload rule in the capture's list.
    let rule: UInt32
    private(set) var session: SessionID
    private var ring: TapRing?
    /// Long pieces go to the file as they are, so that their pages need not be looked at again.
    private let mayPage: Bool
    /// The users are looked at as soon as they are known.
    var awaitsUser: Bool
    /// Nothing is recorded between a refused upgrade and the next on the same connection, but for the end.
    var isPaused = false
    /// Bytes that wait in front of a tunnel were recorded when they came.
    var skipsReceived = false
    /// So many of the next bytes that are sent are a head.
    var headAhead = 0
    /// What is said of the next bytes that are sent.
    var note: TapRecord.Flags = []
    /// The session is a tunnel: what is recorded are frames.
    var isTunnel = false
    private var lost = TapStreams()
    private var isNamedAsLost = false
    /// Where it began could not be recorded, so nothing of it is.
    private var isDead = false

    init(key: UInt64, session: SessionID, policy: CapturePolicy, rule: UInt32) {
        self.key = key
        self.session = session
        self.policy = policy
        self.rule = rule
        mayPage = policy.payload.kind == .keep
        awaitsUser = !policy.users.isEmpty
        if policy.mode == .blackBox || awaitsUser { ring = TapRing(capacity: policy.ring) }
    }

    /// Whether what is recorded waits in memory.
    var isBlackBox: Bool { ring != nil }

    // MARK: Recording

    /// Bytes of a stream.
    @inline(__always)
    func record(
        _ kind: TapRecord.Kind, _ side: Side, _ bytes: UnsafeRawBufferPointer, flags: TapRecord.Flags = [], at time: Timestamp,
        in channel: TapChannel
    ) {
        guard !isDead, let from = bytes.baseAddress, !bytes.isEmpty else { return }
        let flags = isTunnel ? flags.union(.tunnel) : flags
        if let ring {
            return ring.append(
                TapRecord(kind, side, flags: flags, key: key, at: time, length: bytes.count, kept: bytes.count), from)
        }
        var offset = 0
        while offset < bytes.count {
            let count = min(bytes.count - offset, TapChannel.piece)
            if !lost.isEmpty { tellLost(at: time, in: channel) }
            let record = TapRecord(kind, side, flags: flags, key: key, at: time, length: count, kept: count)
            if count >= TapChannel.paged, mayPage, lost.isEmpty {
                let taken = channel.append(paging: record, from + offset, bytes.count - offset)
                offset += taken
                if taken > 0 { continue }
                return lose(kind, side, bytes.count - offset, in: channel)
            }
            guard lost.isEmpty, let place = channel.reserve(record) else {
                lose(kind, side, bytes.count - offset, in: channel)
                return
            }
            place.copyMemory(from: from + offset, byteCount: count)
            offset += count
        }
    }

    /// An event without bytes of a stream.
    func record(
        _ kind: TapRecord.Kind, _ side: Side, extra: UInt8 = 0, length: Int = 0, _ bytes: [UInt8] = [], at time: Timestamp,
        in channel: TapChannel
    ) {
        guard !isDead else { return }
        let record = TapRecord(kind, side, extra: extra, key: key, at: time, length: length, kept: min(bytes.count, 200))
        guard let place = ring?.reserve(record).place ?? channel.reserve(record) else { return }
        bytes.withUnsafeBytes { if let from = $0.baseAddress { place.copyMemory(from: from, byteCount: record.kept) } }
    }

    /// A side's connection, as it is.
    func open(
        _ side: Side, initiator: SocketAddress, responder: SocketAddress, session: SessionID, at time: Timestamp,
        in channel: TapChannel
    ) {
        guard !isDead else { return }
        self.session = session
        let record = TapRecord(.opened, side, key: key, at: time, kept: TapOpening.size)
        guard let place = ring?.reserve(record).place ?? channel.reserve(record) else {
            isDead = true
            return lose(.relayed, side, 0, in: channel)
        }
        TapOpening(initiator: initiator, responder: responder, session: session, rule: rule).write(to: place)
    }

    /// Another session on the same connection.
    func rename(_ session: SessionID, at time: Timestamp, in channel: TapChannel) {
        self.session = session
        isPaused = false
        isTunnel = false
        record(
            .named, .downstream, (0..<8).map { UInt8(truncatingIfNeeded: session.value >> UInt64(8 * $0)) }, at: time, in: channel)
    }

    // MARK: Black box

    /// From here on, and with what is in memory, it goes to the file.
    func release(at time: Timestamp, in channel: TapChannel) {
        guard let ring else { return }
        self.ring = nil
        ring.drain { place, record in
            if !lost.isEmpty { tellLost(at: time, in: channel) }
            let isOfStream = record.kind.carriesStream || record.kind == .missed
            if isDead || !lost.isEmpty && isOfStream || !channel.append(place, size: record.size, at: time) {
                if record.kind == .opened { isDead = true }
                if record.kind.carriesStream { lose(record.kind, record.side, record.length, in: channel) }
                if record.kind == .missed {
                    lost.add(TapRecord.Kind(rawValue: record.extra) ?? .relayed, record.side, UInt64(record.length))
                }
            }
        } gap: { streams in
            for part in streams.parts { missed(part.kind, part.side, part.count, at: time, in: channel) }
        }
    }

    /// Nothing of it is wanted.
    func discard() {
        ring = nil
        isDead = true
    }

    // MARK: Loss

    private func lose(_ kind: TapRecord.Kind, _ side: Side, _ count: Int, in channel: TapChannel) {
        lost.add(kind, side, UInt64(count))
        channel.lose(session, bytes: count)
        guard !isNamedAsLost else { return }
        isNamedAsLost = true
        channel.nameLoss(session)
    }

    /// There is room again: the numbers go on where they would be.
    private func tellLost(at time: Timestamp, in channel: TapChannel) {
        let parts = lost.parts
        lost = TapStreams()
        for part in parts { missed(part.kind, part.side, part.count, at: time, in: channel) }
    }

    private func missed(_ kind: TapRecord.Kind, _ side: Side, _ count: UInt64, at time: Timestamp, in channel: TapChannel) {
        let record = TapRecord(
            .missed, side, extra: kind.rawValue, key: key, at: time, length: Int(count & 0xFFFF_FFFF))
        if channel.reserve(record) == nil { lost.add(kind, side, count) }
    }
}
