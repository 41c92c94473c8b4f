import Foundation
import HTTPWire
import Testing

@testable import Diagnosis

@Suite struct `Catalogue` {
    @Test func `a hop that is to blame and doesn't show itself is worded for the common ones`() {
        let entry = CauseCatalogue.entry(.proxyDropsUpgrade)
        #expect(entry.fixes(for: [.uvicorn]).contains { $0.hasPrefix("nginx: ") })
        #expect(entry.fixes(for: [.uvicorn]).contains { $0.hasPrefix("Apache: ") })
        #expect(!entry.fixes(for: [.uvicorn, .nginx]).contains { $0.hasPrefix("Apache: ") })
    }

    @Test func `every cause has exactly one entry`() {
        #expect(
            CauseCatalogue.entries.map(\.cause).sorted { $0.rawValue < $1.rawValue }
                == Cause.allCases.sorted { $0.rawValue < $1.rawValue })
    }

    @Test(arguments: Cause.allCases) func `every entry says what it is, who is to blame and what to change`(_ cause: Cause) {
        let entry = CauseCatalogue.entry(cause)
        #expect(entry.title.count > 15 && entry.title.count < 100 && !entry.title.hasSuffix("."))
        #expect(entry.paragraph.count > 60)
        #expect(!entry.fix.isEmpty)
        #expect(!entry.paragraph.contains("  "))
    }

    @Test(arguments: Cause.allCases.filter { $0 != .unknown }) func `something speaks for every cause`(_ cause: Cause) {
        #expect(CauseCatalogue.entry(cause).clauses.contains { $0.weight > 0 })
    }

    /// The causes that the taxonomy calls decidable at first sight.
    @Test func `what can be decided at once has a vector`() {
        let atOnce = CauseCatalogue.entries.filter(\.isDecidableAtOnce).map(\.cause)
        let tested = Set(HandshakeVector.all.map(\.cause) + SessionVector.all.map(\.cause))
        let missing = atOnce.filter { !tested.contains($0) && ![.unknown, .connectionCut, .serverCrashed].contains($0) }
        #expect(missing.isEmpty, "\(missing)")
    }

    @Test func `a cause that needs more than one exchange says what would decide`() {
        for entry in CauseCatalogue.entries where !entry.isDecidableAtOnce {
            #expect(!entry.decides.isEmpty, "\(entry.cause)")
        }
    }

    /// Each entry has to say it, the empty list included: the initialiser has no default for it.
    @Test func `what decides a cause is among its probes, and can be tried`() {
        let choices = ProbeChoices(
            request: RequestHead(
                copy: Vector.request(
                    "GET /socket.io/?EIO=3&transport=websocket&sid=x HTTP/1.1",
                    changing: ["Origin": "http://other.example", "User-Agent": nil],
                    adding: ["Cookie: a=b", "Sec-WebSocket-Protocol: a", "Sec-Fetch-Site: cross-site", "X-Forwarded-For: 10.0.0.1"])
            ),
            signs: [
                .engineIOPath, .engineIOHasSid, .engineIOOldVersion, .hasCookie, .versionMissing, .keyMissing, .methodOther,
                .upgradeFieldMissing,
            ],
            options: ProbeOptions(subprotocols: ["b"], credentials: [.init("Authorization", "Bearer x")], mayUseTLS: true),
            scheme: "http", named: [])
        for entry in CauseCatalogue.entries {
            #expect(Set(entry.decidedBy).isSubset(of: entry.probes), "\(entry.cause)")
            #expect(!entry.decidedBy.contains(.control) && !entry.decidedBy.contains(.usualPath), "\(entry.cause)")
            for kind in entry.decidedBy where kind != .engineIOPath {
                #expect(!choices.choices(kind).isEmpty, "\(entry.cause): \(kind)")
            }
        }
        // Where a cause has probes and none of them decides, that is meant.
        let undecided = CauseCatalogue.entries.filter { !$0.probes.isEmpty && $0.decidedBy.isEmpty }.map(\.cause)
        #expect(
            Set(undecided) == [
                .noWebsocketLibrary, .serverWithoutWebsocket, .proxyDropsUpgrade, .twoWebsocketServers, .proxyPathNotMatched,
                .proxyDropsExtensionsInResponse, .proxyRewritesHost, .sessionNotSticky,
            ])
    }

    @Test func `a probe that a cause's own words ask for is one that decides it`() {
        let words: [(ProbeKind, String)] = [(.plainGet, "plain GET"), (.randomPath, "a path that can't exist")]
        for entry in CauseCatalogue.entries {
            for (kind, text) in words where entry.probes.contains(kind) {
                #expect(entry.decidedBy.contains(kind) == entry.decides.contains(text), "\(entry.cause): \(kind)")
            }
        }
    }

    @Test func `a proof never stands beside the sign that contradicts it`() {
        for entry in CauseCatalogue.entries {
            for clause in entry.clauses where clause.isProof {
                #expect(clause.when.isDisjoint(with: clause.unless), "\(entry.cause)")
                #expect(clause.weight >= 100)
            }
        }
    }

    @Test func `no fix tells anyone to switch a check off`() {
        for entry in CauseCatalogue.entries {
            for line in entry.fix + entry.stackFixes.map(\.text) {
                #expect(
                    !line.contains("return True always") && !line.contains("\"*\"")
                        && !line.contains("CheckOrigin: func(r *http.Request) bool { return true }"), "\(entry.cause): \(line)")
            }
        }
    }

    @Test func `signs fit their set and have names of their own`() {
        #expect(Sign.allCases.count <= 512)
        #expect(Set(Sign.allCases.map(\.id)).count == Sign.allCases.count)
        #expect(Sign.originOtherHost.id == "origin-other-host")
        #expect(SignSet([.isUpgrade, .outputBind]).signs == [.isUpgrade, .outputBind])
    }

    @Test func `stacks are found by the names that people type`() {
        #expect(Stack("FastAPI") == .fastAPI)
        #expect(Stack("django-channels") == .channels)
        #expect(Stack("asp.net core") == .aspnet)
        #expect(Stack("nothing") == nil)
        #expect(Stack("") == nil)
        #expect(Set(Stack.allCases.map(\.name)).count == Stack.allCases.count)
    }

    @Test func `an explanation for one stack leaves the others out`() {
        let text = CauseCatalogue.explanation(.originNotAllowed, stack: .channels)
        #expect(text.contains("Django Channels: add the front end's host to ALLOWED_HOSTS"))
        #expect(!text.contains("Phoenix"))
        #expect(CauseCatalogue.explanation(.originNotAllowed).contains("Phoenix"))
    }

    @Test func `the list names every cause`() {
        let list = CauseCatalogue.list()
        for cause in Cause.allCases { #expect(list.contains("  \(cause.rawValue) ")) }
    }

    @Test func `Docs, Causes is what the catalogue says`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Docs/Causes.md")
            .standardizedFileURL
        let document = CauseCatalogue.document()
        if ProcessInfo.processInfo.environment["GATEHOUSE_REGENERATE"] == "1" {
            try document.write(to: file, atomically: true, encoding: .utf8)
        }
        let present = try String(contentsOf: file, encoding: .utf8)
        #expect(present == document, "Docs/Causes.md is out of date: GATEHOUSE_REGENERATE=1 swift test --filter Catalogue")
    }
}
