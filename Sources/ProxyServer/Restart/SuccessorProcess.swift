import CLinux

/// Starts this program anew, with a channel to this process.
enum SuccessorProcess {
    /// Its process id, or -errno.
    static func start(_ path: String, _ command: [String], _ environment: [String: String], channel: Int32) -> Int32 {
        let arguments = CStringVector(command)
        let variables = CStringVector(environment.map { "\($0.key)=\($0.value)" })
        defer { withExtendedLifetime((arguments, variables)) {} }
        return clinux_start_successor(path, arguments.pointer, variables.pointer, channel)
    }
}
