import HTTPWire
import TestSupport
import Testing
import Wire

@testable import Diagnosis

@Suite struct `Ends that look like others` {
    typealias S = SessionScript

    @Test func `a handler that returns right after its accept is said to have returned`() throws {
        let script = SessionScript(response: Vector.accepted("server: uvicorn")).server(S.close(1000), 4)
        let verdict = try #require(script.client(S.close(1000, client: true), 5).end(.upstream, .finished, 6).verdict)
        #expect(verdict.cause == .handlerReturned && verdict.confidence == .likely && verdict.blame == .backend, "\(verdict)")
        #expect(verdict.fix.first?.contains("iter_text") == true, "\(verdict.fix)")
        #expect(verdict.evidence.contains { $0.what == "close frame" })
    }

    @Test func `an end without a close frame right after the accept names the return beside the failure`() throws {
        let record = try #require(SessionVector.open.end(.upstream, .finished, 6).record)
        let verdict = try #require(record.verdict)
        #expect(verdict.confidence == .possible)
        #expect(verdict.alternatives.contains { $0.cause == .handlerReturned }, "\(verdict)")
        let traced = try #require(record.judged(with: [.outputTraceback]).verdict)
        #expect(traced.cause == .handlerCrashed)
        #expect(!traced.alternatives.contains { $0.cause == .handlerReturned })
    }

    @Test func `who spoke before it closed with 1000 has done its work`() {
        #expect(SessionVector.open.server(S.text("bye", client: false), 3).server(S.close(1000), 4).verdict == nil)
        #expect(SessionVector.open.server(S.close(1000), 2000).verdict == nil)
    }

    @Test func `a process is called dead only where its end was seen`() throws {
        let record = try #require(
            SessionVector.open.client(S.text("x"), 100).server(S.text("y", client: false), 110).server(
                S.text("z", client: false), 2690
            ).end(.upstream, .finished, 2700).record)
        let cut = try #require(record.verdict)
        #expect(!cut.title.contains("process died"), "\(cut.title)")
        let gone = try #require(record.judged(with: [.upstreamGone]).verdict)
        #expect(gone.cause == .serverCrashed && gone.title == CauseCatalogue.entry(.serverCrashed).title)
    }

    @Test(arguments: [Cause.serverSilent, .serverIgnoresPings])
    func `a server that is silent may be blocked, suspended, or beyond a half-open path`(_ cause: Cause) {
        let entry = CauseCatalogue.entry(cause)
        for word in ["event loop", "suspended", "half-open"] {
            #expect(entry.paragraph.contains(word) || entry.fix.contains { $0.contains(word) }, "\(cause): \(word)")
        }
        #expect(entry.fix.count >= 3 && entry.decides.contains("answered"))
    }

    private static func bare(_ head: String) throws -> Verdict {
        let observation = Vector.observation(Vector.request(), bytes(head))
        let response = try #require(observation.response)
        observation.failure = .malformedResponse(response.faults)
        return try #require(HandshakeJudge.judge(observation).verdict)
    }

    @Test func `lines that end in a bare LF are named, with the first of them`() throws {
        let verdict = try Self.bare(
            "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: \(Vector.accept)\n\n")
        #expect(verdict.cause == .malformedResponseHead && verdict.confidence == .proven && verdict.blame == .backend, "\(verdict)")
        let line = try #require(verdict.evidence.first)
        #expect(line.observed == "HTTP/1.1 101 Switching Protocols\\n" && line.expected?.contains("RFC 9112 §2.2") == true)
        #expect(line.location == Evidence.Location(side: .upstream, offset: 0, length: 33))
        #expect(verdict.fix.contains { $0.contains("`\\r\\n`") })
    }

    @Test func `of a field whose line is bare only the name is shown`() throws {
        let verdict = try Self.bare("HTTP/1.1 403 Forbidden\r\nSet-Cookie: sid=s3cret\nContent-Length: 0\r\n\r\n")
        #expect(verdict.evidence.contains { $0.observed.hasPrefix("Set-Cookie: …") })
        #expect(!verdict.evidence.contains { $0.observed.contains("s3cret") })
    }

    @Test func `a head with another fault is malformed, and not called another protocol's`() throws {
        let verdict = try #require(
            Vector.judge(Vector.request(), failure: .malformedResponse([HeadFault(.fieldWithoutColon, at: 0..<4)])).verdict)
        #expect(verdict.cause == .malformedResponseHead)
        #expect(verdict.evidence.contains { $0.observed.contains("field_without_colon") })
    }
}
