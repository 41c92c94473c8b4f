package import Configuration
import ProxyCore

extension Server {
    /// Settings that are read and checked, and that this version does nothing about yet: said at start and by `check-config`, so that
    /// nobody relies on them.
    package static func unserved(_ snapshot: Snapshot) -> [String] {
        var notices: [String] = []
        if snapshot.routes.routes.contains(where: { $0.upgrade == .any }) {
            notices.append("upgrade: any is not served by this version; only WebSocket is upgraded, other requests go on without.")
        }
        return notices
    }
}
