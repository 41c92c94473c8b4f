import ProxyCore
import Wire

extension SnapshotBuilder {
    /// What a route does when its backend goes away; nil: its sessions end too.
    mutating func hold(_ written: Decoded?) -> HoldPolicy? {
        guard let written, case .map(let map) = written.value else { return nil }
        var policy = HoldPolicy()
        if let count = map.integer("attempts") { policy.attempts = count }
        if let size = map.size("queue") { policy.queue = Int(clamping: size) }
        if let count = map.integer("replay_first") { policy.replayFirst = count }
        if let span = map.duration("backoff") { policy.backoff = span }
        if let span = map.duration("backoff_max") { policy.backoffMax = span }
        if let span = map.duration("deadline") { policy.deadline = span }
        if let word: HoldPolicy.Unconfirmed = map.word("unconfirmed") { policy.unconfirmed = word }
        if policy.backoff > policy.backoffMax, let place = map.any("backoff") ?? map.any("backoff_max") {
            report(
                place, "a backoff of \(DurationText.text(policy.backoff)) and at most \(DurationText.text(policy.backoffMax))",
                "backoff up to backoff_max", "lower backoff, or raise backoff_max")
        }
        if policy.backoff > policy.deadline, let place = map.any("deadline") ?? map.any("backoff") {
            report(
                place, "a deadline of \(DurationText.text(policy.deadline)) before the first attempt",
                "a deadline behind backoff (\(DurationText.text(policy.backoff)))", "raise deadline, or lower backoff")
        }
        return policy
    }
}
