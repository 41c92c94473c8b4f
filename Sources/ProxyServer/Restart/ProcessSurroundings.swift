import CLinux
import EventLoop
import ProxyCore
import Wire

/// What a process finds when it starts, besides its configuration: who started it, and what was passed to it.
public struct ProcessSurroundings: Sendable {
    /// The variable that leads a successor of our own to its predecessor: a descriptor and the process that must be the parent.
    static let channelVariable = "GATEHOUSE_RESTART_CHANNEL"
    private static let passing = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID", channelVariable]

    /// How this process was started, so that it can start its like. Nil: it can't.
    public let command: [String]
    /// The executable's path: looked up anew at each start, so that a new version there is the one that runs.
    public let executable: String?
    /// Without what was meant for this process alone.
    public let environment: [String: String]
    let notifier: ServiceNotifier
    /// To the process that started this one as its successor.
    let channel: ControlChannel?
    /// What a service manager passes: descriptors from 3 on, and their names.
    private let listenNames: [String]

    /// - Parameters:
    ///   - environment: as it came
    ///   - executable: what to start as a successor
    public init(command: [String], executable: String?, environment: [String: String]) {
        self.command = command
        self.executable = executable
        self.environment = environment.filter { !ProcessSurroundings.passing.contains($0.key) }
        notifier = ServiceNotifier(path: environment["NOTIFY_SOCKET"])
        channel = ProcessSurroundings.channel(environment[ProcessSurroundings.channelVariable])
        guard let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...1000).contains(count),
            environment["LISTEN_PID"].flatMap({ Int32($0) }) == clinux_pid()
        else {
            listenNames = []
            return
        }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        listenNames = (0..<Int(count)).map { $0 < names.count ? names[$0] : "" }
        for index in listenNames.indices { _ = clinux_set_close_on_exec(3 + Int32(index), true) }
    }

    private static func channel(_ text: String?) -> ControlChannel? {
        let parts = (text ?? "").split(separator: ":").compactMap { Int32($0) }
        guard parts.count == 2, parts[0] > 2, parts[1] == clinux_parent_pid(), clinux_is_control(parts[0]) else { return nil }
        _ = clinux_set_close_on_exec(parts[0], true)
        return ControlChannel(descriptor: parts[0])
    }

    /// Tells the process that waits for this one why it doesn't come.
    public func refuse(_ reason: String) { channel?.send(.refused(reason)) }

    /// The sockets that a service manager passes; nil if it passes none.
    ///
    /// A socket whose name is `admin` or ends in `admin.socket` is for the admin endpoints.
    func passed(for state: ServerState) throws(Server.StartFailure) -> PassedSockets? {
        guard !listenNames.isEmpty else { return nil }
        var offered: [OfferedListener] = []
        var descriptors: [Int32] = []
        for (index, name) in listenNames.enumerated() {
            let descriptor = 3 + Int32(index)
            do throws(LoopFailure) {
                let socket = try BoundSocket.adopt(descriptor)
                let isAdmin = name == "admin" || name.hasSuffix("admin.socket")
                offered.append(OfferedListener(isAdmin ? .admin : .unspecified, socket.address, count: 1))
                descriptors.append(descriptor)
            } catch {
                throw Server.StartFailure(
                    "LISTEN_FDS passes descriptor \(descriptor)\(name.isEmpty ? "" : " (\(name))"), which is no listening TCP socket (errno \(error.errno)); "
                        + "expected ListenStream= with an address and Accept=no in the socket unit.")
            }
        }
        return try PassedSockets(offered, descriptors, for: state, takesControl: { _ in false }, strict: true)
    }
}
