import Diagnosis
import WebSocketWire
import Wire

/// One open session of a capture: the analyser that a live session has, and the clocks that only a capture needs.
final class SessionFollower {
    private(set) var analyzer: SessionAnalyzer
    private(set) var facts = SessionFacts()
    /// Messages as they end, where somebody asked for them.
    private var messages: MessageLog?
    private var lastSpoke: Timestamp
    private var isOver = false
    private(set) var lastSeen: Timestamp

    init(_ analyzer: SessionAnalyzer, messages: MessageLog?, at now: Timestamp) {
        self.analyzer = analyzer
        self.messages = messages
        lastSpoke = now
        lastSeen = now
    }

    func relayed(_ direction: Direction, _ bytes: RawSpan, at now: Timestamp) {
        lastSeen = max(lastSeen, now)
        let notices = analyzer.relayed(direction, bytes, at: now)
        if !isOver, now > lastSpoke {
            let span = now - lastSpoke
            if span > facts.silence {
                facts.silence = span
                facts.silenceFrom = lastSpoke
            }
            lastSpoke = now
        }
        if !notices.isDisjoint(with: SessionFollower.heartbeat) { beat(direction, notices, now) }
        if notices.contains(.sawClose) { isOver = true }
        messages?.observe(direction, bytes, at: now)
    }

    /// A sign of life that isn't relayed: the pong to a ping of Gatehouse's.
    func heard(_ side: Side, at now: Timestamp) {
        lastSeen = max(lastSeen, now)
        analyzer.heard(side, at: now)
    }

    private static let heartbeat: FrameNotices = [.sawPing, .sawPong]

    private func beat(_ direction: Direction, _ notices: FrameNotices, _ now: Timestamp) {
        if direction == .clientToServer {
            if notices.contains(.sawPong) { facts.heartbeats.server.answered(at: now) }
            if notices.contains(.sawPing) { facts.heartbeats.client.pinged(at: now) }
        } else {
            if notices.contains(.sawPong) { facts.heartbeats.client.answered(at: now) }
            if notices.contains(.sawPing) { facts.heartbeats.server.pinged(at: now) }
        }
    }

    func missed(_ direction: Direction, _ count: UInt64, at now: Timestamp) {
        analyzer.missed(direction, count)
        messages?.missed(direction, count)
        if direction == .clientToServer { facts.missing.client &+= count } else { facts.missing.server &+= count }
        lastSpoke = max(lastSpoke, now)
        lastSeen = max(lastSeen, now)
    }

    func ended(_ side: Side, _ end: TransportEnd, at now: Timestamp) {
        lastSeen = max(lastSeen, now)
        silent(until: now)
        isOver = true
        analyzer.ended(side, end, at: now)
    }

    func local(_ side: Side, _ end: LocalEnd, closeCode: UInt16?, at now: Timestamp) {
        lastSeen = max(lastSeen, now)
        silent(until: now)
        isOver = true
        analyzer.local(side, end, closeCode: closeCode, at: now)
    }

    /// The silence before an end counts as well.
    private func silent(until now: Timestamp) {
        guard !isOver, now - lastSpoke > facts.silence else { return }
        facts.silence = now - lastSpoke
        facts.silenceFrom = lastSpoke
    }

    /// The session's record, judged as live, and what can't be judged because of what is missing.
    func report(_ unseen: inout [String]) -> SessionRecord {
        var record = analyzer.report(at: lastSeen)
        let missing = facts.missing.client &+ facts.missing.server
        guard missing > 0 else { return record }
        unseen.append(
            "\(facts.missing.client) bytes of the client's direction and \(facts.missing.server) of the server's are not in the capture"
        )
        // Where frames begin is lost, and a close frame may be among what is missing.
        let isLost = Side.allCases.contains {
            let frames = analyzer.frames(from: $0)
            return frames.isDesynchronised && frames.fault == nil
        }
        if isLost, !record.downstream.sentClose, !record.upstream.sentClose, record.verdict != nil {
            record.verdict = nil
            unseen.append("why the session ended is not judged: a close frame may be among the missing bytes")
        }
        return record
    }

    /// The messages that were kept.
    func takeMessages() -> MessageLog? {
        defer { messages = nil }
        return messages
    }
}
