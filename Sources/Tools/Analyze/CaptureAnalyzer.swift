import CaptureFile
import Diagnosis
import HTTPWire
import Wire

/// From the files of a capture to sessions: packets, connections, HTTP, WebSocket, and what the judges say.
///
/// Streams: what it holds is the buffer of the file, the connections that are open, and what `take` keeps of the sessions that ended.
///
/// In a capture of a tap (`TapComment`), a session has two connections. What Gatehouse *received* is what the live analyser saw: the
/// client's bytes from the downstream connection, the server's from the upstream one. So the upstream connection's events are told to the
/// downstream one's conversation, and what Gatehouse itself sent is passed over, unless there is no upstream connection.
final class CaptureAnalyzer: StreamSink, AnalysisDesk {
    private(set) var counts = CaptureCounts()
    private let wants: (UInt64, SessionID?) -> Bool
    private let take: (AnalyzedSession, MessageLog?) -> Void
    /// Hears of each session when it opens, for those who look on live.
    var opened: ((OpenedSession) -> Void)?
    private var segments = SegmentDecoder()
    private lazy var reassembler = TCPReassembler(sink: self, seed: UInt64.random(in: 0 ... .max))
    private var handshakes: UInt64 = 0
    /// By slot.
    private var places: [ConnectionPlace] = []
    private var remarks = TapRemarks()
    /// What the messages of all open sessions may take.
    let budget: MessageBudget

    /// - Parameters:
    ///   - budget: payload bytes of messages that may be kept of all open sessions together.
    ///   - wants: whether the messages of a session are wanted.
    ///   - take: gets each handshake and session once it is over.
    init(
        budget: Int = MessageBudget.bytes, wants: @escaping (UInt64, SessionID?) -> Bool = { _, _ in false },
        take: @escaping (AnalyzedSession, MessageLog?) -> Void
    ) {
        self.budget = MessageBudget(budget)
        self.wants = wants
        self.take = take
    }

    var packetCounts: SegmentDecoder.Counts { segments.finalCounts }
    var transportCounts: TCPReassembler.Counts { reassembler.counts }

    // MARK: Packets

    /// Reads a file to its end.
    func read(_ stream: CaptureStream, progress: (UInt64) -> Void = { _ in }) -> CaptureStream.Ending {
        counts.files += 1
        let ending = stream.read(progress: progress) { packet, bytes in self.packet(packet, bytes) }
        counts.packets += ending.packets
        counts.bytes += ending.bytes
        return ending
    }

    @inline(__always)
    private func packet(_ packet: CapturePacket, _ bytes: RawSpan) {
        counts.seen(at: packet.time)
        let decoded = segments.decode(packet, bytes)
        if let range = packet.comment {
            remarks.take(TapComment(bytes.copied(range)), interface: packet.interface)
            announced(decoded, packet.time)
        }
        switch decoded {
        case .none: break
        case .segment(let segment): reassembler.take(segment, bytes, at: packet.time)
        case .assembled(let segment):
            let assembled = segments.assembled
            reassembler.take(segment, assembled.span.bytes, at: packet.time)
        }
        if remarks.comment != nil { remarked(decoded) }
    }

    /// Takes a packet that comes from no file.
    func take(_ packet: CapturePacket, _ bytes: RawSpan) {
        counts.packets &+= 1
        counts.bytes &+= UInt64(packet.bytes.count)
        self.packet(packet, bytes)
    }

    /// The end of all files: what is still open is told so.
    func finish() { reassembler.finish(at: counts.last) }

    // MARK: Connections

    func received(_ slot: Int, from sender: ConnectionEnd, _ bytes: RawSpan, at time: Timestamp) -> Bool {
        guard slot < places.count, let conversation = places[slot].conversation else { return begin(slot, sender, bytes, time) }
        if sender == places[slot].gatehouse {
            if remarks.comment != nil { saidByGatehouse(places[slot], conversation, bytes) }
            if places[slot].passesOver(sender) { return true }
            // Without an upstream connection, what Gatehouse says is its own answer.
            if conversation.told.reason != nil {
                conversation.answeredByGatehouse(bytes, at: time)
                return true
            }
        }
        if places[slot].skipsHead {
            places[slot].skipsHead = false
            var scanner = HeadScanner(limit: HeadLimits.default.head)
            guard case .complete(let length) = scanner.scan(bytes) else { return true }
            return conversation.received(.serverToClient, bytes.extracting(length..<bytes.byteCount), at: time)
        }
        let isClients = !places[slot].isUpstream && sender == conversation.client
        return conversation.received(isClients ? .clientToServer : .serverToClient, bytes, at: time)
    }

    /// Bytes of Gatehouse's own whose packet has a comment.
    private func saidByGatehouse(_ place: ConnectionPlace, _ conversation: Conversation, _ bytes: RawSpan) {
        guard let comment = remarks.comment else { return }
        if comment.event == .heartbeat { conversation.pinged(place.isUpstream ? .upstream : .downstream, bytes) }
        if comment.event == .refused, comment.reason != nil, !place.isUpstream, place.hasUpstream {
            conversation.answeredAfterAll(bytes)
        }
    }

    /// The first bytes of a connection, or the next of one that isn't decided.
    @inline(never)
    private func begin(_ slot: Int, _ sender: ConnectionEnd, _ bytes: RawSpan, _ time: Timestamp) -> Bool {
        makePlace(slot)
        let connection = reassembler.connection(slot)
        let isRequest = HeadReader.likeRequest(bytes)
        let isResponse = HeadReader.likeResponse(bytes)
        let client: ConnectionEnd
        if let initiator = connection.initiator {
            // Who is spoken to first by the server isn't HTTP; neither is a client that doesn't begin like one.
            guard sender == initiator ? isRequest != .no : isResponse != .no else { return other(slot, bytes) }
            client = initiator
        } else if isRequest == .yes {
            client = sender
        } else if isResponse == .yes {
            client = sender.opposite
        } else {
            if HeadReader.isTLS(bytes) { return other(slot, bytes) }
            places[slot].tries += 1
            if places[slot].tries < 64 { return true }
            counts.midStream += 1
            places[slot].isCounted = true
            return false
        }
        counts.http += 1
        places[slot].isCounted = true
        let conversation = Conversation(client: client, key: connection.key, desk: self)
        places[slot].conversation = conversation
        return conversation.received(sender == client ? .clientToServer : .serverToClient, bytes, at: time)
    }

    private func other(_ slot: Int, _ bytes: RawSpan) -> Bool {
        if HeadReader.isTLS(bytes) { counts.tls += 1 } else { counts.other += 1 }
        places[slot].isCounted = true
        return false
    }

    private func makePlace(_ slot: Int) {
        while places.count <= slot { places.append(ConnectionPlace()) }
    }

    func missed(_ slot: Int, from sender: ConnectionEnd, _ count: UInt64, at time: Timestamp) {
        guard slot < places.count, let conversation = places[slot].conversation else { return }
        if places[slot].passesOver(sender) { return }
        let direction: Direction = places[slot].isUpstream || sender != conversation.client ? .serverToClient : .clientToServer
        conversation.missed(direction, count, at: time)
    }

    func ended(_ slot: Int, from sender: ConnectionEnd, _ end: TransportEnd, at time: Timestamp) {
        guard slot < places.count, let conversation = places[slot].conversation else { return }
        let side: Side = places[slot].isUpstream || sender != conversation.client ? .upstream : .downstream
        if let gatehouse = places[slot].gatehouse, sender == gatehouse {
            // Gatehouse's own act is told by its comment, or it only follows the other side.
            if !places[slot].passesOver(sender) { conversation.ended(.upstream, end, at: time) }
            return
        }
        conversation.ended(side, end, at: time)
    }

    func closed(_ slot: Int, _ why: ConnectionClosure, at time: Timestamp) {
        guard slot < places.count else { return }
        defer { places[slot] = ConnectionPlace() }
        let place = places[slot]
        guard let conversation = place.conversation else {
            if !place.isCounted, place.tries > 0 { counts.midStream += 1 }
            return
        }
        // The session's end is told when its downstream connection is over, and its upstream connection too.
        if place.isUpstream {
            conversation.upstreamClosed(at: time)
            return
        }
        if let session = conversation.session { remarks.forget(session) }
        conversation.downstreamClosed(why, reassembler.connection(slot), at: time)
    }

    // MARK: Taps

    /// A packet with a comment of Gatehouse's is about to be taken.
    private func announced(_ decoded: SegmentDecoder.Decoded, _ time: Timestamp) {
        guard let segment = CaptureAnalyzer.segment(decoded), let slot = reassembler.slot(of: segment.key), slot < places.count
        else {
            return
        }
        remarks.announce(on: &places[slot], segment, at: time)
    }

    /// A packet with a comment of Gatehouse's was taken.
    private func remarked(_ decoded: SegmentDecoder.Decoded) {
        defer { remarks.take(nil, interface: 0) }
        guard let session = remarks.comment?.session, let segment = CaptureAnalyzer.segment(decoded),
            segment.flags.contains(.syn), let slot = reassembler.slot(of: segment.key)
        else { return }
        makePlace(slot)
        let place = remarks.opened(session, slot, segment) {
            counts.http += 1
            return Conversation(client: segment.sender, key: segment.key, desk: self)
        }
        guard let place else { return }
        places[slot] = place
        if place.isUpstream, let downstream = place.conversation?.slot { places[downstream].hasUpstream = true }
    }

    private static func segment(_ decoded: SegmentDecoder.Decoded) -> Segment? {
        switch decoded {
        case .segment(let segment), .assembled(let segment): segment
        case .none: nil
        }
    }

    // MARK: Results

    func number() -> UInt64 {
        handshakes += 1
        return handshakes
    }

    func wantsMessages(number: UInt64, session: SessionID?) -> Bool { wants(number, session) }

    func began(_ session: OpenedSession) { opened?(session) }

    func finished(_ session: AnalyzedSession, _ messages: MessageLog?) { take(session, messages) }
}

extension HeadReader {
    /// Whether bytes begin like a record of TLS: a handshake of version 3.x.
    static func isTLS(_ bytes: RawSpan) -> Bool {
        bytes.byteCount >= 3 && (0x14...0x17).contains(bytes.byte(at: 0)) && bytes.byte(at: 1) == 3 && bytes.byte(at: 2) <= 4
    }
}
