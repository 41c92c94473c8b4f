import Configuration
import EventLoop
import ProxyCore
import Wire

// Where the sockets come from: bound here, or passed by a predecessor or a service manager.

extension Server {
    /// The listening sockets of each worker.
    ///
    /// Sockets that were passed are dealt out: connections wait in the queue of each, so every one of them needs a worker. Where there are more
    /// workers than sockets, some share one.
    func bindListeners(_ passed: PassedSockets?) throws(StartFailure) -> [[WorkerSocket]] {
        // All of them before the first is bound: the second of `0.0.0.0:80` and `[::]:80` would find the first in its way. Whoever takes over
        // from a predecessor finds that one.
        if passed == nil { try checkListeners() }
        var sockets = Array(repeating: [WorkerSocket](), count: wakers.count)
        for (index, listener) in state.snapshot.listeners.enumerated() {
            var own: [BoundSocket] = try passed?.listener(index) ?? []
            do throws(LoopFailure) {
                if own.isEmpty {
                    var address = listener.address
                    for _ in wakers.indices {
                        let socket = try BoundSocket.bind(address, shared: true)
                        // With port 0, the others take the port that the first one was given.
                        address = socket.address
                        own.append(socket)
                    }
                }
                guard let first = own.first else { continue }
                for turn in 0..<max(own.count, wakers.count) {
                    let socket = turn < own.count ? own[turn] : try own[turn % own.count].duplicated()
                    sockets[turn % wakers.count].append(WorkerSocket(listener: index, socket: socket))
                }
                addresses.append(first.address)
                held.append(
                    HeldListener(
                        listener: OfferedListener(listener.tls == nil ? .plain : .tls, first.address, count: own.count),
                        descriptors: own.map(\.descriptor)))
            } catch {
                throw StartFailure(Server.explain(error, listener.address))
            }
        }
        return sockets
    }

    /// - Parameter setting: what chooses the address: clients and the admin endpoints have one each.
    private static func explain(
        _ failure: LoopFailure, _ address: SocketAddress, setting: String = "--listen (listen in the file)"
    ) -> String {
        switch failure.errno {
        case 98:
            "Cannot listen on \(address): another process uses this port. Stop it, or choose another one with \(setting)."
        case 13: "Cannot listen on \(address): ports below 1024 need privileges. Choose a higher one with \(setting)."
        case 99: "Cannot listen on \(address): no interface of this machine has that address. 0.0.0.0 listens on all."
        default: "Cannot listen on \(address): errno \(failure.errno)."
        }
    }

    /// Whether the listeners could be bound now, and nobody else would share them.
    public func checkListeners() throws(StartFailure) {
        for listener in state.snapshot.listeners {
            do throws(LoopFailure) {
                try BoundSocket.expectFree(listener.address)
            } catch {
                throw StartFailure(Server.explain(error, listener.address))
            }
        }
    }

    func bindAdmin(_ passed: PassedSockets?) throws(StartFailure) {
        let settings = state.snapshot.admin
        let socket = try passed?.admin()
        do throws(LoopFailure) {
            let admin = try AdminServer(settings, shared: shared, status: status, ledgers: ledgers, passed: socket)
            adminAddress = admin.address
            self.admin = admin
            shared.setAdmin(admin)
            if let address = admin.address, let descriptor = admin.descriptor {
                held.append(HeldListener(listener: OfferedListener(.admin, address, count: 1), descriptors: [descriptor]))
            }
        } catch {
            throw StartFailure(
                "Admin endpoints: "
                    + Server.explain(
                        error, settings.listener ?? Snapshot.defaultListener,
                        setting: "--admin-listen (admin.listen in the file), or off"))
        }
    }
}
