import Testing
import Wire

@Suite struct SocketAddressNetworksTests {
    @Test(arguments: [
        "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.7.7", "100.64.0.1", "100.127.255.255", "169.254.1.1", "fc00::1",
        "fdff::1",
        "fe80::1", "febf::1",
    ])
    func `addresses of private networks are known`(_ text: String) throws {
        #expect(try #require(SocketAddress(host: text)).isPrivate)
    }

    @Test(arguments: [
        "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "100.63.255.255",
        "100.128.0.0",
        "169.253.1.1", "203.0.113.7", "2001:db8::1", "fbff::1", "fec0::1", "fe00::1",
    ])
    func `their neighbours are not`(_ text: String) throws {
        #expect(try !#require(SocketAddress(host: text)).isPrivate)
    }

    @Test func `a network is what one party may have all of`() throws {
        let v4 = try #require(SocketAddress(host: "203.0.113.7"))
        #expect(v4.network.host == "203.0.113.0")
        let v6 = try #require(SocketAddress(host: "2001:db8:1:2:3:4:5:6"))
        #expect(v6.network.host == "2001:db8:1:2::")
    }
}
