import Testing

@testable import Diagnosis

@Suite struct `A plan that is allowed too few handshakes` {
    private static func plan(_ limit: Int, _ response: String = "HTTP/1.1 403 Forbidden") -> ProbePlan {
        let observation = Vector.observation(
            Vector.request(changing: ["Origin": "https://front.example"]), Vector.response(response, "Content-Length: 0"))
        return ProbePlan(observation, options: ProbeOptions(limit: limit))
    }

    /// Answers every handshake like the first, and gives how many were made.
    private static func run(_ plan: inout ProbePlan) -> Int {
        let refusal = ProbeOutcome(
            Vector.observation(Vector.request(), Vector.response("HTTP/1.1 403 Forbidden", "Content-Length: 0")))
        while case .probe = plan.next() { plan.record(refusal) }
        return plan.records.count
    }

    @Test(arguments: [1, 2]) func `makes none, and says how many a proof takes`(_ limit: Int) {
        var plan = Self.plan(limit)
        let made = Self.run(&plan)
        #expect(made == 0)
        #expect(plan.shortage == .noneMade(allowed: limit))
        #expect(plan.shortage?.sentence.contains("at least 3") == true && plan.shortage?.sentence.hasSuffix("is \(limit).") == true)
    }

    @Test func `says where its limit cut it short`() {
        var plan = Self.plan(4)
        let made = Self.run(&plan)
        #expect(made == 3)
        #expect(plan.shortage == .cutShort(allowed: 4))
    }

    @Test func `says nothing where there was nothing more to try`() {
        var ample = Self.plan(100)
        let made = Self.run(&ample)
        #expect(made > 3 && ample.shortage == nil)
        // A limiter that answers is asked for nothing, whatever the limit.
        #expect(Self.plan(2, "HTTP/1.1 429 Too Many Requests").shortage == nil)
    }
}
