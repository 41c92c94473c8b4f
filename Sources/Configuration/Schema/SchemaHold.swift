import ProxyCore
import Wire

/// The definition of `hold`.
enum SchemaHold {
    private static let standard = HoldPolicy()

    static let hold = KeyDefinition(
        "hold", .shapes([.word(["off"]), .map(keys)]), default: "off",
        "Keeping the client's session open while its backend goes away and comes back, for backends whose sessions can start afresh. `{}` takes the defaults. No extension is offered upstream on such a route: a compression's state can't survive a new connection.",
        example: "{attempts: 5, queue: 1MiB, deadline: 30s}")

    private static let keys: [KeyDefinition] = [
        KeyDefinition(
            "attempts", .integer(1...1000), default: "\(standard.attempts)",
            "Attempts to reach a backend before the client is closed with 1013. A connection that lasts `backoff_max` makes them count anew."
        ),
        KeyDefinition(
            "queue", .size(1024...1 << 30), default: SizeText.text(UInt64(standard.queue)),
            "Bytes of a session's messages that are kept; when it is full, nothing more is taken from the client. A larger message passes as it comes, and can't be held."
        ),
        KeyDefinition(
            "replay_first", .integer(0...1000), default: "\(standard.replayFirst)",
            "How many of the client's first messages each new connection gets again first, such as the ones that log in and subscribe.",
            example: "1"),
        KeyDefinition(
            "backoff", .duration(), default: DurationText.text(standard.backoff),
            "The wait before the first attempt, doubled before each further one; half of it is drawn."),
        KeyDefinition(
            "backoff_max", .duration(), default: DurationText.text(standard.backoffMax), "The longest wait between two attempts."),
        KeyDefinition(
            "deadline", .duration(), default: DurationText.text(standard.deadline),
            "How long after the loss a backend must have taken the session, or the client is closed with 1013; and how long one that confirms nothing may keep the queue full, before 1012."
        ),
        KeyDefinition(
            "unconfirmed", .word(HoldPolicy.Unconfirmed.allCases.map(\.rawValue)), default: standard.unconfirmed.rawValue,
            "What becomes of messages that were sent and not confirmed when a backend went away: `drop` names them in the ledger (at most once), `resend` sends them again (at least once)."
        ),
    ]
}
