import CaptureFile
import ProxyCore
import Wire

/// Turns the workers' records into packets: the part of the capture's thread that knows the sessions.
///
/// A connection is two conversations, one a side. An end (FIN, RST) is held until the session's next record or the end of what was taken from the
/// queue, so that the last packet can say why the session is over.
struct TapEncoder: ~Copyable {
    var encoder = CaptureEncoder(capacity: 2 << 20)
    private var connections: [UInt64: TapConnection] = [:]
    /// Connections with ends that are held.
    private var held: [UInt64] = []
    /// Sessions of which something was encoded since `takeTouched`; and the number of that turn, which stands in those that are among them.
    private var touched: [SessionID] = []
    private var turn: UInt64 = 1

    /// The sessions of which something was encoded since the last call.
    mutating func takeTouched() -> [SessionID] {
        turn &+= 1
        defer { touched.removeAll(keepingCapacity: true) }
        return touched
    }

    /// Reads a chunk's records.
    mutating func encode(_ chunk: CaptureQueue.Chunk, rules: [PayloadRule]) {
        var offset = 0
        while offset < chunk.count {
            let place = UnsafeRawPointer(chunk.start + offset)
            var record = TapRecord.read(place)
            offset += record.size
            let bytes = UnsafeRawBufferPointer(start: place + TapRecord.headerSize, count: record.kept)
            guard record.flags.contains(.paged) else {
                take(record, bytes, nil, rules)
                continue
            }
            let apart = TapPages.read(place + TapRecord.headerSize)
            let pages = UnsafeRawBufferPointer(start: chunk.start + apart.place, count: apart.count)
            let rest = UnsafeRawBufferPointer(rebasing: bytes[TapPages.size...])
            record.kept = record.length
            take(record, rest, (pages, PayloadSum(words: apart.sum, RawSpan(_unsafeBytes: rest))), rules)
        }
    }

    /// Nothing more comes at present: what is held is written.
    mutating func settle() {
        for key in held { if let connection = connections[key] { flush(connection) } }
        held.removeAll(keepingCapacity: true)
    }

    /// Bytes in whole pages that come before a record's own, and the sum of both.
    private typealias Pages = (bytes: UnsafeRawBufferPointer, sum: PayloadSum)

    private mutating func take(_ record: TapRecord, _ bytes: UnsafeRawBufferPointer, _ pages: Pages?, _ rules: [PayloadRule]) {
        if record.kind == .opened { return open(record, bytes, rules) }
        guard let connection = connections[record.key] else { return }
        touch(connection)
        switch record.kind {
        case .opened: break
        case .named:
            flush(connection)
            let value = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
            connection.session = SessionID(value)
            say(TapComment(session: SessionID(value)), .downstream, connection, record.time)
            connection.upstream = nil
        case .received:
            flush(connection)
            data(record, record.side, isPeers: true, bytes, pages, connection)
        case .sent:
            flush(connection)
            data(record, record.side, isPeers: false, bytes, pages, connection)
        case .relayed:
            flush(connection)
            // Both conversations carry the same bytes: what they add to a checksum is worked out once.
            let sum = connection.payload == nil && pages == nil ? PayloadSum(RawSpan(_unsafeBytes: bytes)) : nil
            data(record, record.side, isPeers: true, bytes, pages, connection, sum: sum)
            data(record, record.side.opposite, isPeers: false, bytes, pages, connection, sum: sum)
        case .missed:
            flush(connection)
            missed(record, connection)
        case .peerFinished, .peerReset, .finished, .reset:
            if connection.ends.isEmpty { held.append(record.key) }
            connection.ends.append(record)
        case .local:
            let why = LocalEnd.allCases[Int(record.extra) % LocalEnd.allCases.count]
            say(
                TapComment(event: .ended(why, closeCode: record.length == 0 ? nil : UInt16(truncatingIfNeeded: record.length))),
                record.side, connection, record.time)
        case .timedOut:
            say(
                TapComment(event: .timedOut(Timeout.allCases[Int(record.extra) % Timeout.allCases.count])), record.side, connection,
                record.time)
        case .refused:
            let words = String(decoding: bytes, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
            say(
                TapComment(
                    event: .refused, cause: words.first.flatMap { $0.isEmpty ? nil : String($0) },
                    reason: words.count > 1 ? String(words[1]) : nil), .downstream, connection, record.time)
        case .over:
            let words = String(decoding: bytes, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
            connection.over = TapComment(event: .over, cause: words.first.flatMap { $0.isEmpty ? nil : String($0) })
            if words.count > 1, !words[1].isEmpty { connection.over?.first = String(words[1]) }
        case .closed:
            close(record, connection)
        }
    }

    private mutating func open(_ record: TapRecord, _ bytes: UnsafeRawBufferPointer, _ rules: [PayloadRule]) {
        guard let place = bytes.baseAddress, bytes.count >= TapOpening.size else { return }
        let opening = TapOpening.read(place)
        let connection = connections[record.key] ?? TapConnection(opening.session)
        connections[record.key] = connection
        touch(connection)
        flush(connection)
        let rule = Int(opening.rule) < rules.count ? rules[Int(opening.rule)] : PayloadRule()
        if rule.kind != .keep, connection.payload == nil { connection.payload = PayloadTrimmer(rule) }
        var talk = TapConversation(
            side: record.side, initiator: opening.initiator, responder: opening.responder,
            number: UInt32(truncatingIfNeeded: opening.session.value &* 0x9E37_79B1 ^ UInt64(record.side.rawValue)))
        talk.open(at: record.time, comment: TapComment(session: opening.session).text, into: &encoder)
        if record.side == .downstream {
            connection.downstream = talk
        } else {
            connection.upstream = talk
        }
    }

    private mutating func touch(_ connection: TapConnection) {
        guard connection.turn != turn else { return }
        connection.turn = turn
        touched.append(connection.session)
    }

    // MARK: Packets

    private mutating func data(
        _ record: TapRecord, _ side: Side, isPeers: Bool, _ bytes: UnsafeRawBufferPointer, _ pages: Pages?,
        _ connection: TapConnection, sum: PayloadSum? = nil
    ) {
        guard var talk = connection.talk(side) else { return }
        let end = TapEncoder.end(side, isPeers: isPeers)
        if record.flags.contains(.head) { connection.payload?.begin(PayloadTrimmer.Stream(side: side, isPeers: isPeers)) }
        var comment = isPeers ? nil : connection.takeComment(side)
        if record.flags.contains(.redacted), record.kind == (isPeers ? .received : .sent) {
            var words = comment ?? TapComment()
            words.isRedacted = true
            comment = words
        }
        if !isPeers, record.flags.contains(.heartbeat) {
            var words = comment ?? TapComment()
            words.event = .heartbeat
            comment = words
        }
        if let payload = connection.payload, !record.flags.contains(.head) {
            let stream = PayloadTrimmer.Stream(side: side, isPeers: isPeers)
            for part in [pages?.bytes, bytes].compactMap(\.self) {
                payload.trim(part, stream, isTunnel: record.flags.contains(.tunnel)) { piece, kept in
                    talk.data(
                        from: end, RawSpan(_unsafeBytes: piece), keeping: kept, at: record.time, comment: comment?.text,
                        into: &encoder)
                    comment = nil
                }
            }
        } else if let pages {
            talk.data(
                from: end, pages: pages.bytes, RawSpan(_unsafeBytes: bytes), sum: pages.sum, at: record.time,
                comment: comment?.text,
                into: &encoder)
        } else {
            talk.data(from: end, RawSpan(_unsafeBytes: bytes), sum: sum, at: record.time, comment: comment?.text, into: &encoder)
        }
        if record.kept < record.length { talk.missed(from: end, UInt64(record.length - record.kept)) }
        connection.put(talk)
    }

    private func missed(_ record: TapRecord, _ connection: TapConnection) {
        let isPeers = record.extra == TapRecord.Kind.received.rawValue
        guard var talk = connection.talk(record.side) else { return }
        talk.missed(from: TapEncoder.end(record.side, isPeers: isPeers), UInt64(record.length))
        connection.payload?.missed(PayloadTrimmer.Stream(side: record.side, isPeers: isPeers), UInt64(record.length))
        connection.put(talk)
    }

    /// Writes the ends that were held; the last of them says why the session is over.
    private mutating func flush(_ connection: TapConnection) {
        guard !connection.ends.isEmpty else { return }
        let ends = connection.takeEnds()
        for (index, record) in ends.enumerated() {
            guard var talk = connection.talk(record.side) else { continue }
            let isPeers = record.kind == .peerFinished || record.kind == .peerReset
            var comment = isPeers ? nil : connection.takeComment(record.side)
            if index == ends.count - 1, let over = connection.over {
                var words = comment ?? TapComment()
                _ = words.merge(over)
                comment = words
                connection.over = nil
            }
            let end = TapEncoder.end(record.side, isPeers: isPeers)
            if record.kind == .peerFinished || record.kind == .finished {
                talk.finish(from: end, at: record.time, comment: comment?.text, into: &encoder)
            } else {
                talk.reset(from: end, at: record.time, comment: comment?.text, into: &encoder)
            }
            connection.put(talk)
        }
    }

    private mutating func close(_ record: TapRecord, _ connection: TapConnection) {
        connection.ends = connection.takeEnds()
        if connection.ends.isEmpty, connection.over != nil || connection.comment(.downstream) != nil,
            let side = [Side.downstream, .upstream].first(where: { connection.talk($0).map { !$0.isOver } ?? false })
        {
            connection.ends.append(TapRecord(.reset, side, key: record.key, at: record.time))
        }
        flush(connection)
        connections[record.key] = nil
    }

    // MARK: Comments

    private mutating func say(_ comment: TapComment, _ side: Side, _ connection: TapConnection, _ time: Timestamp) {
        var words = connection.comment(side) ?? TapComment()
        if !words.merge(comment) {
            // Two things happened before a packet went out: the first one gets a packet of its own.
            if var talk = connection.talk(side) {
                talk.remark(words.text, from: TapEncoder.end(side, isPeers: false), at: time, into: &encoder)
                connection.put(talk)
            }
            words = comment
        }
        connection.say(words, side)
    }

    static func end(_ side: Side, isPeers: Bool) -> TapConversation.End {
        (side == .downstream) == isPeers ? .initiator : .responder
    }
}
