import EventLoop
import ProxyCore
import Wire

// What the resolver's answers change for a worker. Sessions stay where they are: that a name leads elsewhere now says nothing of a process
// that is still there. Whatever is new goes to the addresses that are in force, and kept connections to the others are closed.

extension Worker {
    /// The resolver asked for an endpoint's addresses: all of them, or why there are none.
    func resolved(_ endpoint: Endpoint, _ addresses: [SocketAddress], _ failure: String?) {
        for known in endpoints where known.endpoint == endpoint {
            known.resolutionError = addresses.isEmpty ? failure : nil
            guard !addresses.isEmpty else { continue }
            let gone = known.addresses.replace(by: addresses)
            guard !gone.isEmpty else { continue }
            for idle in known.takeIdle(where: { loop.peerAddress($0).map(gone.contains) ?? true }) {
                loop.close(idle.connection, .now)
            }
        }
    }

    /// The address that was tried last took no connection, or none that can be used.
    func suspectAddress(_ endpoint: UpstreamEndpoint, attempt: Int, from first: Int) {
        // Perhaps the name leads elsewhere by now.
        if endpoint.endpoint.address == nil { shared.resolver.hurry(endpoint.endpoint) }
        guard endpoint.addresses.count > 1, let address = endpoint.addresses.address(attempt: attempt, from: first) else { return }
        endpoint.addresses.failed(address, now: loop.now)
    }
}
