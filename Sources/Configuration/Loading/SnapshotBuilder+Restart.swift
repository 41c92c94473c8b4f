import Wire

extension SnapshotBuilder {
    mutating func restart() -> RestartSettings {
        var settings = RestartSettings()
        guard let map = root.map("restart") else { return settings }
        if let path = map.text("socket"), let written = map.any("socket") {
            settings.socket = path
            if path.utf8.count > RestartSettings.longestPath {
                report(
                    written, "a path of \(path.utf8.count) bytes", "at most \(RestartSettings.longestPath) bytes",
                    "the kernel takes no longer one for a socket; /run/gatehouse/control is usual")
            }
        }
        if let span = map.duration("timeout") { settings.timeout = span }
        if let stay: RestartStay = map.word("stay") { settings.stay = stay }
        return settings
    }
}
