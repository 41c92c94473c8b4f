import CLinux
import ProxyCore

/// The Unix socket at which a running process can be asked for its listeners. The path is removed by the last of a line of processes.
final class ControlSocket: Sendable {
    let path: String
    let descriptor: Int32

    /// Takes over the socket that a predecessor bound.
    init(path: String, adopting descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Binds at `path`, mode 0600, in place of what a process that has gone left there.
    init(path: String) throws(Server.StartFailure) {
        self.path = path
        switch clinux_directory_is_open(path) {
        case 0: break
        case 1:
            throw Server.StartFailure(
                "restart.socket is \(path), in a directory that other users may write to, who could put a socket of theirs there; expected a directory of this user alone, such as one made by RuntimeDirectory= or mkdir -m 700."
            )
        case let error:
            throw Server.StartFailure("restart.socket is \(path), whose directory can't be used: errno \(-error); make it first.")
        }
        var descriptor = clinux_control_listen(path)
        if descriptor == -98 /* EADDRINUSE */, clinux_control_remove_stale(path) >= 0 { descriptor = clinux_control_listen(path) }
        guard descriptor >= 0 else {
            throw Server.StartFailure(
                "restart.socket is \(path), where no socket can be bound: errno \(-descriptor)"
                    + (descriptor == -98 ? "; something that isn't ours lies there: remove it or choose another path." : "."))
        }
        self.descriptor = descriptor
    }

    /// Nobody takes over: the path goes with the process.
    func remove() {
        close()
        _ = clinux_control_remove_stale(path)
    }

    /// The successor has it.
    func close() { _ = clinux_close(descriptor) }
}
