import ProxyCore
import Wire

/// A value that passed the schema, with the place and the key where it stood.
struct Decoded: Sendable {
    indirect enum Value: Sendable {
        case boolean(Bool)
        case integer(Int)
        case size(UInt64)
        case duration(TimeSpan)
        /// Every kind of text: words, names, paths, files (resolved), secrets.
        case text(String)
        case address(SocketAddress)
        case block(AddressBlock)
        case endpoint(Endpoint)
        case host(HostPattern)
        case list([Decoded])
        case map(DecodedMap)
        /// Something was wrong and has been reported; checks that build on it stay silent.
        case faulty
    }

    var value: Value
    var source: ConfigurationSource
    /// As in `routes[0].timeouts.idle`.
    var key: String
}

/// A map that passed the schema: only keys that were written are in it.
struct DecodedMap: Sendable {
    var entries: [(name: String, value: Decoded)] = []

    /// The value of `name`, faulty or not.
    func any(_ name: String) -> Decoded? { entries.first { $0.name == name }?.value }

    func boolean(_ name: String) -> Bool? {
        if case .boolean(let value)? = any(name)?.value { value } else { nil }
    }

    func integer(_ name: String) -> Int? {
        if case .integer(let value)? = any(name)?.value { value } else { nil }
    }

    func size(_ name: String) -> UInt64? {
        if case .size(let value)? = any(name)?.value { value } else { nil }
    }

    func duration(_ name: String) -> TimeSpan? {
        if case .duration(let value)? = any(name)?.value { value } else { nil }
    }

    func text(_ name: String) -> String? {
        if case .text(let value)? = any(name)?.value { value } else { nil }
    }

    func map(_ name: String) -> DecodedMap? {
        if case .map(let value)? = any(name)?.value { value } else { nil }
    }

    func list(_ name: String) -> [Decoded]? {
        if case .list(let value)? = any(name)?.value { value } else { nil }
    }

    /// The word as a case of an enumeration whose raw values the schema named.
    func word<Word: RawRepresentable>(_ name: String) -> Word? where Word.RawValue == String {
        text(name).flatMap(Word.init(rawValue:))
    }
}
