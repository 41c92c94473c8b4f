import ProxyCore
import Testing
import Wire

@Suite struct TunnelExpiryTests {
    private func at(_ seconds: UInt64) -> Timestamp { .zero + .seconds(10_000 + seconds) }

    private func tunnel(expiring end: UInt64, warning: UInt64) -> Tunnel {
        var tunnel = Tunnel(limits: Tunnel.Limits(idle: .seconds(1000), write: .seconds(10), closing: .seconds(5)))
        tunnel.expire(at: at(end), code: 4401, warning: .seconds(warning))
        return tunnel
    }

    @Test func `a warning comes once, ahead of the end, and ends nothing`() {
        var tunnel = tunnel(expiring: 100, warning: 60)
        #expect(tunnel.deadline(lastActivity: at(0)) == at(40))
        #expect(tunnel.takeExpiryWarning(now: at(39)) == nil)
        // A timer that fires before anybody took the warning ends nothing either.
        #expect(tunnel.deadlinePassed(now: at(40), lastActivity: at(0)) == ([], nil))
        #expect(tunnel.takeExpiryWarning(now: at(40)) == at(100))
        #expect(tunnel.takeExpiryWarning(now: at(41)) == nil)
        #expect(tunnel.deadline(lastActivity: at(0)) == at(100))
        let (actions, timeout) = tunnel.deadlinePassed(now: at(100), lastActivity: at(99))
        #expect(actions == [.sendCloseDownstream, .sendCloseUpstream] && timeout == nil)
        #expect(tunnel.closing == Tunnel.Closing(code: 4401, why: .credentialExpired))
    }

    @Test func `who comes with less than that is warned at once, who wants none never`() {
        var short = tunnel(expiring: 10, warning: 60)
        #expect(short.deadline(lastActivity: at(0)) <= at(0) && short.takeExpiryWarning(now: at(0)) == at(10))
        var silent = tunnel(expiring: 10, warning: 0)
        #expect(silent.takeExpiryWarning(now: at(9)) == nil && silent.deadline(lastActivity: at(0)) == at(10))
    }

    @Test func `a session that is closing is not warned of`() {
        var tunnel = tunnel(expiring: 100, warning: 60)
        _ = tunnel.close(Tunnel.Closing(code: 1001, why: .drain), now: at(1))
        #expect(tunnel.takeExpiryWarning(now: at(50)) == nil)
        #expect(tunnel.deadline(lastActivity: at(1)) == at(6))
    }

    @Test func `a clock that leaps ahead ends a session and no more; no time ends one that has none`() {
        var tunnel = tunnel(expiring: 100, warning: 60)
        #expect(tunnel.takeExpiryWarning(now: at(1_000_000)) == at(100))
        #expect(tunnel.deadlinePassed(now: at(1_000_000), lastActivity: at(1_000_000)).0.sendsClose)
        var endless = Tunnel(limits: Tunnel.Limits(idle: .seconds(1000), write: .seconds(10), closing: .seconds(5)))
        endless.expire(at: .never, code: 4401, warning: .seconds(60))
        #expect(endless.takeExpiryWarning(now: at(1_000_000)) == nil)
    }
}
