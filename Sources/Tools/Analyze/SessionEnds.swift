import Wire

/// The two ends of a session, as far as the source names them: a capture has the addresses, a HAR only the host of its URL.
struct SessionEnds: Hashable {
    /// `203.0.113.7:51000`; nil where the source doesn't say.
    var client: String?
    /// An address, or a host as it stands in a URL; nil where the source doesn't say. May be a stranger's text.
    var server: String?

    /// The ends of a connection that was seen.
    init(client: SocketAddress, server: SocketAddress) {
        self.client = "\(client)"
        self.server = "\(server)"
    }

    /// What was read; what is empty is not known.
    init(client: String?, server: String?) {
        self.client = client.flatMap { $0.isEmpty ? nil : $0 }
        self.server = server.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// `client → server`, without the one that isn't known; empty if neither is.
    var text: String {
        switch (client, server) {
        case (let client?, let server?): "\(client) → \(server)"
        case (let client?, nil): client
        case (nil, let server?): "→ \(server)"
        case (nil, nil): ""
        }
    }
}
