import TestSupport
import Testing
import Wire

@testable import Diagnosis

@Suite struct `Ends of many sessions show timers, limits and restarts` {
    typealias S = SessionScript

    /// A session that a server cut after `age`, having spoken `silence` before.
    static func cut(age: UInt64, silence: UInt64, clientSilence: UInt64? = nil) throws -> SessionRecord {
        var script = SessionVector.open
        if age > silence { script = script.server(S.text("y", client: false), age - silence) }
        if let clientSilence, age > clientSilence { script = script.client(S.text("x"), age - clientSilence) }
        return try #require(script.end(.upstream, .finished, age).end(.downstream, .finished, age + 5).record)
    }

    /// Feeds ends at their times in seconds; the last return.
    static func feed(_ ends: [(record: SessionRecord, at: UInt64)]) -> (EndPatterns, [(pattern: EndPattern, sessions: [SessionID])])
    {
        var patterns = EndPatterns()
        var last: [(pattern: EndPattern, sessions: [SessionID])] = []
        for (index, end) in ends.enumerated() {
            last = patterns.ended(
                SessionID(UInt64(index + 1)), EndFacts(end.record), route: "chat", endpoint: "127.0.0.1:9000",
                at: Vector.now + .seconds(end.at))
        }
        return (patterns, last)
    }

    @Test func `the same silence at different ages is a timer, with its default's owner and a heartbeat`() throws {
        let (patterns, last) = Self.feed([
            (try Self.cut(age: 61_000, silence: 60_010), 100), (try Self.cut(age: 95_000, silence: 60_200), 140),
            (try Self.cut(age: 400_000, silence: 59_950), 300), (try Self.cut(age: 720_000, silence: 60_050), 350),
        ])
        let found = try #require(patterns.patterns.first)
        #expect(found.kind == .silence && !found.isAmbiguous && found.matching == 4 && found.total == 4)
        #expect(found.heartbeat == .seconds(25))
        #expect(found.known.contains { $0.setting == "proxy_read_timeout" })
        #expect(found.sentence.contains("4 of 4 ended 60.0 ± 0.2 s after the last byte"))
        #expect(last.first?.sessions.count == 4 && found.signs == [.manySameSilence])
    }

    @Test func `the client's chatter doesn't hide a timer that counts the backend's bytes`() throws {
        let (patterns, _) = Self.feed([
            (try Self.cut(age: 70_000, silence: 60_000, clientSilence: 2000), 100),
            (try Self.cut(age: 95_000, silence: 60_100, clientSilence: 31_000), 140),
            (try Self.cut(age: 400_000, silence: 60_050, clientSilence: 17_000), 300),
        ])
        let found = try #require(patterns.patterns.first)
        #expect(found.silent == .upstream && found.signs.contains(.silenceOfServerAlone))
    }

    @Test func `the same age with silences of all kinds is a limit`() throws {
        let (patterns, _) = Self.feed([
            (try Self.cut(age: 30_010, silence: 100), 100), (try Self.cut(age: 30_050, silence: 4000), 140),
            (try Self.cut(age: 30_000, silence: 12_000), 300), (try Self.cut(age: 30_020, silence: 2), 350),
        ])
        let found = try #require(patterns.patterns.first)
        #expect(found.kind == .age && found.heartbeat == nil && found.signs == [.manySameAge])
        #expect(found.known.contains { $0.stack == .gcp })
    }

    @Test func `sessions that never spoke can't tell a timer from a limit, and it is said`() throws {
        let (patterns, _) = Self.feed([
            (try Self.cut(age: 60_010, silence: 60_010), 100), (try Self.cut(age: 60_050, silence: 60_050), 140),
            (try Self.cut(age: 60_000, silence: 60_000), 300),
        ])
        let found = try #require(patterns.patterns.first)
        #expect(found.isAmbiguous && found.sentence.contains("a limit on age fits as well"))
        #expect(found.signs == [.manySameSilence, .manySameAge])
    }

    @Test func `sessions of different ages that end together were ended together`() throws {
        let (patterns, last) = Self.feed([
            (try Self.cut(age: 5000, silence: 700), 100), (try Self.cut(age: 95_000, silence: 3300), 100),
            (try Self.cut(age: 400_000, silence: 1), 100),
        ])
        #expect(patterns.patterns.map(\.kind) == [.instant] && last.first?.sessions.count == 3)
        #expect(patterns.patterns.first?.signs == [.manyEndedTogether])
    }

    @Test func `two are chance, and so is a minority`() throws {
        #expect(
            Self.feed([(try Self.cut(age: 61_000, silence: 60_010), 100), (try Self.cut(age: 95_000, silence: 60_200), 140)]).0
                .patterns.isEmpty)
        let scattered: [(record: SessionRecord, at: UInt64)] = try (1...7).map {
            (try Self.cut(age: 90_000, silence: $0 * 7000), 100 * $0)
        }
        let together: [(record: SessionRecord, at: UInt64)] = try (1...3).map {
            (try Self.cut(age: 200_000 * $0, silence: 60_000), 1000 * $0)
        }
        #expect(Self.feed(scattered + together).0.patterns.allSatisfy { $0.kind != .silence })
    }

    @Test func `clients that leave are counted, and make no pattern`() throws {
        let left = try #require(SessionVector.open.end(.downstream, .finished, 60_000).end(.upstream, .finished, 60_001).record)
        let (patterns, _) = Self.feed([(left, 100), (left, 200), (left, 300), (left, 400)])
        #expect(patterns.patterns.isEmpty)
    }

    @Test func `memory is bounded in ends and in places`() throws {
        var patterns = EndPatterns()
        let record = try Self.cut(age: 61_000, silence: 60_000)
        for index in 0..<1000 {
            _ = patterns.ended(
                SessionID(UInt64(index)), EndFacts(record), route: "r\(index % 200)", endpoint: "e",
                at: Vector.now + .seconds(UInt64(index) * 10))
        }
        #expect(patterns.patterns.count <= EndPatterns.places)
    }
}
