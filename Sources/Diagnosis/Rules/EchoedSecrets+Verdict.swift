extension EchoedSecrets {
    /// `verdict` with a mark in place of every echo, wherever it quotes the answer.
    public func callAsFunction(_ verdict: Verdict) -> Verdict {
        var masked = verdict
        masked.title = self(verdict.title)
        masked.fix = verdict.fix.map { self($0) }
        for index in masked.evidence.indices {
            masked.evidence[index].observed = self(masked.evidence[index].observed)
            masked.evidence[index].expected = masked.evidence[index].expected.map { self($0) }
        }
        for index in masked.alternatives.indices { masked.alternatives[index].because = self(masked.alternatives[index].because) }
        for index in masked.probes.indices {
            masked.probes[index].change = self(masked.probes[index].change)
            masked.probes[index].outcome = self(masked.probes[index].outcome)
        }
        if let responder = masked.answeredBy {
            masked.answeredBy = Responder(
                who: responder.who, stack: responder.stack.map { self($0) }, confidence: responder.confidence,
                because: responder.because.map { self($0) })
        }
        return masked
    }
}
