import TestSupport
import Testing
import Wire

@testable import Diagnosis

/// Sessions on which the client only looked: whatever ended them was the server's own doing.
@Suite struct `Sessions that were only watched` {
    typealias S = SessionScript

    private func judge(_ script: SessionScript, _ further: SignSet = []) -> Verdict? {
        script.record?.judged(with: further.union([.onlyWatched])).verdict
    }

    private var open: SessionScript { SessionVector.open }

    @Test func `a close without a code, before anybody spoke, is told as what was seen`() throws {
        let verdict = try #require(judge(open.server(S.unmasked(0x88, []), 3)))
        #expect(verdict.cause == .unknown && verdict.confidence == .unknown)
        #expect(verdict.title.hasSuffix("closed the session at once without a code"))
        #expect(verdict.evidence.contains { $0.what == "watch" } && !verdict.fix.isEmpty)
        #expect(verdict.alternatives.contains { $0.cause == .credentialsMissing })
    }

    @Test func `a close with 1000, before anybody spoke, wants a reason`() throws {
        let verdict = try #require(judge(open.server(S.close(1000), 3)))
        #expect(verdict.cause == .handlerReturned && verdict.confidence != .proven)
    }

    @Test func `a server that had its say and closes with 1000 is done, and nothing is wrong`() {
        #expect(judge(open.server(S.text("hello", client: false), 2).server(S.close(1000), 3)) == nil)
    }

    @Test func `1002 to a client that has sent nothing is not the client's fault`() throws {
        let verdict = try #require(judge(open.server(S.close(1002), 3)))
        #expect(verdict.cause == .protocolViolation && verdict.blame == .backend)
    }

    @Test func `of a cut the process is blamed only if it no longer takes connections`() throws {
        let cut = open.end(.upstream, .finished, 2)
        let gone = try #require(judge(cut, [.upstreamGone]))
        #expect(gone.cause == .serverCrashed && gone.confidence == .likely)
        let there = try #require(judge(cut, [.upstreamStillAccepts]))
        #expect(there.confidence == .possible)
        let said = [there.cause] + there.alternatives.map(\.cause)
        #expect(said.contains(.handlerReturned) && said.contains(.handlerCrashed) && !said.contains(.serverCrashed))
        #expect(there.evidence.contains { $0.observed.contains("look alike") })
    }

    @Test func `a breach speaks for itself`() throws {
        let verdict = try #require(judge(open.server(S.masked(0x81, [1, 2]), 3)))
        #expect(verdict.cause == .serverFramesMasked && verdict.confidence == .proven)
        #expect(!verdict.evidence.contains { $0.what == "watch" })
    }
}
