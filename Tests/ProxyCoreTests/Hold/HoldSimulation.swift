import Diagnosis
import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import ProxyCore

/// A client, Gatehouse and backends that die, joined by queues with a delay, under a clock that jumps. No sockets, no waiting: a run of half a
/// minute takes a few milliseconds, and its seed repeats it.
private struct HoldWorld {
    /// What one backend connection read, in order.
    struct Life {
        var messages: [Int] = []
        var reader = FrameReader(.clientToServer)
        var closed = false
    }

    struct Packet {
        var at: Timestamp
        var bytes: [UInt8]
        var connection: Int
    }

    var random: SplitMix64
    var now = Timestamp(nanoseconds: 5_000_000_000)
    var relay: HoldRelay
    var tunnel = Tunnel(limits: Tunnel.Limits(idle: .seconds(3600), write: .seconds(60), closing: .seconds(5)))
    var lives: [Life] = [Life()]
    var isUp = true
    var upstream: [Packet] = []
    var downstream: [Packet] = []
    var clientReader = FrameReader(.serverToClient)
    var clientGot: [(life: Int, number: Int)] = []
    var echoed = 0
    var sent = 0
    /// How long each message of the client's is behind its number.
    var fillings: [Int: Int] = [:]
    /// Backends that answer the last of the pings that come together.
    let answersLastPing: Bool
    /// The present backend has answered a close frame, and what it had said before, which is to arrive.
    var hasAnsweredClose = false
    var owed: [Int] = []
    var isPaused = false
    var isOver = false
    var connectAt = Timestamp.never
    var partial: [UInt8] = []
    var faults: [String] = []
    var most = 0

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        var policy = HoldPolicy()
        policy.attempts = 3 + Int(random.below(20))
        policy.queue = 1024 << Int(random.below(8))
        policy.unconfirmed = random.below(3) == 0 ? .resend : .drop
        policy.backoff = .milliseconds(20 + random.below(200))
        policy.deadline = .seconds(1 + random.below(30))
        answersLastPing = random.below(3) == 0
        relay = HoldRelay(policy, nonce: random.next(), now: now)
    }

    var life: Int { lives.count - 1 }

    /// Carries out what the relay wants.
    mutating func perform(_ out: HoldOutput) throws {
        if out.pausesClient { isPaused = true }
        if out.resumesClient { isPaused = false }
        if !out.toBackend.isEmpty { send(\.upstream, out.toBackend) }
        for message in try clientReader.read(out.toClient) where message.opcode == .text {
            guard let space = message.payload.firstIndex(of: 0x20),
                let number = Int(String(decoding: message.payload[..<space], as: UTF8.self))
            else {
                faults.append("the client got a piece: \(message.text.prefix(40))")
                continue
            }
            clientGot.append((life, number))
        }
        if let lost = out.lost {
            // Whoever is left and answers has been heard to the end, unless its answer comes too late.
            if lost.loss.kind == .drain, hasAnsweredClose, downstream.isEmpty {
                let got = Set(clientGot.map(\.number))
                if !owed.allSatisfy(got.contains) { faults.append("said before its answer, and never heard: \(owed)") }
            }
            hasAnsweredClose = false
            owed = []
            // What is still under way to a dead backend, or from it, is lost.
            upstream = []
            downstream = []
            isUp = false
            _ = tunnel.replaced(.upstream)
        }
        if out.connects { connectAt = now + .milliseconds(random.below(30)) }
        if let end = out.gaveUp {
            let actions = tunnel.died(.upstream, Tunnel.Closing(code: end.closeCode, why: .backendLost), now: now)
            if !actions.contains(.sendCloseDownstream) { faults.append("no close frame for the client: \(end)") }
            if !relay.isAtBoundary(towards: .downstream) { faults.append("the close frame has no place") }
            isOver = true
        }
        most = max(most, relay.waitingBytes)
    }

    mutating func send(_ way: WritableKeyPath<HoldWorld, [Packet]>, _ bytes: [UInt8]) {
        // Cut at random: no chunk boundary may matter.
        var rest = bytes[...]
        var at = max(now, self[keyPath: way].last?.at ?? now) + .milliseconds(random.below(15))
        while !rest.isEmpty {
            let count = min(rest.count, 1 + Int(random.below(600)))
            self[keyPath: way].append(Packet(at: at, bytes: Array(rest.prefix(count)), connection: life))
            rest = rest.dropFirst(count)
            if random.below(4) == 0 { at = at + .milliseconds(random.below(5)) }
        }
    }

    /// One thing happens.
    mutating func step() throws {
        now = now + .milliseconds(random.below(12))
        var out = HoldOutput()
        if relay.deadline <= now {
            relay.deadlinePassed(now: now, &out)
            try perform(out)
            out.clear()
        }
        if connectAt <= now, !isOver {
            connectAt = .never
            if random.below(3) == 0 {
                relay.attemptFailed(now: now, &out)
            } else {
                lives.append(Life())
                isUp = true
                _ = relay.resumed(now: now, &out)
            }
            try perform(out)
            out.clear()
        }
        try deliver()
        guard !isOver else { return }
        switch random.below(100) {
        case 0..<40 where !isPaused: clientSends(&out)
        case 40..<43 where isUp: relay.backendLost(HoldLoss(random.below(2) == 0 ? .reset : .finished), now: now, &out)
        case 43 where isUp: relay.leave(now: now, &out)
        case 44 where isUp: send(\.downstream, HoldFrames.close([1001, 1012, 1013][Int(random.below(3))], masked: false))
        case 45 where partial.isEmpty: relay.fromClient(HoldFrames.client(.ping, "p".utf8), now, &out)
        case 46..<60 where isUp && !hasAnsweredClose: backendSends()
        default: break
        }
        try perform(out)
    }

    /// A numbered message in one to four fragments with pings between them, of which a part may come now and the rest later.
    mutating func clientSends(_ out: inout HoldOutput) {
        if partial.isEmpty {
            sent += 1
            let filling = Int(random.below(random.below(20) == 0 ? 3000 : 200))
            fillings[sent] = filling
            partial = HoldWorld.message(sent, filling: filling, isClient: true, &random)
        }
        let count = random.below(4) == 0 ? Int(random.below(UInt64(partial.count))) + 1 : partial.count
        let piece = Array(partial[..<count])
        partial.removeFirst(count)
        relay.fromClient(piece, now, &out)
    }

    mutating func backendSends() {
        echoed += 1
        owed.append(echoed)
        send(\.downstream, HoldWorld.message(echoed, filling: Int(random.below(300)), isClient: false, &random))
    }

    static func payload(_ number: Int, _ filling: Int) -> [UInt8] {
        Array("\(number) ".utf8) + [UInt8](repeating: 0x2E, count: filling)
    }

    static func message(_ number: Int, filling: Int, isClient: Bool, _ random: inout SplitMix64) -> [UInt8] {
        let payload = HoldWorld.payload(number, filling)
        func frame(_ opcode: Opcode, _ bytes: ArraySlice<UInt8>, _ isFinal: Bool) -> [UInt8] {
            isClient ? HoldFrames.client(opcode, bytes, isFinal: isFinal) : HoldFrames.server(opcode, bytes, isFinal: isFinal)
        }
        var cuts = random.below(3) == 0 ? (0...random.below(3)).map { _ in Int(random.below(UInt64(payload.count))) }.sorted() : []
        cuts.append(payload.count)
        var bytes: [UInt8] = []
        var start = 0
        for (place, end) in cuts.enumerated() {
            bytes += frame(place == 0 ? .text : .continuation, payload[start..<end], place == cuts.count - 1)
            if place < cuts.count - 1, random.below(2) == 0 { bytes += frame(.ping, Array("between \(number)".utf8)[...], true) }
            start = end
        }
        return bytes
    }

    /// Pongs to what the backend was asked; nothing follows its close frame.
    mutating func answer(_ pings: inout [[UInt8]]) {
        let asked = answersLastPing ? pings.suffix(1) : pings[...]
        pings = []
        guard isUp, !hasAnsweredClose else { return }
        for ping in asked { send(\.downstream, HoldFrames.server(.pong, ping)) }
    }

    /// Packets whose time has come.
    mutating func deliver() throws {
        var pings: [[UInt8]] = []
        while let packet = upstream.first, packet.at <= now {
            upstream.removeFirst()
            for message in try lives[packet.connection].reader.read(packet.bytes) {
                if lives[packet.connection].closed { faults.append("\(message.opcode) behind the close frame") }
                switch message.opcode {
                case .text:
                    let number = Int(message.text.prefix { $0 != " " }) ?? -1
                    let isWhole = message.payload == HoldWorld.payload(number, fillings[number] ?? 0)
                    lives[packet.connection].messages.append(isWhole ? number : -1)
                case .ping: pings.append(message.payload)
                case .close:
                    answer(&pings)
                    lives[packet.connection].closed = true
                    // A server that ends the session ends it behind what it is sending, or says nothing at all.
                    if isUp, packet.connection == life, !hasAnsweredClose, random.below(4) != 0 {
                        for _ in 0..<random.below(3) { backendSends() }
                        hasAnsweredClose = true
                        send(\.downstream, HoldFrames.close(1001, masked: false))
                    }
                default: break
                }
            }
        }
        answer(&pings)
        while isUp, !isOver, let packet = downstream.first, packet.at <= now {
            downstream.removeFirst()
            var out = HoldOutput()
            relay.fromBackend(packet.bytes, now, &out)
            try perform(out)
        }
    }
}

@Suite struct HoldSimulation {
    @Test(arguments: 0..<20)
    func `what is called delivered arrived once and in order, and nothing is missing that isn't named`(block: Int) throws {
        for seed in UInt64(block) * 100..<UInt64(block) * 100 + 100 {
            var world = HoldWorld(seed: seed)
            for _ in 0..<400 where !world.isOver { try world.step() }
            check(&world, seed)
        }
    }

    private func check(_ world: inout HoldWorld, _ seed: UInt64) {
        let policy = world.relay.policy
        let facts = world.relay.finish(clientLeft: true)
        #expect(world.faults.isEmpty, "seed \(seed): \(world.faults)")
        // A message that is under way counts once it is complete.
        let complete = UInt64(world.sent) - (world.partial.isEmpty ? 0 : 1)
        #expect(
            facts.received == complete || facts.end == "cut_message",
            "seed \(seed): \(facts.received) of \(complete), end \(facts.end ?? "none")")
        let delivered = Set(facts.delivered.ranges.flatMap { $0 })
        let unconfirmed = Set(facts.unconfirmed.ranges.flatMap { $0 })
        let dropped = Set(facts.dropped.flatMap { $0.ordinals.ranges.flatMap { $0 } })
        if !facts.delivered.isTruncated, !facts.unconfirmed.isTruncated {
            #expect(
                delivered.count + unconfirmed.count + dropped.count == Int(facts.received)
                    && delivered.union(unconfirmed).union(dropped).count == Int(facts.received), "seed \(seed): each has one end")
        }
        var arrivals: [UInt64: Int] = [:]
        for life in world.lives {
            #expect(!life.messages.contains(-1), "seed \(seed): a piece arrived")
            #expect(life.messages == life.messages.sorted(), "seed \(seed): out of order on one connection")
            #expect(Set(life.messages).count == life.messages.count, "seed \(seed): twice on one connection")
            for number in life.messages { arrivals[UInt64(number), default: 0] += 1 }
        }
        if policy.unconfirmed == .drop {
            let all = world.lives.flatMap(\.messages)
            #expect(all == all.sorted() && Set(all).count == all.count, "seed \(seed): twice or out of order over connections")
        }
        for number in delivered {
            let times = arrivals[number] ?? 0
            #expect(policy.unconfirmed == .drop ? times == 1 : times >= 1, "seed \(seed): message \(number) arrived \(times) times")
        }
        for number in dropped { #expect(arrivals[number] == nil, "seed \(seed): message \(number) is called dropped and arrived") }
        for number in arrivals.keys {
            #expect(delivered.contains(number) || unconfirmed.contains(number), "seed \(seed): \(number) arrived and isn't named")
        }
        #expect(world.clientGot.count == Int(facts.fromBackend), "seed \(seed)")
        let numbers = world.clientGot.map(\.number)
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count, "seed \(seed): from the backend")
        // The queue, one message above it, and what had been received already.
        #expect(world.most <= 2 * policy.queue + 8192, "seed \(seed): \(world.most) bytes waited")
    }
}
