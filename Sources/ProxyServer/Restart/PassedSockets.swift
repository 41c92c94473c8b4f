import CLinux
import Configuration
import EventLoop
import ProxyCore
import Wire

/// Listening sockets that somebody else bound, held against the configuration. Owns what isn't taken from it.
struct PassedSockets {
    let offered: [OfferedListener]
    let matching: ListenerMatching
    /// By offered listener.
    private let descriptors: [[Int32]]

    /// - Parameter descriptors: all of them, in the offer's order
    init(
        _ offered: [OfferedListener], _ descriptors: [Int32], for state: ServerState, takesControl: (Int32) -> Bool, strict: Bool
    ) throws(Server.StartFailure) {
        self.offered = offered
        var rest = descriptors[...]
        var grouped: [[Int32]] = []
        for listener in offered {
            grouped.append(Array(rest.prefix(listener.count)))
            rest = rest.dropFirst(listener.count)
        }
        self.descriptors = grouped
        let control = offered.firstIndex { $0.kind == .control }.flatMap { grouped[$0].first }
        do throws(ListenerMatching.Mismatch) {
            matching = try ListenerMatching(
                offered: offered,
                wanted: state.snapshot.listeners.map { ListenerMatching.Wanted($0.address, isSecure: $0.tls != nil) },
                admin: state.snapshot.admin.listener, takesControl: control.map(takesControl) ?? false, strict: strict)
        } catch {
            throw Server.StartFailure("\(error).")
        }
    }

    /// The sockets of the configuration's `index`th listener; nil: it is to be bound.
    func listener(_ index: Int) throws(Server.StartFailure) -> [BoundSocket]? { try sockets(matching.listeners[index]) }

    func admin() throws(Server.StartFailure) -> BoundSocket? { try sockets(matching.admin)?.first }

    /// The control socket's descriptor, and the one to write successors to.
    var control: Int32? { matching.control.flatMap { descriptors[$0].first } }
    var lineage: Int32? { matching.lineage.flatMap { descriptors[$0].first } }

    /// Closes what nobody wants; the addresses that are given up.
    func closeUnused() -> [SocketAddress] {
        for index in matching.unused {
            for descriptor in descriptors[index] { _ = clinux_close(descriptor) }
        }
        return matching.unused.compactMap { offered[$0].address }
    }

    private func sockets(_ index: Int?) throws(Server.StartFailure) -> [BoundSocket]? {
        guard let index else { return nil }
        var sockets: [BoundSocket] = []
        for descriptor in descriptors[index] {
            do throws(LoopFailure) {
                sockets.append(try BoundSocket.adopt(descriptor))
            } catch {
                throw Server.StartFailure("A socket was passed that can't be served: \(error).")
            }
        }
        return sockets
    }
}
