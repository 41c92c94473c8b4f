/// An end of a session, as seen from Gatehouse.
package enum Side: UInt8, Sendable, Hashable, CaseIterable {
    /// Towards the client.
    case downstream
    /// Towards the origin server.
    case upstream

    /// Written out: a derived `==` is nothing that other modules could inline, and they ask on the way of every buffer.
    @inlinable package static func == (left: Side, right: Side) -> Bool {
        switch (left, right) {
        case (.downstream, .downstream), (.upstream, .upstream): true
        case (.downstream, .upstream), (.upstream, .downstream): false
        }
    }

    /// The other end.
    @inlinable package var opposite: Side { self == .downstream ? .upstream : .downstream }

    /// The place of what is kept for this side in a pair: 0 downstream, 1 upstream.
    @inlinable package var index: Int { self == .downstream ? 0 : 1 }

    /// The direction in which bytes *received from* this side travel.
    @inlinable package var direction: Direction { self == .downstream ? .clientToServer : .serverToClient }

    /// The word for logs, metrics and the page.
    package var name: String { self == .downstream ? "downstream" : "upstream" }
}

/// The way in which bytes travel through a session.
package enum Direction: UInt8, Sendable, Hashable, CaseIterable {
    case clientToServer
    case serverToClient

    /// Written out: a derived `==` is nothing that other modules could inline, and they ask on the way of every buffer.
    @inlinable package static func == (left: Direction, right: Direction) -> Bool {
        switch (left, right) {
        case (.clientToServer, .clientToServer), (.serverToClient, .serverToClient): true
        case (.clientToServer, .serverToClient), (.serverToClient, .clientToServer): false
        }
    }

    /// The side that sent these bytes.
    @inlinable package var source: Side { self == .clientToServer ? .downstream : .upstream }

    /// The side that is to receive these bytes.
    @inlinable package var destination: Side { source.opposite }

    /// The word for logs, metrics and the page.
    package var name: String { self == .clientToServer ? "client_to_server" : "server_to_client" }
}
