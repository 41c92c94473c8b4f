import Foundation
import Testing

extension Integration {
    /// One analyser, three feeders: what the ledger says live, what analyze says of the tap's capture, and what it says of tcpdump's, are the same.
    @Suite struct FeederTests {
        /// How far times may be apart, in milliseconds. The tap writes the times that the live analyser had; tcpdump has the kernel's own,
        /// beside a machine that is busy.
        private static let tolerance = (tap: 1.0, wire: 250.0)

        /// What a dialogue came to: the live account, and where the captures are.
        private struct Run {
            var name: String
            var live: SessionAccount
            var captures: Captures
            var ports: [UInt16]
            var wire: String?
            // Kept while the files are read.
            var scratch: ScratchFolder
            var gatehouse: GatehouseProcess
        }

        private func play(_ dialogue: FeederDialogue, mode: String, onWire: Bool = false) throws -> Run {
            let origin = try RawBackend()
            let scratch = try ScratchFolder()
            let gatehouse = try GatehouseProcess(
                io: IOBackend.available.first ?? .epoll, upstream: origin.url,
                "capture: {directory: \(scratch.file("captures")), mode: \(mode)}\n\(dialogue.configuration)")
            let dump = onWire ? try WireDump(port: gatehouse.port, in: scratch) : nil
            try dialogue.script(gatehouse, origin)
            #expect(
                holds(within: 10) {
                    (try? gatehouse.ledger.lines().contains { ["session.closed", "session.refused"].contains($0["event"].text) })
                        == true
                })
            gatehouse.stop()
            try dump?.stop()
            let lines = try gatehouse.ledger.lines().filter {
                ["session.opened", "session.closed", "session.refused"].contains($0["event"].text)
            }
            return Run(
                name: try #require(lines.last?["session"].text), live: SessionAccount(lines),
                captures: Captures(directory: scratch.file("captures")), ports: [gatehouse.port, origin.port], wire: dump?.path,
                scratch: scratch, gatehouse: gatehouse)
        }

        @Test(arguments: FeederDialogue.all)
        func `live, the tap's capture and tcpdump's say the same`(dialogue: FeederDialogue) throws {
            let run = try play(dialogue, mode: "always", onWire: dialogue.isOnWire && Captures.mayCapture)
            let live = run.live
            let found = try run.captures.sessions()
            #expect(Array(found.keys) == [run.name])
            let tap = SessionAccount(found[run.name].map { [$0] } ?? [])
            #expect(tap.without(bytes: dialogue.hasBreach) == live.without(bytes: dialogue.hasBreach))
            #expect(tap.idle.agrees(with: live.idle, within: Self.tolerance.tap), "\(tap.idle.sides) \(live.idle.sides)")
            if Captures.tshark != nil {
                let file = try #require(run.captures.files.first)
                #expect(try Captures.oddities(file, ports: run.ports, allowingBrokenFrames: true) == [])
            }

            guard let path = run.wire else { return }
            let wire = SessionAccount(try Captures.analyze([path]).filter { $0["event"].text == "session" })
            #expect(wire.cause == live.cause && wire.status == live.status && wire.findings == live.findings, "\(wire) \(live)")
            // On this wire Gatehouse is the server: what it carried across, and not how its own upstream connection ended.
            #expect(wire.counted == live.counted && wire.closes == live.closes, "\(wire) \(live)")
            #expect(wire.idle.agrees(with: live.idle, within: Self.tolerance.wire), "\(wire.idle.sides) \(live.idle.sides)")
        }

        @Test(arguments: FeederDialogue.all)
        func `a black box says the same as live, and is written where something is to be said`(dialogue: FeederDialogue) throws {
            let run = try play(dialogue, mode: "black-box")
            guard run.live.cause != nil || !run.live.findings.isEmpty else {
                #expect(run.captures.files == [])
                return
            }
            let found = try run.captures.sessions()
            #expect(Array(found.keys) == [run.name])
            let box = SessionAccount(found[run.name].map { [$0] } ?? [])
            #expect(box.without(bytes: dialogue.hasBreach) == run.live.without(bytes: dialogue.hasBreach))
            #expect(box.idle.agrees(with: run.live.idle, within: Self.tolerance.tap), "\(box.idle.sides) \(run.live.idle.sides)")
        }

        @Test func `a black box that lost its middle keeps Gatehouse's verdict, and says whose it is and what is missing`() throws {
            let long = FeederDialogue(name: "more than a ring holds") { gatehouse, origin in
                let session = try RawSession(through: gatehouse, to: origin)
                let frame = Frame.text(String(repeating: "a", count: 100))
                for _ in 0..<400 {
                    try session.backend.send(frame)
                    _ = try session.client.read(frame.count)
                }
                // A frame that is cut by the session's end: only who saw its header knows.
                try session.backend.send(Array(Frame.text(String(repeating: "b", count: 20_000)).prefix(15_000)))
                _ = try session.client.read(15_000)
                session.backend.finishSending()
                _ = try session.client.readToEnd()
                session.client.close()
            }
            let run = try play(long, mode: "black-box")
            #expect(run.live.cause != nil)
            let found = try run.captures.sessions()
            let line = try #require(found[run.name])
            let box = SessionAccount([line])
            #expect(box.cause == run.live.cause && box.status == run.live.status)
            #expect((line["transport"]["missing_bytes"].integer ?? 0) > 30_000, "\(line["transport"])")
            let evidence = line["verdict"]["evidence"].elements.compactMap { $0["what"].text }
            #expect(evidence.contains("comment of Gatehouse's"), "\(line["verdict"])")
            #expect(!line["unseen"].elements.isEmpty)
        }
    }
}
