import ProxyCore
import Testing
import Wire

struct ListenerMatchingTests {
    private func address(_ host: String, _ port: UInt16) -> SocketAddress { SocketAddress(host: host, port: port)! }

    private func match(
        _ offered: [OfferedListener], _ wanted: [ListenerMatching.Wanted], admin: SocketAddress? = nil, strict: Bool = false
    ) throws -> ListenerMatching {
        try ListenerMatching(offered: offered, wanted: wanted, admin: admin, takesControl: true, strict: strict)
    }

    @Test func `each listener finds its socket, whatever the order`() throws {
        let offered = [
            OfferedListener(.control, nil, count: 1), OfferedListener(.admin, address("127.0.0.1", 9900), count: 1),
            OfferedListener(.tls, address("0.0.0.0", 443), count: 2), OfferedListener(.plain, address("0.0.0.0", 80), count: 2),
        ]
        let matching = try match(
            offered, [.init(address("0.0.0.0", 80), isSecure: false), .init(address("0.0.0.0", 443), isSecure: true)],
            admin: address("127.0.0.1", 9900), strict: true)
        #expect(matching.listeners == [3, 2] && matching.admin == 1 && matching.control == 0 && matching.unused.isEmpty)
    }

    @Test func `a new listener is bound, one that isn't wanted any more is given up`() throws {
        let offered = [OfferedListener(.plain, address("0.0.0.0", 80), count: 1), OfferedListener(.plain, address("0.0.0.0", 81), count: 1)]
        let matching = try match(
            offered, [.init(address("0.0.0.0", 81), isSecure: false), .init(address("0.0.0.0", 82), isSecure: false)])
        #expect(matching.listeners == [1, nil] && matching.unused == [0] && matching.admin == nil)
    }

    @Test func `port 0 takes what is on its host, once`() throws {
        let offered = [OfferedListener(.plain, address("127.0.0.1", 40001), count: 1)]
        let matching = try match(
            offered, [.init(address("127.0.0.1", 0), isSecure: false), .init(address("127.0.0.1", 0), isSecure: false)])
        #expect(matching.listeners == [0, nil])
    }

    @Test func `a service manager's socket for both families serves 0.0.0.0, and speaks what the configuration says`() throws {
        let offered = [OfferedListener(.unspecified, address("::", 443), count: 1)]
        #expect(try match(offered, [.init(address("0.0.0.0", 443), isSecure: true)]).listeners == [0])
        #expect(try match(offered, [.init(address("127.0.0.1", 443), isSecure: true)]).listeners == [nil])
        #expect(try match(offered, [.init(address("0.0.0.0", 444), isSecure: true)]).listeners == [nil])
    }

    @Test func `TLS can't begin or end in a hot restart`() {
        for isSecure in [true, false] {
            let offered = [OfferedListener(isSecure ? .plain : .tls, address("0.0.0.0", 443), count: 1)]
            #expect(throws: ListenerMatching.Mismatch.self) {
                try match(offered, [.init(address("0.0.0.0", 443), isSecure: isSecure)])
            }
        }
    }

    @Test func `a service manager's socket that nobody serves is a mistake, since clients would wait there for ever`() {
        let offered = [OfferedListener(.unspecified, address("0.0.0.0", 8081), count: 1)]
        #expect(throws: ListenerMatching.Mismatch.self) {
            try match(offered, [.init(address("0.0.0.0", 8080), isSecure: false)], strict: true)
        }
    }

    @Test func `an admin socket never serves clients, and a client's never the admin endpoints`() throws {
        let offered = [OfferedListener(.admin, address("127.0.0.1", 9900), count: 1), OfferedListener(.plain, address("127.0.0.1", 80), count: 1)]
        let matching = try match(offered, [.init(address("127.0.0.1", 9900), isSecure: false)], admin: address("127.0.0.1", 80))
        #expect(matching.listeners == [nil] && matching.admin == nil && matching.unused == [0, 1])
    }
}
