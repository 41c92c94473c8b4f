public import WebSocketWire
public import Wire

/// Reads a session along from the 101 to its end, and says at the end what happened and why.
///
/// One value per session, confined to its loop. It counts frames (`FrameTally`), remembers when each direction last spoke, and in which
/// order the sides ended; everything else is worked out in `report`, once. Feeders (the live relay, a recording, a capture) hand it the
/// same calls and get the same record, wherever the bytes were cut.
public struct SessionAnalyzer: Sendable {
    @usableFromInline var clientFrames: FrameTally
    @usableFromInline var serverFrames: FrameTally
    @usableFromInline var clientClock: DirectionClock
    @usableFromInline var serverClock: DirectionClock
    /// When the first side ended. What came later is not life; what came at the same instant may stand in the same buffer, and where
    /// buffers are cut must not matter.
    @usableFromInline var firstEndAt = Timestamp.never
    /// The first bytes of what broke the rules, and whether more of them are wanted: a buffer may end in the middle.
    private var faultExcerpts: (client: [UInt8], server: [UInt8]) = ([], [])
    @usableFromInline var wantsExcerpt: (client: Bool, server: Bool) = (false, false)
    /// The handshake's time; ages count from here.
    public let openedAt: Timestamp
    public private(set) var traits: SessionTraits
    /// Who answered the handshake.
    public private(set) var stack: Stack?
    /// An intermediary or edge that the handshake showed on the path.
    public private(set) var hop: Stack?
    /// What is relayed isn't WebSocket: bytes and ends are counted, frames are not, and no end is judged.
    public private(set) var isOpaque = false
    private var events = SessionEvents()
    private var downstreamEnd: TransportEnd?
    private var upstreamEnd: TransportEnd?
    /// Close codes of ours, by the side to which they were sent.
    private var ourCodes: (downstream: UInt16, upstream: UInt16) = (0, 0)
    private var fidelity = Fidelity.full
    /// A fault that only enforcement sees, because it reads payloads: at most one, and boxed, since hardly any session has it.
    private var enforced: [(side: Side, fault: LocatedFault)] = []

    public init(openedAt: Timestamp, traits: SessionTraits, stack: Stack? = nil, hop: Stack? = nil) {
        self.openedAt = openedAt
        self.traits = traits
        self.stack = stack
        self.hop = hop
        clientFrames = FrameTally(direction: .clientToServer, allowedReservedBits: traits.allowedReservedBits)
        serverFrames = FrameTally(direction: .serverToClient, allowedReservedBits: traits.allowedReservedBits)
        clientClock = DirectionClock(start: openedAt)
        serverClock = DirectionClock(start: openedAt)
    }

    /// - Parameter compression: whether permessage-deflate was agreed, so that RSV1 may be set.
    public init(openedAt: Timestamp, compression: Bool, stack: Stack? = nil) {
        self.init(openedAt: openedAt, traits: compression ? [.compression, .offeredCompression] : [], stack: stack)
    }

    /// A tunnel of another protocol: nothing in it is read.
    public init(opaqueSince openedAt: Timestamp) {
        self.init(openedAt: openedAt, traits: [])
        isOpaque = true
        // Parsers that have lost their place stay silent.
        clientFrames.missed(1)
        serverFrames.missed(1)
    }

    /// Bytes that one side sent, in order; called once per received buffer.
    @inlinable public mutating func relayed(_ direction: Direction, _ bytes: RawSpan, at now: Timestamp) -> FrameNotices {
        if direction == .clientToServer {
            if wantsExcerpt.client { extendExcerpt(direction, bytes) }
            let notices = clientFrames.observe(bytes)
            clientClock.spoke(UInt64(bytes.byteCount), notices, clientFrames.largestMessage, now, until: firstEndAt)
            if !notices.isDisjoint(with: .closeOrFault) { remarkable(direction, notices, now) }
            return notices
        }
        if wantsExcerpt.server { extendExcerpt(direction, bytes) }
        let notices = serverFrames.observe(bytes)
        serverClock.spoke(UInt64(bytes.byteCount), notices, serverFrames.largestMessage, now, until: firstEndAt)
        if !notices.isDisjoint(with: .closeOrFault) { remarkable(direction, notices, now) }
        return notices
    }

    /// A sign of life that is not passed on: the answer to a ping of Gatehouse's.
    public mutating func heard(_ side: Side, at now: Timestamp) {
        if side == .downstream {
            clientClock.spoke(0, .none, clientFrames.largestMessage, now, until: firstEndAt)
        } else {
            serverClock.spoke(0, .none, serverFrames.largestMessage, now, until: firstEndAt)
        }
    }

    /// When `side` last gave a sign of life; the handshake counts as the first.
    @inlinable public func lastHeard(_ side: Side) -> Timestamp {
        side == .downstream ? clientClock.lastSpoke : serverClock.lastSpoke
    }

    /// Looks at the analyser where it stands: `analyzer?.look { $0.lastHeard(.upstream) }`.
    ///
    /// Without this, what is asked of an optional analyser is asked of a copy, three hundred bytes with references to count. Mutating for
    /// that reason alone.
    @inlinable @inline(__always) public mutating func look<Answer>(_ at: (inout SessionAnalyzer) -> Answer) -> Answer { at(&self) }

    /// Bytes of this direction that a capture did not keep: from here on nothing is blamed for them.
    public mutating func missed(_ direction: Direction, _ count: UInt64) {
        if direction == .clientToServer { clientFrames.missed(count) } else { serverFrames.missed(count) }
        fidelity = min(fidelity, .lossy)
    }

    /// A side's transport ended.
    public mutating func ended(_ side: Side, _ end: TransportEnd, at now: Timestamp) {
        switch end {
        case .finished: events.append(.fin, side)
        case .reset: events.append(.reset, side)
        case .timedOut: events.append(.timeout, side)
        case .local: events.append(.local, side)
        }
        if side == .downstream { downstreamEnd = downstreamEnd ?? end } else { upstreamEnd = upstreamEnd ?? end }
        stop(now)
    }

    /// A side broke a rule that only who reads payloads sees; the first such fault counts.
    public mutating func enforced(_ side: Side, _ fault: LocatedFault) {
        if enforced.isEmpty { enforced.append((side, fault)) }
    }

    /// Gatehouse ended a side, with a close frame of its own if `closeCode` says so.
    public mutating func local(_ side: Side, _ end: LocalEnd, closeCode: UInt16?, at now: Timestamp) {
        if side == .downstream { ourCodes.downstream = closeCode ?? 0 } else { ourCodes.upstream = closeCode ?? 0 }
        ended(side, .local(end), at: now)
    }

    /// Whether a frame of ours may be put behind the bytes that went to `side` so far.
    @inlinable public func isAtFrameBoundary(towards side: Side) -> Bool {
        side == .upstream ? clientFrames.isAtFrameBoundary : serverFrames.isAtFrameBoundary
    }

    /// Whether a close frame came from either side.
    @inlinable public var hasClose: Bool { clientFrames.hasClose || serverFrames.hasClose }

    /// Whether nobody can tell where the frames end that go to `side`.
    @inlinable public func isDesynchronised(towards side: Side) -> Bool {
        side == .upstream ? clientFrames.isDesynchronised : serverFrames.isDesynchronised
    }

    /// The frames that `side` sent.
    @inlinable public func frames(from side: Side) -> FrameTally { side == .downstream ? clientFrames : serverFrames }

    /// Bytes that `side` sent after the handshake.
    public func bytes(from side: Side) -> UInt64 { side == .downstream ? clientClock.bytes : serverClock.bytes }

    /// The last time at which anything was relayed.
    @inlinable public var lastActivity: Timestamp { max(clientClock.lastSpoke, serverClock.lastSpoke) }

    /// What happened, and why it ended, as far as that shows.
    public func report(at now: Timestamp) -> SessionRecord {
        var record = SessionRecord(
            openedAt: openedAt, duration: now - openedAt, endedAfter: (firstEndAt == .never ? now : firstEndAt) - openedAt,
            first: firstParty, order: order,
            downstream: side(.downstream, now), upstream: side(.upstream, now),
            traits: traits, stack: stack, hop: hop, fidelity: fidelity)
        record.events = events
        if !isOpaque { record.judge(with: []) }
        return record
    }

    @usableFromInline mutating func remarkable(_ direction: Direction, _ notices: FrameNotices, _ now: Timestamp) {
        if notices.contains(.sawFault) {
            events.append(.fault, direction.source)
            let frames = frames(from: direction.source)
            if frames.isDesynchronised { keepExcerpt(direction, frames.faultExcerpt) }
        }
        if notices.contains(.sawClose) {
            events.append(.closeFrame, direction.source)
            stop(now)
        }
    }

    /// How many bytes of a fault are kept as evidence: enough for the first line of what isn't frames.
    private static let excerptLimit = 64

    private mutating func keepExcerpt(_ direction: Direction, _ bytes: [UInt8]) {
        let wants = bytes.count < SessionAnalyzer.excerptLimit
        if direction == .clientToServer {
            faultExcerpts.client = bytes
            wantsExcerpt.client = wants
        } else {
            faultExcerpts.server = bytes
            wantsExcerpt.server = wants
        }
    }

    @usableFromInline mutating func extendExcerpt(_ direction: Direction, _ bytes: RawSpan) {
        let present = direction == .clientToServer ? faultExcerpts.client : faultExcerpts.server
        keepExcerpt(direction, present + bytes.copied(0..<SessionAnalyzer.excerptLimit - present.count))
    }

    /// The first end stops the clocks: what a side says while it is being closed is no life.
    private mutating func stop(_ now: Timestamp) {
        if firstEndAt == .never { firstEndAt = now }
    }

    private var firstParty: SessionRecord.Party? {
        guard let first = events.firstEnd else { return nil }
        return first.kind == .local || first.kind == .timeout ? .gatehouse : first.side == .downstream ? .downstream : .upstream
    }

    private func side(_ side: Side, _ now: Timestamp) -> SessionRecord.SideRecord {
        let frames = frames(from: side)
        let clock = side == .downstream ? clientClock : serverClock
        let end = firstEndAt == .never ? now : firstEndAt
        let idle = end - clock.spokeBeforeEnd(end)
        let ours = side == .downstream ? ourCodes.downstream : ourCodes.upstream
        return SessionRecord.SideRecord(
            closeCode: frames.close?.code?.rawValue, closedWithoutCode: frames.close != nil && frames.close?.code == nil,
            closeReason: frames.close?.reason, sentCode: ours == 0 ? nil : ours,
            end: side == .downstream ? downstreamEnd : upstreamEnd,
            counts: frames.counts, messages: frames.messages, bytes: clock.bytes, idle: idle,
            largestSilence: max(clock.largestSilence, idle),
            sinceMessage: clock.lastMessage == .never ? nil : end - clock.lastMessage, largestMessage: frames.largestMessage,
            lastMessageWasLargest: clock.lastMessage != .never && clock.largestAt == clock.lastMessage,
            fault: frames.fault ?? enforced.first { $0.side == side }?.fault,
            faultExcerpt: side == .downstream ? faultExcerpts.client : faultExcerpts.server)
    }

    /// The ends in words. Constants, but for the code: every session has two or more.
    private var order: [String] {
        events.map { event in
            let isClient = event.side == .downstream
            switch event.kind {
            case .closeFrame:
                let name = isClient ? "downstream.close_frame" : "upstream.close_frame"
                return frames(from: event.side).close?.code.map { "\(name) \($0.rawValue)" } ?? name
            case .fin: return isClient ? "downstream.fin" : "upstream.fin"
            case .reset: return isClient ? "downstream.rst" : "upstream.rst"
            case .timeout: return isClient ? "downstream.timeout" : "upstream.timeout"
            case .local: return isClient ? "downstream.gatehouse" : "upstream.gatehouse"
            case .fault: return isClient ? "downstream.fault" : "upstream.fault"
            }
        }
    }
}

/// When one direction spoke: what silences are measured with.
public struct DirectionClock: Sendable {
    /// The last bytes; the handshake counts as the first.
    @usableFromInline var lastSpoke: Timestamp
    /// The last bytes before those, for an end that is itself a close frame.
    @usableFromInline var spokeBefore: Timestamp
    @usableFromInline var largestSilence = TimeSpan.zero
    /// The end of the last message; `never` if there was none.
    @usableFromInline var lastMessage = Timestamp.never
    /// When a message first was larger than all before it.
    @usableFromInline var largestAt = Timestamp.never
    @usableFromInline var largest: UInt64 = 0
    @usableFromInline var bytes: UInt64 = 0

    @inlinable init(start: Timestamp) {
        lastSpoke = start
        spokeBefore = start
    }

    @inlinable mutating func spoke(
        _ count: UInt64, _ notices: FrameNotices, _ largestMessage: UInt64, _ now: Timestamp, until end: Timestamp
    ) {
        bytes &+= count
        guard now <= end else { return }
        if now > lastSpoke {
            let silence = now - lastSpoke
            if silence > largestSilence { largestSilence = silence }
            spokeBefore = lastSpoke
            lastSpoke = now
        }
        if largestMessage > largest {
            largest = largestMessage
            largestAt = now
        }
        if notices.contains(.messageEnded) { lastMessage = now }
    }

    /// When this direction last spoke before `end`: a close frame that *is* the end doesn't count as life.
    func spokeBeforeEnd(_ end: Timestamp) -> Timestamp { lastSpoke >= end ? spokeBefore : lastSpoke }
}
