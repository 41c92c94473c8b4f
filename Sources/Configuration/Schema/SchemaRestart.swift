/// The keys of `restart`.
enum SchemaRestart {
    static let restart: [KeyDefinition] = [
        KeyDefinition(
            "socket", .file(mustExist: false),
            "A Unix socket at which a new process with the same path takes over the listeners of the running one, which then drains. In a directory that only this user may write to.",
            example: "/run/gatehouse/control", flag: "takeover", environment: "GATEHOUSE_TAKEOVER"),
        KeyDefinition(
            "timeout", .duration(), default: DurationText.text(RestartSettings().timeout),
            "How long the new process may take until it accepts; after that the old one goes on."),
        KeyDefinition(
            "stay", .word(RestartStay.allCases.map(\.rawValue)), default: RestartStay.auto.rawValue,
            "Whether a process that has handed over stays after its drain, passes signals on and ends with the last: `auto` where it is process 1 of a container."),
    ]
}
