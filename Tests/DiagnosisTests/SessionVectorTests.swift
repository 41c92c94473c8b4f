import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import Diagnosis

struct SessionVector: Sendable, CustomTestStringConvertible {
    let cause: Cause
    let confidence: Confidence
    let convict: SessionScript
    let acquit: SessionScript
    var testDescription: String { cause.rawValue }

    typealias S = SessionScript
    static let open = SessionScript(request: Vector.request(changing: ["Sec-WebSocket-Extensions": nil]))

    static let all: [SessionVector] = [
        SessionVector(
            cause: .messageTooBig, confidence: .proven,
            convict: open.client(S.masked(0x82, [UInt8](repeating: 7, count: 9000)), 100).server(S.close(1009), 110).end(
                .upstream, .finished, 120),
            acquit: open.client(S.masked(0x82, [UInt8](repeating: 7, count: 9000)), 100).server(S.close(1000), 110).client(
                S.close(1000, client: true), 111
            ).end(.upstream, .finished, 120)),
        SessionVector(
            cause: .handlerCrashed, confidence: .likely,
            convict: open.server(S.text("hi", client: false), 10).client(S.text("not json"), 4000).end(.upstream, .finished, 4003),
            acquit: open.server(S.text("hi", client: false), 10).client(S.text("x"), 4000).end(.upstream, .finished, 64_050)),
        SessionVector(
            cause: .handlerCrashed, confidence: .likely,
            convict: open.client(S.text("x"), 10).server(S.close(1011, "internal error"), 12),
            acquit: open.server(S.close(1011, "keepalive ping timeout"), 40_000)),
        SessionVector(
            cause: .handlerReturned, confidence: .likely,
            convict: open.server(S.close(1000), 4).client(S.close(1000, client: true), 5),
            acquit: open.server(S.text("hi", client: false), 3).server(S.close(1000), 4)),
        SessionVector(
            cause: .clientIgnoresPings, confidence: .proven,
            convict: open.server(S.unmasked(0x89, []), 20_000).server(S.close(1011, "keepalive ping timeout"), 40_000),
            acquit: open.server(S.close(1011, "boom"), 40_000)),
        SessionVector(
            cause: .clientIgnoresPings, confidence: .proven,
            convict: open.end(.downstream, .timedOut(.heartbeat), 35_000),
            acquit: open.end(.upstream, .timedOut(.heartbeat), 35_000)),
        SessionVector(
            cause: .serverIgnoresPings, confidence: .proven,
            convict: open.end(.upstream, .timedOut(.heartbeat), 35_000),
            acquit: open.end(.downstream, .timedOut(.heartbeat), 35_000)),
        SessionVector(
            cause: .invalidCloseCode, confidence: .proven,
            convict: open.server(S.close(403), 20), acquit: open.server(S.close(4403), 20)),
        SessionVector(
            cause: .policyClose, confidence: .likely,
            convict: open.server(S.close(1008, "slow reader"), 20), acquit: open.server(S.close(1000, "bye"), 20)),
        SessionVector(
            cause: .policyClose, confidence: .likely,
            convict: open.server(S.close(4402), 20), acquit: open.server(S.close(1012), 20)),
        SessionVector(
            cause: .serverRestarting, confidence: .proven,
            convict: open.server(S.text("hi", client: false), 5).server(S.close(1012), 900).end(.upstream, .finished, 905),
            acquit: open.client(S.close(1001, client: true), 900).end(.downstream, .finished, 901)),
        SessionVector(
            cause: .serverRestarting, confidence: .likely,
            convict: open.server(S.close(1001, "shutting down"), 900), acquit: open.server(S.close(1000), 900)),
        SessionVector(
            cause: .serverFramesMasked, confidence: .proven,
            convict: open.server(S.masked(0x81, [1, 2]), 10), acquit: open.server(S.unmasked(0x82, [1, 2]), 10)),
        SessionVector(
            cause: .clientFramesUnmasked, confidence: .proven,
            convict: open.client(S.unmasked(0x81, [0x41]), 10).server(S.close(1002), 11),
            acquit: open.client(S.masked(0x81, [0x41]), 10).server(S.close(1002), 11)),
        SessionVector(
            cause: .rsv1WithoutExtension, confidence: .likely,
            convict: open.server(bytes(0xC1, 0x03, 1, 2, 3), 10).client(S.close(1002, client: true), 11),
            acquit: SessionScript(response: Vector.accepted("Sec-WebSocket-Extensions: permessage-deflate")).server(
                bytes(0xC1, 0x03, 1, 2, 3), 10)),
        SessionVector(
            cause: .proxyDropsExtensionsInResponse, confidence: .likely,
            convict: SessionScript(response: Vector.accepted("Via: 1.1 proxy")).server(bytes(0xC1, 0x03, 1, 2, 3), 10).client(
                S.close(1002, client: true), 11),
            acquit: open.server(bytes(0xC1, 0x03, 1, 2, 3), 10).client(S.close(1002, client: true), 11)),
        SessionVector(
            cause: .reservedOpcode, confidence: .proven,
            convict: open.server(bytes(0x83, 0x01, 1), 10), acquit: open.server(bytes(0x82, 0x01, 1), 10)),
        SessionVector(
            cause: .protocolViolation, confidence: .proven,
            convict: open.server(bytes(0x09, 0x00), 10), acquit: open.server(bytes(0x89, 0x00), 10)),
        SessionVector(
            cause: .bytesNotFrames, confidence: .proven,
            convict: open.server(bytes("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"), 10),
            acquit: open.server(bytes(0x81, 0x04, "HTTP"), 10)),
        SessionVector(
            cause: .textNotUtf8, confidence: .likely,
            convict: open.server(S.text("x", client: false), 10).client(S.close(1007, client: true), 12),
            acquit: open.client(S.close(1000, client: true), 12)),
        SessionVector(
            cause: .idleTimeout, confidence: .likely,
            convict: open.client(S.text("x"), 500).server(S.text("x", client: false), 510).end(.upstream, .finished, 60_520),
            acquit: open.client(S.text("x"), 500).server(S.text("x", client: false), 510).end(.upstream, .finished, 700)),
        SessionVector(
            cause: .idleTimeout, confidence: .likely,
            convict: open.local(.downstream, .followedOtherSide, nil, 3_600_000).adding(
                .ended(.upstream, .timedOut(.idle), at: SessionScript.at(3_600_000))),
            acquit: open.local(.downstream, .drain, 1001, 5000)),
    ]
}

@Suite struct `Verdicts on sessions` {
    @Test(arguments: SessionVector.all) func `the cause is convicted where it is at work`(_ vector: SessionVector) throws {
        let verdict = try #require(vector.convict.verdict)
        #expect(verdict.cause == vector.cause, "\(verdict)")
        #expect(verdict.confidence == vector.confidence, "\(verdict)")
        #expect(!verdict.fix.isEmpty && !verdict.evidence.isEmpty, "\(verdict)")
    }

    @Test(arguments: SessionVector.all) func `the cause is acquitted where another is at work`(_ vector: SessionVector) {
        let verdict = vector.acquit.verdict
        #expect(verdict?.cause != vector.cause, "\(String(describing: verdict))")
    }

    typealias S = SessionScript

    @Test(arguments: [
        SessionVector.open.client(S.text("x"), 10).server(S.text("x", client: false), 12).client(S.close(1000, client: true), 900)
            .server(S.close(1000), 901).end(.upstream, .finished, 902),
        SessionVector.open.server(S.text("y", client: false), 5).server(S.close(1000), 10).client(S.close(1000, client: true), 11)
            .end(.upstream, .reset(errno: 104), 12),
        SessionVector.open.client(S.text("x"), 10).server(S.text("x", client: false), 12).end(.downstream, .finished, 60_000).end(
            .upstream, .finished, 60_001),
        SessionVector.open.client(S.close(1001, client: true), 900).end(.downstream, .reset(errno: 104), 901),
        SessionVector.open.client(S.masked(0x88, []), 900).server(S.unmasked(0x88, []), 901).end(.upstream, .finished, 902),
        SessionVector.open.local(.upstream, .drain, 1001, 50).local(.downstream, .drain, 1001, 50),
        SessionScript(response: Vector.accepted("Sec-WebSocket-Extensions: permessage-deflate")).server(
            bytes(0xC1, 0x03, 1, 2, 3), 10
        ).end(.downstream, .finished, 20),
    ]) func `a session that ends as sessions do has no verdict`(_ script: SessionScript) throws {
        let record = try #require(script.record)
        #expect(record.verdict == nil, "\(String(describing: record.verdict))")
    }

    @Test func `the record names who ended first and in which order`() throws {
        let record = try #require(
            SessionVector.open.server(S.close(1001), 10).client(S.close(1001, client: true), 11).end(.upstream, .finished, 12).end(
                .downstream, .finished, 13
            ).record)
        #expect(record.first == .upstream)
        #expect(record.order == ["upstream.close_frame 1001", "downstream.close_frame 1001", "upstream.fin", "downstream.fin"])
        #expect(record.upstream.closeCode == 1001)
        #expect(record.downstream.endName == "fin")
    }

    @Test func `silences are measured per direction, and the end itself is no life`() throws {
        let record = try #require(
            SessionVector.open.client(S.text("a"), 1000).server(S.text("b", client: false), 1500).client(S.text("c"), 9000).server(
                S.close(1001), 20_000
            ).record)
        #expect(record.downstream.idle == .milliseconds(11_000))
        #expect(record.upstream.idle == .milliseconds(18_500))
        #expect(record.upstream.largestSilence == .milliseconds(18_500))
        #expect(record.downstream.largestSilence == .milliseconds(11_000))
    }

    @Test(arguments: Chunking.all) func `the record is the same wherever the bytes were cut`(_ chunking: Chunking) throws {
        for vector in SessionVector.all {
            for script in [vector.convict, vector.acquit] {
                let whole = try #require(script.record)
                var cut = script
                cut.events = script.events.flatMap { event -> [RecordedEvent] in
                    guard case .relayed(let direction, let bytes, let at) = event else { return [event] }
                    return chunking.pieces(of: bytes).map { .relayed(direction, Array($0), at: at) }
                }
                let record = try #require(cut.record)
                #expect(
                    record.verdict == whole.verdict && record.findings == whole.findings && record.order == whole.order,
                    "\(chunking), \(vector)")
                #expect(record.downstream.bytes == whole.downstream.bytes && record.upstream.idle == whole.upstream.idle)
            }
        }
    }

    @Test func `the live analyser and its recording say the same`() throws {
        for vector in SessionVector.all {
            let (observation, recorded) = SessionReplayer.replay(vector.convict.events)
            var live = HandshakeJudge.analyzer(for: observation, at: Vector.now)
            var last = Vector.now
            for event in vector.convict.events {
                switch event {
                case .relayed(let direction, let bytes, let at): _ = live.relayed(direction, bytes.span.bytes, at: at); last = at
                case .ended(let side, let end, let at): live.ended(side, end, at: at); last = at
                case .local(let side, let end, let code, let at): live.local(side, end, closeCode: code, at: at); last = at
                default: continue
                }
            }
            #expect(live.report(at: last).verdict == recorded?.verdict)
        }
    }

    @Test(arguments: [
        ("c1 01 00 00 00 00 78", Cause.rsv1WithoutExtension), ("83 81 00 00 00 00 78", .reservedOpcode),
        ("80 81 00 00 00 00 78", .protocolViolation), ("88 82 00 00 00 00 03 ed", .invalidCloseCode),
    ]) func `a breach is blamed on the side whose frames have it`(_ hex: String, _ cause: Cause) throws {
        var frame = hex.split(separator: " ").compactMap { UInt8($0, radix: 16) }
        frame[1] |= 0x80
        let byClient = try #require(SessionVector.open.client(frame, 100).end(.downstream, .finished, 110).verdict)
        #expect(byClient.cause == cause && byClient.blame == .client)
        // The same without a mask: the server's.
        let bare = [frame[0], frame[1] & 0x7F] + frame[6...]
        let byServer = try #require(SessionVector.open.server(bare, 100).end(.downstream, .finished, 110).verdict)
        #expect(byServer.cause == cause && byServer.blame == .backend)
    }

    @Test func `who ends a session with 1007 says that the other sent the text`() throws {
        let script = SessionVector.open.client(SessionScript.text("x"), 10).server(SessionScript.text("y", client: false), 11)
        #expect(script.server(SessionScript.close(1007), 20).verdict?.blame == .client)
        #expect(script.client(SessionScript.close(1007, client: true), 20).verdict?.blame == .backend)
    }

    @Test(arguments: Side.allCases) func `what only enforcement sees is blamed on its side, and a limit of ours is no breach`(
        _ side: Side
    ) throws {
        for (fault, cause) in [
            (FrameFault.textNotUTF8, Cause.textNotUtf8), (.messageTooLarge, .messageTooBig), (.inflationTooLarge, .messageTooBig),
        ] {
            var analyzer = SessionAnalyzer(openedAt: Vector.now, traits: [])
            analyzer.enforced(side, LocatedFault(fault, at: 0))
            analyzer.local(side, .enforcement, closeCode: fault.closeCode.rawValue, at: Vector.now + .seconds(1))
            let verdict = try #require(analyzer.report(at: Vector.now + .seconds(1)).verdict)
            #expect(verdict.cause == cause)
            #expect(verdict.blame == (side == .downstream ? .client : .backend))
        }
    }

    @Test func `a gap is blamed on nobody`() throws {
        let record = try #require(
            SessionVector.open.adding(.gap(.serverToClient, count: 100)).server(bytes("HTTP/1.1 garbage"), 10).end(
                .downstream, .finished, 20
            ).record)
        #expect(record.fidelity == .lossy)
        #expect(record.verdict == nil)
    }

    @Test func `an idle session keeps within its budget`() {
        #expect(MemoryLayout<SessionAnalyzer>.size <= 544, "\(MemoryLayout<SessionAnalyzer>.size)")
    }
}
