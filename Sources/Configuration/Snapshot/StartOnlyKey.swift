import ProxyCore
import Wire

/// A key whose new value a reload can't put in force, or only in part: what the process began with stays until it is restarted.
public struct StartOnlyKey: Sendable, Hashable {
    public let key: String
    /// What goes on as it was.
    public let stays: String
}

extension Snapshot {
    /// The keys that differ from what the process began with and need a restart to take effect.
    ///
    /// What would make a reload mean something else altogether (`listen`, `workers`) is refused by the shell instead.
    public func startOnlyKeys(since start: Snapshot) -> [StartOnlyKey] {
        var keys: [StartOnlyKey] = []
        func add(_ key: String, _ stays: String, if differs: Bool) {
            if differs { keys.append(StartOnlyKey(key: key, stays: stays)) }
        }
        add("io", "the loops keep their way of input and output", if: io != start.io)
        add(
            "limits.memory",
            "the watch goes by the new limit at once, receive buffers and what a worker may hold keep the size of the start",
            if: limits.memory != start.limits.memory)
        add("log.output", "lines go where they went", if: log.output != start.log.output)
        add("log.format", "lines look as they did", if: log.format != start.log.format)
        add("admin.listen", "the admin endpoints are served where they were", if: admin.listener != start.admin.listener)
        add("admin.token", "the admin listener takes the token of the start", if: admin.token != start.admin.token)
        return keys
    }
}
