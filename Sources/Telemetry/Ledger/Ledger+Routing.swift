public import Wire

/// Lines about how endpoints stand.
extension Ledger {
    /// An endpoint gets new sessions again.
    ///
    /// - Parameter slowStart: how long its share takes to grow to its full one; zero for at once.
    public func endpointReady(_ endpoint: String, cluster: String, slowStart: TimeSpan, at time: Timestamp) {
        write("endpoint.ready", at: time, message: "an endpoint is fit again and gets new sessions") { line in
            line.field("cluster", cluster)
            line.field("endpoint", endpoint)
            if slowStart > .zero { line.field("slow_start_ms", milliseconds: slowStart) }
        }
    }

    /// An endpoint's name was resolved to other addresses than before.
    ///
    /// - Parameter gone: addresses of before that get nothing new.
    public func endpointResolved(
        _ endpoint: String, addresses: [SocketAddress], gone: [SocketAddress], at time: Timestamp
    ) {
        write("endpoint.resolved", at: time, message: "an endpoint's name was resolved, and its addresses are in force") { line in
            line.field("endpoint", endpoint)
            line.beginArray("addresses")
            for address in addresses.prefix(16) { line.element(address.host) }
            line.endArray()
            line.field("count", addresses.count)
            guard !gone.isEmpty else { return }
            line.beginArray("gone")
            for address in gone.prefix(16) { line.element(address.host) }
            line.endArray()
        }
    }

    /// An endpoint's name can't be resolved; told once until it can.
    ///
    /// - Parameter keepsOld: whether addresses that it had before are still used.
    public func endpointUnresolved(_ endpoint: String, observed: String, keepsOld: Bool, at time: Timestamp) {
        write(
            "endpoint.unresolved", level: .warning, at: time,
            message: "an endpoint's name can't be resolved; it is asked for again each second"
        ) { line in
            line.field("endpoint", endpoint)
            line.field("observed", redacted: observed, redaction)
            line.field("keeps_old", keepsOld)
        }
    }

    /// The traffic had an endpoint fail so often that it gets nothing for a while.
    ///
    /// - Parameters:
    ///   - count: the how manyth time in a row.
    ///   - reason: how it failed the last time.
    public func endpointEjected(
        _ endpoint: String, cluster: String, for span: TimeSpan, count: Int, reason: String?, at time: Timestamp
    ) {
        write(
            "endpoint.ejected", level: .warning, at: time,
            message: "an endpoint failed several times in a row and gets no new sessions for a while"
        ) { line in
            line.field("cluster", cluster)
            line.field("endpoint", endpoint)
            line.field("for_ms", milliseconds: span)
            line.field("times", count)
            if let reason { line.field("reason", reason) }
        }
    }

    /// The checks of an endpoint failed.
    ///
    /// - Parameter observed: what the last one saw.
    public func endpointUnhealthy(_ endpoint: String, cluster: String, observed: String, at time: Timestamp) {
        write(
            "endpoint.unhealthy", level: .warning, at: time,
            message: "an endpoint failed its checks and gets no new sessions until they succeed"
        ) { line in
            line.field("cluster", cluster)
            line.field("endpoint", endpoint)
            line.field("observed", redacted: observed, redaction)
        }
    }

    /// So few endpoints are fit that health is ignored, or it counts again.
    public func clusterPanic(_ cluster: String, _ isPanicking: Bool, at time: Timestamp) {
        if isPanicking {
            write(
                "cluster.panic", level: .warning, at: time,
                message: "so few endpoints are fit that all are used, whatever their health"
            ) { $0.field("cluster", cluster) }
        } else {
            write("cluster.calm", at: time, message: "enough endpoints are fit: health counts again") {
                $0.field("cluster", cluster)
            }
        }
    }
}
