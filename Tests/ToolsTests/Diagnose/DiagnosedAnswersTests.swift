import Configuration
import Diagnosis
import HTTPWire
import TLSEngine
import Telemetry
import TestSupport
import Testing
import Wire

@testable import Tools

/// What the command makes of answers that look well, and of those that say who refused.
@Suite(.serialized) struct DiagnosedAnswersTests {
    private let redaction = LogRedaction(key: (1, 2))

    private func diagnose(_ backend: ScriptedBackend, _ arguments: [String] = []) throws -> (
        report: DiagnosisReport, json: LedgerValue, text: String
    ) {
        let url = "ws://127.0.0.1:\(backend.port)/ws"
        let options = try DiagnoseOptions(FlagParser.parse([url] + arguments, for: DiagnoseCommand.definition))
        let report = try Diagnoser(options, PathNarrator(page: nil, redaction: redaction)).run()
        let json = try #require(LedgerValue(report.json(redaction)))
        return (report, json, report.text(ReportPage(hasColour: false), redaction))
    }

    private func backend(_ serve: @escaping @Sendable (ScriptedBackend.Peer) -> Void) throws -> ScriptedBackend {
        try #require(ScriptedBackend(serve))
    }

    @Test func `a 101 that a browser fails is not healthy, whoever asked`() throws {
        let backend = try backend { peer in
            peer.accept(peer.readHead())
            _ = peer.readToEnd()
        }
        let (report, json, text) = try diagnose(backend, ["--subprotocol", "a", "--subprotocol", "b"])
        #expect(report.exitCode == .problemFound)
        #expect(json["verdict"]?["cause"]?.text == "subprotocol-not-selected")
        #expect(!text.contains("Healthy"))
    }

    @Test func `healthy without an Origin is not said to be all that a browser checks`() throws {
        let backend = try backend { peer in
            peer.accept(peer.readHead())
            _ = peer.readToEnd()
        }
        let (report, _, text) = try diagnose(backend)
        #expect(report.exitCode == .success && text.contains("--origin https://YOUR-PAGE") && !text.contains("with everything"))
        let (_, _, told) = try diagnose(backend, ["--origin", "https://app.example"])
        #expect(told.contains("with everything") && !told.contains("YOUR-PAGE"))
    }

    @Test func `a table of proof stands only where a flip proved something, and a few alternatives with their titles`() throws {
        let backend = try backend { peer in
            _ = peer.readHead()
            peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        }
        let (_, json, text) = try diagnose(backend)
        #expect(json["verdict"]?["probes"]?.elements.isEmpty == false && !text.contains("(control)"))
        let others = json["verdict"]?["alternatives"]?.elements.filter { $0["confidence"]?.text != "excluded" }.count ?? 0
        #expect(text.contains("more (--all)") == (others > 3))
        #expect(try !diagnose(backend, ["--all"]).text.contains("(--all)"))
    }

    @Test func `a refusal of Gatehouse's own is said to be one, without a probe`() throws {
        let backend = try backend { peer in
            _ = peer.readHead()
            let body = "<h1>403 Forbidden</h1>\n<p>Reason: <code>origin</code>, session: <code>0bwr00000000t</code></p>\n"
            let told = "Gatehouse-Verdict: origin-not-allowed; id=0bwr00000000t"
            peer.send("HTTP/1.1 403 Forbidden\r\n\(told)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
        let (report, json, text) = try diagnose(backend)
        #expect(report.exitCode == .problemFound && backend.count == 1)
        #expect(json["verdict"]?["answered_by"]?["who"]?.text == "gatehouse")
        #expect(text.contains("0bwr00000000t"))
    }

    @Test func `the words of a refusal are in the report`() throws {
        let backend = try backend { peer in
            _ = peer.readHead()
            peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 16\r\n\r\nRoom 7 is closed")
        }
        let (_, json, text) = try diagnose(backend, ["--no-probes"])
        let quoted = json["verdict"]?["evidence"]?.elements.contains { $0["observed"]?.text == "Room 7 is closed" }
        #expect(quoted == true && text.contains("Room 7 is closed"))
    }
}
