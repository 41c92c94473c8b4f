import CLinux
import Diagnosis
import TLSEngine
import WebSocketWire
import Wire

/// Looks on for a moment after a 101, and then ends the session in good order, as one does who only wanted to know.
///
/// Until our own close frame has gone nothing was said to the server: whatever ends or breaks the session by then is the server's own doing.
/// After it an end is its answer, and only what can't be one is still evidence: a code that no handler stumbles into when its client is gone
/// at once, or frames that break the protocol.
struct SessionWatch {
    /// How long a server has to answer our close frame.
    private static let closeWait = TimeSpan.milliseconds(150)

    private let connection: HandshakeConnection
    private let early: [UInt8]
    private var analyzer: SessionAnalyzer
    private var random = SecureRandom()

    init(_ opened: HandshakePerformer.Opened, _ observation: HandshakeObservation) {
        connection = opened.connection
        early = opened.frames
        analyzer = HandshakeJudge.analyzer(for: observation, at: SessionWatch.now)
    }

    /// Looks on for `span` without a word, then closes with 1000.
    ///
    /// - Returns: the record of a session that the server ended or broke of its own accord; nil where it waited, or answered in good order.
    mutating func perform(for span: TimeSpan) -> SessionRecord? {
        let start = early
        _ = analyzer.relayed(.serverToClient, start.span.bytes, at: SessionWatch.now)
        if span > .zero, isOver(by: .after(span)) {
            // The server's close frame deserves an answer; who broke the protocol is told so.
            let frames = analyzer.frames(from: .upstream)
            if let fault = frames.fault {
                send(fault.fault.closeCode)
            } else if let close = frames.close {
                send(close.code)
            }
            return analyzer.report(at: SessionWatch.now).judged(with: [.onlyWatched])
        }
        send(.normal)
        // Until the backend has read it: closing earlier would reset the connection under it.
        _ = isOver(by: .after(SessionWatch.closeWait))
        let frames = analyzer.frames(from: .upstream)
        guard frames.fault != nil || SessionWatch.isOwnWill(frames.close) else { return nil }
        // Something was said to the server by now, so that this is no end of a session that was only watched.
        let record = analyzer.report(at: SessionWatch.now)
        return record.verdict == nil ? nil : record
    }

    /// Reads until the server has ended or broken the session; false if it did neither in time.
    private mutating func isOver(by deadline: Deadline) -> Bool {
        while true {
            let frames = analyzer.frames(from: .upstream)
            if frames.close != nil || frames.fault != nil || frames.isDesynchronised { return true }
            switch connection.receive(until: deadline) {
            case .bytes(let bytes): _ = analyzer.relayed(.serverToClient, bytes.span.bytes, at: SessionWatch.now)
            case .timedOut: return false
            case .finished, .failedTLS:
                analyzer.ended(.upstream, .finished, at: SessionWatch.now)
                return true
            case .reset(let errno):
                analyzer.ended(.upstream, .reset(errno: errno), at: SessionWatch.now)
                return true
            }
            // A peer that floods must not outrun the deadline.
            if deadline.hasPassed { return false }
        }
    }

    /// Our close frames aren't put before the analyser: it judges what the server did without being asked.
    private mutating func send(_ code: CloseCode?) {
        connection.send(
            FrameWriter.close(code: code, maskingKey: UInt32(truncatingIfNeeded: random.next())),
            until: .after(SessionWatch.closeWait))
    }

    /// Whether the server's close code can't be its answer to our 1000, nor what a handler stumbles into when the client is gone at once.
    private static func isOwnWill(_ close: CloseFrame?) -> Bool {
        guard let code = close?.code?.rawValue else { return false }
        return [1003, 1008, 1010, 1012, 1013].contains(code) || (3000...4999).contains(code)
    }

    private static var now: Timestamp { Timestamp(nanoseconds: clinux_realtime()) }
}
