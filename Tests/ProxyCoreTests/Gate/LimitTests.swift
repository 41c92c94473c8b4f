import JSONWire
import ProxyCore
import TestSupport
import Testing
import Wire

@Suite struct LimitTests {
    private func at(_ milliseconds: UInt64) -> Timestamp { .zero + .seconds(1000) + .milliseconds(milliseconds) }

    @Test func `a bucket gives its burst at once and then its rate`() {
        var bucket = TokenBucket(perSecond: 10, burst: 3)
        for _ in 0..<3 { #expect(bucket.take(at: at(0)) == nil) }
        #expect(bucket.take(at: at(0)) == .milliseconds(100))
        #expect(bucket.take(at: at(99)) == .milliseconds(1))
        #expect(bucket.take(at: at(100)) == nil)
        #expect(bucket.take(at: at(100)) != nil)
        for _ in 0..<3 { #expect(bucket.take(at: at(1000)) == nil) }
        #expect(bucket.take(at: at(1000)) != nil)
    }

    @Test func `a clock that is set back costs the burst and no more`() {
        var bucket = TokenBucket(perSecond: 10, burst: 2)
        #expect(bucket.take(at: at(1_000_000)) == nil)
        #expect(bucket.take(at: at(0)) != nil)
        #expect(bucket.take(at: at(100)) == nil)
    }

    @Test func `each key counts its own sessions, and an admission counts under all or none`() {
        var counts = SessionCounts()
        let a = SessionKey(address: SocketAddress(v4: 1, port: 1))
        let b = SessionKey(address: SocketAddress(v4: 2, port: 1))
        let user = SessionKey.user(route: "r", name: bytes("ann"))
        #expect(counts.admit([(a, 2), (user, 1)]) == nil)
        #expect(counts.admit([(a, 2), (user, 1)]) == user)
        #expect(counts.admit([(a, 2)]) == nil)
        #expect(counts.admit([(a, 2)]) == a)
        #expect(counts.admit([(b, 2)]) == nil)
        counts.release([a, user])
        #expect(counts.admit([(a, 2), (user, 1)]) == nil)
    }

    @Test func `ten thousand users leave nothing behind`() {
        var counts = SessionCounts()
        for number in 0..<10_000 {
            let key = SessionKey.user(route: "r", name: bytes("user\(number)"))
            #expect(counts.admit([(key, 1)]) == nil)
            counts.release([key])
        }
        #expect(counts.count == 0)
    }

    @Test func `keys are fetched at first, from time to time, and seldom when strangers ask`() {
        var policy = RefetchPolicy()
        #expect(policy.isDue(wanted: false, now: at(0)))
        policy.ended(succeeded: true, now: at(0))
        #expect(!policy.isDue(wanted: true, now: at(9_999)) && policy.isDue(wanted: true, now: at(10_000)))
        #expect(!policy.isDue(wanted: false, now: at(599_999)) && policy.isDue(wanted: false, now: at(600_000)))
    }

    @Test func `after failures a fetch waits for longer, up to a minute`() {
        var policy = RefetchPolicy()
        for wait in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000] as [UInt64] {
            policy.ended(succeeded: false, now: at(0))
            #expect(!policy.isDue(wanted: true, now: at(wait - 1)) && policy.isDue(wanted: false, now: at(wait)))
        }
        for _ in 0..<100 { policy.ended(succeeded: false, now: at(0)) }
        #expect(policy.isDue(wanted: false, now: at(60_000)))
        policy.ended(succeeded: true, now: at(0))
        #expect(!policy.isDue(wanted: false, now: at(60_000)))
    }

    @Test func `a clock that leaps ahead fetches keys once, fills a bucket and forgets answers`() {
        var policy = RefetchPolicy()
        policy.ended(succeeded: false, now: at(0))
        #expect(policy.isDue(wanted: false, now: at(1 << 40)))
        policy.ended(succeeded: true, now: at(1 << 40))
        #expect(!policy.isDue(wanted: true, now: at(1 << 40)))
        #expect(!policy.isDue(wanted: true, now: at(0)), "and one that is set back asks for nothing")
        var bucket = TokenBucket(perSecond: 10, burst: 2)
        for _ in 0..<2 { #expect(bucket.take(at: at(1 << 40)) == nil) }
        #expect(bucket.take(at: at(1 << 40)) != nil)
    }

    @Test func `a clock that leaps lets no token in that has ended, or has not begun`() throws {
        let rule = TokenRule()
        let claims = try #require(try? JSONReader.read(bytes(#"{"exp":2000,"nbf":1000}"#)))
        #expect(throws: TokenRule.Fault.expired) { try rule.check(claims, now: .zero + .seconds(1 << 33)) }
        #expect(throws: TokenRule.Fault.notYet) { try rule.check(claims, now: .zero) }
        #expect(throws: TokenRule.Fault.expired) { try rule.check(claims, now: .never) }
        #expect(try rule.check(claims, now: .zero + .seconds(1500)) == .zero + .seconds(2000))
    }

    @Test func `one IPv6 client is a network of 64 bits, and ports don't matter`() {
        let first = SessionKey(address: SocketAddress(high: 0x2001_0DB8_0000_0001, low: 1, port: 1))
        #expect(first == SessionKey(address: SocketAddress(high: 0x2001_0DB8_0000_0001, low: 99, port: 2)))
        #expect(first != SessionKey(address: SocketAddress(high: 0x2001_0DB8_0000_0002, low: 1, port: 1)))
        #expect(SessionKey(address: SocketAddress(v4: 7, port: 1)) == SessionKey(address: SocketAddress(v4: 7, port: 2)))
    }
}
