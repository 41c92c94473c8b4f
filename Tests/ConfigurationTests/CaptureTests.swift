import Configuration
import Diagnosis
import ProxyCore
import Testing
import Wire

struct CaptureTests {
    @Test func `nothing is captured unless it is asked for`() throws {
        let snapshot = try decode("upstream: http://a")
        #expect(snapshot.capture == CaptureSettings())
        #expect(snapshot.capture.policy.mode == .off && snapshot.routes.routes[0].capture.mode == .off)
    }

    @Test func `all keys are taken`() throws {
        let capture = try decode(
            """
            upstream: http://a
            capture:
              directory: /tmp/captures
              mode: black-box
              rotate: {size: 1MiB, time: 5m}
              total: 10MiB
              payload: mask
              mask: [$.token, "$..pin", "$.items[*].text", "$.list[2]"]
              redact: false
              ring: 16KiB
              sample: 0.25
              select: {clients: [203.0.113.0/24], users: [alice], causes: [origin-not-allowed]}
            """
        ).capture
        #expect(capture.directory == "/tmp/captures" && capture.total == 10 << 20)
        #expect(capture.rotateSize == 1 << 20 && capture.rotateTime == .seconds(300))
        let policy = capture.policy
        #expect(policy.mode == .blackBox && !policy.redacts && policy.ring == 16 << 10 && policy.sample == 250_000)
        #expect(policy.payload.kind == .mask && policy.payload.paths.map(\.description).count == 4)
        #expect(policy.payload.paths[2].steps == [.key(Array("items".utf8)), .all, .key(Array("text".utf8))])
        #expect(policy.users == [Array("alice".utf8)] && policy.causes == [.originNotAllowed])
        let client = SocketAddress(v4: 0xCB00_7107, port: 1)
        #expect(policy.covers(client, forwarded: client, chance: 249_999))
        #expect(!policy.covers(client, forwarded: client, chance: 250_000))
        let other = SocketAddress(v4: 0x0A00_0001, port: 1)
        #expect(!policy.covers(other, forwarded: other, chance: 0) && policy.covers(other, forwarded: client, chance: 0))
        #expect(policy.covers(user: Array("alice".utf8)) && !policy.covers(user: nil))
        #expect(policy.covers(.originNotAllowed) && !policy.covers(.handlerCrashed) && !policy.covers(nil))
    }

    @Test func `a route says what differs, key by key`() throws {
        let routes = try decode(
            """
            capture: {directory: /tmp/captures, mode: always, payload: cut, payload_limit: 16, sample: 0.5}
            routes:
              - {match: {path: /a}, upstream: http://a, capture: {mode: off}}
              - {match: {path: /b}, upstream: http://a, capture: {payload: keep}}
              - {match: {path: /c}, upstream: http://a}
            """
        ).routes.routes
        #expect(routes.map(\.capture.mode) == [.off, .always, .always])
        #expect(routes.map(\.capture.payload.kind) == [.cut, .keep, .cut])
        #expect(routes.map(\.capture.sample) == [500_000, 500_000, 500_000])
    }

    @Test(arguments: [
        ("capture: {mode: always}", "capture.mode"), ("capture: {mode: sometimes}", "capture.mode"),
        ("capture: {directory: /tmp/a, sample: 2}", "capture.sample"),
        ("capture: {directory: /tmp/a, sample: .5}", "capture.sample"),
        ("capture: {directory: /tmp/a, sample: 1.5}", "capture.sample"),
        ("capture: {directory: /tmp/a, mode: always, payload: mask, mask: [token]}", "capture.mask[0]"),
        ("capture: {directory: /tmp/a, mask: [$.token]}", "capture.mask"),
        ("capture: {directory: /tmp/a, payload_limit: 5}", "capture.payload_limit"),
        ("capture: {directory: /tmp/a, mode: always, select: {causes: [origin-not-allowed]}}", "capture.select.causes"),
        ("capture: {directory: /tmp/a, mode: black-box, select: {causes: [bad-luck]}}", "capture.select.causes[0]"),
        ("capture: {directory: /tmp/a, rotate: {size: 1MiB}, total: 512KiB}", "capture.total"),
        ("capture: {directory: /tmp/a, ring: 100}", "capture.ring"),
    ])
    func `what can't be meant is told with its key`(_ line: String, _ key: String) throws {
        #expect(try problem("upstream: http://a\n\(line)\n").key == key)
    }

    @Test func `a route can't capture where there is no directory`() throws {
        let found = try problem("routes: [{upstream: http://a, capture: {mode: black-box}}]")
        #expect(found.key == "routes[0].capture.mode" && found.remedy == "add directory: captures")
    }
}
