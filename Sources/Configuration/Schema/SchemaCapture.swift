import ProxyCore
import Wire

/// The definition of `capture`, at the top and in a route.
enum SchemaCapture {
    private static let settings = CaptureSettings()
    private static let policy = CapturePolicy()

    static let capture = KeyDefinition(
        "capture", .map(files + perSession),
        "Captures of what Gatehouse relays, as pcapng files ([Capture.md](Capture.md)).",
        example: "{directory: captures, mode: black-box}")

    /// In a route: in place of what stands at the top, key by key.
    static let ofRoute = KeyDefinition(
        "capture", .map(perSession), "What of this route's sessions is captured, in place of what stands at the top, key by key.",
        example: "{mode: always, payload: cut}")

    private static let files: [KeyDefinition] = [
        KeyDefinition(
            "directory", .file(mustExist: false), "Where the files come to be. Made for its owner alone (0700) if it isn't there.",
            example: "captures", environment: "GATEHOUSE_CAPTURE_DIRECTORY"),
        KeyDefinition(
            "rotate",
            .map([
                KeyDefinition(
                    "size", .size(64 << 10...1 << 40), default: SizeText.text(settings.rotateSize),
                    "The size from which on a new file is begun."),
                KeyDefinition(
                    "time", .duration(), default: DurationText.text(settings.rotateTime),
                    "The age from which on a new file is begun."),
            ]),
            "When a new file is begun.", example: "{size: 64MiB, time: 1h}"),
        KeyDefinition(
            "total", .size(64 << 10...1 << 50), default: SizeText.text(settings.total),
            "What all files together may take; the eldest are deleted for it."),
    ]

    private static let perSession: [KeyDefinition] = [
        KeyDefinition(
            "mode", .word(CapturePolicy.Mode.allCases.map(\.rawValue)), default: policy.mode.rawValue,
            "`always`: every session as it is relayed. `black-box`: heads and last bytes in memory, written when a session is refused or ends badly.",
            environment: "GATEHOUSE_CAPTURE_MODE"),
        KeyDefinition(
            "payload", .word(PayloadRule.Kind.allCases.map(\.rawValue)), default: policy.payload.kind.rawValue,
            "What becomes of payloads: `keep`, `cut` each frame's after `payload_limit`, or `mask` what `mask` names."),
        KeyDefinition(
            "payload_limit", .size(0...1 << 20),
            "For `payload: cut`: bytes of each frame's payload that are kept; without it, \(policy.payload.limit)."),
        KeyDefinition(
            "mask", .list(.text), default: "[]",
            "For `payload: mask`: paths in JSON texts whose values are replaced by as many `*`. Whatever isn't a JSON text in one frame and one piece is replaced wholly.",
            example: "[$.token, $..password]"),
        KeyDefinition(
            "redact", .boolean, default: "\(policy.redacts)",
            "Whether secrets in heads are made unreadable by the ledger's rules before they reach the disk."),
        KeyDefinition(
            "ring", .size(1 << 10...1 << 20), default: SizeText.text(UInt64(policy.ring)),
            "Memory of a session's black box; half of it is for the heads."),
        KeyDefinition(
            "sample", .fraction, default: "1.0", "Which part of the sessions is captured.", example: "0.01"),
        KeyDefinition(
            "select",
            .map([
                KeyDefinition(
                    "clients", .list(.addressBlock), default: "[]", "Only clients with these addresses.", example: "[203.0.113.7]"),
                KeyDefinition("users", .list(.text), default: "[]", "Only sessions of these users.", example: "[alice]"),
                KeyDefinition(
                    "causes", .list(.name), default: "[]",
                    "Only sessions with these causes; needs `mode: black-box`, since a cause is known at the end.",
                    example: "[origin-not-allowed]"),
            ]),
            "Which sessions are captured; without it, all."),
    ]
}
