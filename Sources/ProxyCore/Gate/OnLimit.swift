/// What becomes of who is above a limit.
public enum OnLimit: String, Sendable, Hashable, CaseIterable {
    /// 429 or 503 with `Retry-After`; a session with too many messages is closed with 1008.
    case refuse
    /// Upgrades wait in a bounded line, each with a deadline; a session with too many messages is read more slowly.
    case queue
    /// The upgrade is completed and closed at once, with 1008 or 1013, which pages can see; a session with too many messages, 1008.
    case close
}
