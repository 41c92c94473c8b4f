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
    /// What was passed over, and how much of everything there was.
    struct Counts {
        var files = 0
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        var http: UInt64 = 0
        var tls: UInt64 = 0
        /// Connections that speak neither.
        var other: UInt64 = 0
        /// Connections whose opening isn't in the capture and that began with no head.
        var midStream: UInt64 = 0
        var first = Timestamp.never
        var last = Timestamp.zero
        var ranBack: UInt64 = 0
    }

    private(set) var counts = Counts()
    private let wants: (UInt64, SessionID?) -> Bool
    private let take: (AnalyzedSession, MessageLog?) -> Void
    /// Hears of each session when it opens, for those who look on live.
    var opened: ((OpenedSession) -> Void)?
    private var segments = SegmentDecoder()
    private lazy var reassembler = TCPReassembler(sink: self, seed: UInt64.random(in: 0 ... .max))
    private var handshakes: UInt64 = 0
    /// By slot.
    private var places: [Place] = []
    /// Conversations of taps by session, for the upstream connection that comes later.
    private var taps: [SessionID: Conversation] = [:]
    /// What the packet that is being taken says of itself, and which interface it came from.
    private var comment: TapComment?
    private var interface = 0

    /// What is known of a slot's connection.
    private struct Place {
        var conversation: Conversation?
        /// This is the upstream connection of another one's session.
        var isUpstream = false
        /// An upstream connection tells the server's bytes; what Gatehouse sent here is passed over.
        var hasUpstream = false
        /// Which end is Gatehouse's; nil where no tap wrote the capture.
        var gatehouse: ConnectionEnd?
        /// Segments that began like nothing, while it isn't decided.
        var tries: UInt8 = 0
        var isCounted = false
        /// A held session has come to another endpoint: the head of the handshake there isn't the session's.
        var skipsHead = false
    }

    /// - Parameters:
    ///   - wants: whether the messages of a session are wanted.
    ///   - take: gets each handshake and session once it is over.
    init(wants: @escaping (UInt64, SessionID?) -> Bool = { _, _ in false }, take: @escaping (AnalyzedSession, MessageLog?) -> Void)
    {
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
        if packet.time < counts.last { counts.ranBack &+= 1 } else { counts.last = packet.time }
        if packet.time < counts.first { counts.first = packet.time }
        let decoded = segments.decode(packet, bytes)
        if let range = packet.comment {
            comment = TapComment(bytes.copied(range))
            interface = packet.interface
            announced(decoded, packet.time)
        }
        switch decoded {
        case .none: break
        case .segment(let segment): reassembler.take(segment, bytes, at: packet.time)
        case .assembled(let segment): reassembler.take(segment, segments.assembled.span.bytes, at: packet.time)
        }
        if comment != nil { remarked(decoded, packet.time) }
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
        if slot < places.count, let conversation = places[slot].conversation {
            if let gatehouse = places[slot].gatehouse {
                if sender == gatehouse, comment?.event == .heartbeat {
                    conversation.pinged(places[slot].isUpstream ? .upstream : .downstream, bytes)
                }
                if sender == gatehouse, !places[slot].isUpstream, comment?.event == .refused, comment?.reason != nil,
                    places[slot].hasUpstream
                {
                    conversation.answeredAfterAll(bytes)
                }
                if passesOver(slot, sender) { return true }
                // Without an upstream connection, what Gatehouse says is its own answer.
                if sender == gatehouse, conversation.toldReason != nil { return conversation.answeredByGatehouse(bytes, at: time) }
            }
            let direction: Direction = sender == conversation.client ? .clientToServer : .serverToClient
            if places[slot].skipsHead {
                places[slot].skipsHead = false
                var scanner = HeadScanner(limit: HeadLimits.default.head)
                guard case .complete(let length) = scanner.scan(bytes) else { return true }
                return conversation.received(.serverToClient, bytes.extracting(length..<bytes.byteCount), at: time)
            }
            if places[slot].isUpstream { return conversation.received(.serverToClient, bytes, at: time) }
            return conversation.received(direction, bytes, at: time)
        }
        return begin(slot, sender, bytes, time)
    }

    /// Whether these bytes are Gatehouse's own copy of what the other connection of the session shows as received.
    private func passesOver(_ slot: Int, _ sender: ConnectionEnd) -> Bool {
        sender == places[slot].gatehouse && (places[slot].isUpstream || places[slot].hasUpstream)
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
        while places.count <= slot { places.append(Place()) }
    }

    func missed(_ slot: Int, from sender: ConnectionEnd, _ count: UInt64, at time: Timestamp) {
        guard slot < places.count, let conversation = places[slot].conversation else { return }
        if places[slot].gatehouse != nil, passesOver(slot, sender) { return }
        let direction: Direction = places[slot].isUpstream || sender != conversation.client ? .serverToClient : .clientToServer
        conversation.missed(direction, count, at: time)
    }

    func ended(_ slot: Int, from sender: ConnectionEnd, _ end: TransportEnd, at time: Timestamp) {
        guard slot < places.count, let conversation = places[slot].conversation else { return }
        let side: Side = places[slot].isUpstream || sender != conversation.client ? .upstream : .downstream
        if let gatehouse = places[slot].gatehouse, sender == gatehouse {
            // Gatehouse's own act is told by its comment, or it only follows the other side.
            if !passesOver(slot, sender) {
                conversation.ended(.upstream, end, at: time)
            }
            return
        }
        conversation.ended(side, end, at: time)
    }

    func closed(_ slot: Int, _ why: ConnectionClosure, at time: Timestamp) {
        guard slot < places.count else { return }
        defer { places[slot] = Place() }
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
        if let session = conversation.session { taps[session] = nil }
        conversation.downstreamClosed(why, reassembler.connection(slot), at: time)
    }

    // MARK: Taps

    /// A packet with a comment of Gatehouse's is about to be taken: what Gatehouse did comes before the bytes that show it, and a verdict before the end
    /// that it explains.
    private func announced(_ decoded: SegmentDecoder.Decoded, _ time: Timestamp) {
        guard let remark = comment, remark.event != nil || remark.cause != nil || remark.session != nil else { return }
        let segment: Segment
        switch decoded {
        case .segment(let it), .assembled(let it): segment = it
        case .none: return
        }
        guard let slot = reassembler.slot(of: segment.key), slot < places.count, let conversation = places[slot].conversation,
            places[slot].gatehouse != nil
        else { return }
        let side: Side = places[slot].isUpstream ? .upstream : .downstream
        switch remark.event {
        case .refused: conversation.refused(cause: remark.cause, reason: remark.reason)
        case .ended(let why, let code): conversation.local(side, why, closeCode: code, at: time)
        case .timedOut(let timeout): conversation.ended(side, .timedOut(timeout), at: time)
        case .over, .heartbeat, nil: break
        }
        if let cause = remark.cause, remark.event != .refused { conversation.told(cause) }
        if let session = remark.session, !segment.flags.contains(.syn), !places[slot].isUpstream {
            // Another session on the same connection.
            if let before = conversation.session { taps[before] = nil }
            conversation.begins(session)
            places[slot].hasUpstream = false
            taps[session] = conversation
        }
    }

    /// A packet with a comment of Gatehouse's was taken.
    private func remarked(_ decoded: SegmentDecoder.Decoded, _ time: Timestamp) {
        defer { comment = nil }
        guard let remark = comment, let session = remark.session else { return }
        let segment: Segment
        switch decoded {
        case .segment(let it), .assembled(let it): segment = it
        case .none: return
        }
        guard segment.flags.contains(.syn), let slot = reassembler.slot(of: segment.key) else { return }
        makePlace(slot)
        if interface == Int(Side.downstream.rawValue) {
            let conversation = Conversation(client: segment.sender, key: segment.key, desk: self)
            conversation.session = session
            counts.http += 1
            places[slot] = Place(conversation: conversation, gatehouse: segment.sender.opposite, isCounted: true)
            conversation.slot = slot
            taps[session] = conversation
        } else if let conversation = taps[session] {
            places[slot] = Place(
                conversation: conversation, isUpstream: true, gatehouse: segment.sender, isCounted: true,
                skipsHead: conversation.isSession)
            if let downstream = conversation.slot { places[downstream].hasUpstream = true }
            conversation.hasOpenUpstream = true
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
