public import Diagnosis
public import Telemetry

/// How often a cause was the verdict since the process began.
public struct CauseCount: Sendable, Hashable {
    public var cause: Cause
    public var refusals: UInt64
    public var badEnds: UInt64

    /// The causes that were, the most frequent first.
    public static func all(_ workers: [WorkerMetrics]) -> [CauseCount] {
        Cause.allCases
            .map { cause in
                CauseCount(
                    cause: cause, refusals: workers.reduce(0) { $0 &+ $1.refusals[cause].value },
                    badEnds: workers.reduce(0) { $0 &+ $1.badEnds[cause].value })
            }
            .filter { $0.refusals + $0.badEnds > 0 }
            .sorted { $0.refusals + $0.badEnds > $1.refusals + $1.badEnds }
    }
}
