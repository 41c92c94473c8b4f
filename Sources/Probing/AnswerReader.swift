import Diagnosis
import HTTPWire
import TLSEngine
import Wire

/// Reads the answer to one handshake: its head, and the start of its body, whatever the peer does.
///
/// Bounded on every side: the head by `headLimit` and the deadline of the answer, the body by what an observation keeps and by a wait of
/// its own. What isn't HTTP is told from its first bytes; a redirect is an answer, and never followed.
struct AnswerReader {
    /// More than servers send, and little enough to hold.
    static let headLimit = 64 << 10
    /// How long to wait for the rest of what isn't HTTP: its first bytes say what it is.
    private static let foreignWait = TimeSpan.milliseconds(100)
    private static let foreignBytes = 64
    private static let mostInterim = 8

    let connection: HandshakeConnection
    let observation: HandshakeObservation
    /// What came after the head of a 101: frames.
    private(set) var frames: [UInt8] = []

    init(_ connection: HandshakeConnection, _ observation: HandshakeObservation) {
        self.connection = connection
        self.observation = observation
    }

    /// Reads into the observation.
    ///
    /// - Parameters:
    ///   - deadline: for the head.
    ///   - bodyWait: for the body, once the head is there.
    ///   - watch: runs since before the request was sent: a peer on the same machine may have answered by the time that `send` returns.
    mutating func read(until deadline: Deadline, bodyWait: TimeSpan, since watch: Stopwatch) {
        var bytes: [UInt8] = []
        var scanner = HeadScanner(limit: AnswerReader.headLimit)
        var fresh: [UInt8] = []
        var interim = 0
        while true {
            switch scanner.scan(fresh.span.bytes) {
            case .needMore: break
            case .tooLarge:
                observation.failure = .malformedResponse(ResponseHead(copy: bytes).faults)
                return
            case .complete(let length):
                let head = ResponseHead(copy: Array(bytes[..<length]))
                bytes.removeFirst(length)
                if head.isInterim, interim < AnswerReader.mostInterim {
                    interim += 1
                    scanner.reset()
                    fresh = bytes
                    continue
                }
                observation.timings.response = watch.span
                accept(head, rest: bytes, bodyWait: bodyWait)
                return
            }
            guard AnswerReader.mayBeHTTP(bytes) else { return readForeign(bytes) }
            switch connection.receive(until: deadline) {
            case .bytes(let more):
                fresh = more
                bytes += more
                if !AnswerReader.mayBeHTTP(bytes) { return readForeign(bytes) }
            case .timedOut:
                observation.timings.response = watch.span
                observation.failure = .responseHeadTimedOut
                return
            case .finished: return closed(.finished, bytes, watch)
            case .reset(let errno): return closed(.reset(errno: errno), bytes, watch)
            case .failedTLS(let failure):
                if failure.kind == .truncated { return closed(.finished, bytes, watch) }
                observation.failure = .upstreamTLS(kind: failure.kind.name, sentence: failure.sentence)
                return
            }
        }
    }

    private func closed(_ end: TransportEnd, _ bytes: [UInt8], _ watch: Stopwatch) {
        observation.timings.response = watch.span
        observation.failure = .closedBeforeResponse(end, bytesSeen: bytes.count)
    }

    private mutating func accept(_ head: ResponseHead, rest: [UInt8], bodyWait: TimeSpan) {
        guard head.status != 0 else {
            observation.failure = .malformedResponse(head.faults)
            return
        }
        observation.response = head
        if head.status == 101 {
            frames = rest
        } else {
            readBody(head, rest, until: .after(bodyWait))
        }
    }

    private func readBody(_ head: ResponseHead, _ rest: [UInt8], until deadline: Deadline) {
        var decoder = BodyDecoder(framing: head.framing(forRequestMethod: observation.request?.method ?? .get))
        var chunk = rest
        while true {
            guard decode(chunk, &decoder) else { return }
            if decoder.isComplete {
                observation.bodyIsComplete = true
                return
            }
            guard observation.bodyStart.count < HandshakeObservation.bodyLimit else { return }
            switch connection.receive(until: deadline) {
            case .bytes(let more): chunk = more
            case .finished:
                observation.bodyIsComplete = (try? decoder.senderFinished()) != nil
                return
            case .reset, .timedOut, .failedTLS: return
            }
        }
    }

    /// Keeps the payload of `chunk`; false once nothing can follow.
    private func decode(_ chunk: [UInt8], _ decoder: inout BodyDecoder) -> Bool {
        var cursor = ByteCursor(chunk.span.bytes)
        do throws(BodyFault) {
            while let event = try decoder.next(&cursor) {
                if case .data(let range) = event { observation.appendBody(Array(chunk[range])) }
                if case .end = event {
                    observation.bodyIsComplete = true
                    return false
                }
            }
            return true
        } catch {
            return false
        }
    }

    /// What begins otherwise is something else: HTTP/0.9, SSH, Redis, a TLS record, HTTP/2's frames.
    private static func mayBeHTTP(_ bytes: [UInt8]) -> Bool {
        let begin = bytes.drop { $0 == 0x0D || $0 == 0x0A }.prefix(5)
        return begin.elementsEqual("HTTP/".utf8.prefix(begin.count))
    }

    private func readForeign(_ start: [UInt8]) {
        var bytes = start
        let deadline = Deadline.after(AnswerReader.foreignWait)
        while bytes.count < AnswerReader.foreignBytes, case .bytes(let more) = connection.receive(until: deadline) { bytes += more }
        observation.failure = .notHTTP(first: Array(bytes.prefix(AnswerReader.foreignBytes)))
    }
}
