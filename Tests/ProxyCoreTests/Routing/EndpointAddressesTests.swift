import ProxyCore
import Testing
import Wire

struct EndpointAddressesTests {
    private func at(_ seconds: UInt64) -> Timestamp { Timestamp(nanoseconds: (100 + seconds) * 1_000_000_000) }

    private func list(_ hosts: String...) throws -> [SocketAddress] {
        try hosts.map { try #require(SocketAddress(host: $0, port: 80)) }
    }

    /// The order in which the next request tries them.
    private func order(_ addresses: inout EndpointAddresses, _ now: Timestamp) -> [String] {
        let first = addresses.begin(now: now)
        return (0..<10).compactMap { addresses.address(attempt: $0, from: first)?.host }
    }

    @Test func `requests take turns, and each tries all`() throws {
        var addresses = EndpointAddresses(try list("10.0.0.1", "10.0.0.2", "10.0.0.3"))
        let orders = (0..<6).map { _ in order(&addresses, at(0)) }
        #expect(Set(orders.map(\.first)).count == 3 && orders[0] == orders[3] && orders[1] == orders[4])
        #expect(orders.allSatisfy { $0.count == 3 && Set($0).count == 3 })
    }

    @Test func `the family that the resolver puts first takes turns, the other comes after it`() throws {
        var addresses = EndpointAddresses(try list("fd00::1", "fd00::2", "10.0.0.1", "10.0.0.2"))
        for _ in 0..<4 { #expect(order(&addresses, at(0)).suffix(2) == ["10.0.0.1", "10.0.0.2"]) }
        var localhost = EndpointAddresses(try list("::1", "127.0.0.1"))
        for _ in 0..<3 { #expect(order(&localhost, at(0)) == ["::1", "127.0.0.1"]) }
    }

    @Test func `nobody begins with an address that took no connection, for a while, unless there is no other`() throws {
        let all = try list("10.0.0.1", "10.0.0.2")
        var addresses = EndpointAddresses(all)
        addresses.failed(all[0], now: at(0))
        for _ in 0..<4 { #expect(order(&addresses, at(1)) == ["10.0.0.2", "10.0.0.1"]) }
        #expect(Set((0..<2).map { _ in order(&addresses, at(10))[0] }).count == 2, "its turn comes again")
        addresses.failed(all[0], now: at(20))
        addresses.failed(all[1], now: at(20))
        #expect(order(&addresses, at(21)).count == 2)
    }

    @Test func `another answer replaces the addresses, and the same ones in another order change nothing`() throws {
        let all = try list("10.0.0.1", "10.0.0.2")
        var addresses = EndpointAddresses(all)
        addresses.failed(all[1], now: at(0))
        #expect(addresses.replace(by: all.reversed()) == [] && addresses.all == all)
        let other = try list("10.0.0.3", "10.0.0.2", "10.0.0.3")
        #expect(addresses.replace(by: other) == [all[0]])
        #expect(addresses.all == Array(other.prefix(2)), "each once")
        #expect(order(&addresses, at(1))[0] == "10.0.0.3", "what was suspect is suspect still")
        #expect(addresses.address(attempt: 5, from: 9) == nil && addresses.address(attempt: 1, from: 9) != nil)
    }

    @Test func `without addresses there is none to try`() {
        var addresses = EndpointAddresses()
        #expect(addresses.isEmpty && addresses.begin(now: at(0)) == 0 && addresses.address(attempt: 0, from: 0) == nil)
    }

    @Test(arguments: [1, 2, 3, 64])
    func `of a deadline no address takes all but the last, and the last has time enough`(count: Int) {
        var left = TimeSpan.seconds(5)
        for attempt in 0..<count {
            let share = EndpointAddresses.share(of: left, attempt: attempt, of: count)
            if attempt == count - 1 {
                #expect(share == left)
            } else {
                #expect(share.nanoseconds >= left.nanoseconds / 5 && share.nanoseconds <= left.nanoseconds / 3)
                // Nobody answers: the whole share is spent.
                left = TimeSpan(nanoseconds: left.nanoseconds - share.nanoseconds)
            }
        }
        if count < 4 { #expect(left >= .seconds(2), "most of the time is left for the one that lives") }
        #expect(EndpointAddresses.share(of: left, attempt: -1, of: count) == left)
    }
}
