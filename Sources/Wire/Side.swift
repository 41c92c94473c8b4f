/// An end of a session, as seen from Gatehouse.
public enum Side: UInt8, Sendable, Hashable {
    /// Towards the client.
    case downstream
    /// Towards the origin server.
    case upstream

    /// Written out: a derived `==` is nothing that other modules could inline, and they ask on the way of every buffer.
    @inlinable public static func == (left: Side, right: Side) -> Bool {
        switch (left, right) {
        case (.downstream, .downstream), (.upstream, .upstream): true
        case (.downstream, .upstream), (.upstream, .downstream): false
        }
    }

    /// The other end.
    @inlinable public var opposite: Side { self == .downstream ? .upstream : .downstream }

    /// The place of what is kept for this side in a pair: 0 downstream, 1 upstream.
    @inlinable public var index: Int { self == .downstream ? 0 : 1 }

    /// The direction in which bytes *received from* this side travel.
    @inlinable public var direction: Direction { self == .downstream ? .clientToServer : .serverToClient }

    /// The word for logs, metrics and the page.
    public var name: String { self == .downstream ? "downstream" : "upstream" }
}

extension Side: CaseIterable {
    public typealias AllCases = Both

    /// Both sides, downstream first, without an array behind them: deadlines and ends of sessions go over them.
    @inlinable public static var allCases: Both { Both() }

    /// The two sides as a collection.
    @frozen public struct Both: RandomAccessCollection, Sendable {
        @inlinable init() {}

        @inlinable public var startIndex: Int { 0 }
        @inlinable public var endIndex: Int { 2 }
        @inlinable public subscript(index: Int) -> Side { index == 0 ? .downstream : .upstream }
    }
}

/// The way in which bytes travel through a session.
public enum Direction: UInt8, Sendable, Hashable, CaseIterable {
    case clientToServer
    case serverToClient

    /// Written out: a derived `==` is nothing that other modules could inline, and they ask on the way of every buffer.
    @inlinable public static func == (left: Direction, right: Direction) -> Bool {
        switch (left, right) {
        case (.clientToServer, .clientToServer), (.serverToClient, .serverToClient): true
        case (.clientToServer, .serverToClient), (.serverToClient, .clientToServer): false
        }
    }

    /// The side that sent these bytes.
    @inlinable public var source: Side { self == .clientToServer ? .downstream : .upstream }

    /// The side that is to receive these bytes.
    @inlinable public var destination: Side { source.opposite }

    /// The word for logs, metrics and the page.
    public var name: String { self == .clientToServer ? "client_to_server" : "server_to_client" }
}
