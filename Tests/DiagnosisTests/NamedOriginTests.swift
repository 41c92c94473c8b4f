import HTTPWire
import TestSupport
import Testing

@testable import Diagnosis

@Suite struct `Origins that somebody names` {
    private static let refusal = (
        "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 12", body: "Unauthorized"
    )

    private static func server(for origin: String) -> SimulatedServer {
        SimulatedServer { head, _ in head.string(.origin) == origin ? SimulatedServer.accept : refusal }
    }

    @Test func `are tried where only the port differs from Host's`() {
        let run = Self.server(for: "http://localhost:5173").run(
            Vector.request(changing: ["Host": "127.0.0.1:24060", "Origin": "http://127.0.0.1:5173"]),
            options: ProbeOptions(origins: ["http://localhost:5173"]))
        #expect(run.verdict?.cause == .originNotAllowed && run.verdict?.confidence == .proven)
        #expect(run.probes.contains(ProbeRecord(change: "Origin: http://localhost:5173", outcome: "101")))
    }

    @Test func `are tried where the refusal says why, and the host's own is among them`() {
        let refusal = ("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0", body: "")
        let named = ["https://a.example", "http://app.example", "https://b.example"]
        let run = SimulatedServer { _, _ in refusal }.run(
            Vector.request(changing: ["Origin": "https://x.example"]), options: ProbeOptions(origins: named))
        #expect(run.verdict?.cause == .credentialsMissing && run.verdict?.confidence == .proven)
        for origin in named { #expect(run.probes.contains(ProbeRecord(change: "Origin: \(origin)", outcome: "401")), "\(origin)") }
        #expect(run.probes.count == 4)
        let unnamed = SimulatedServer { _, _ in refusal }.run()
        #expect(unnamed.probes.isEmpty, "nobody named any")
    }

    @Test func `need not be named where the machine goes by another name`() {
        let run = Self.server(for: "http://localhost:5173").run(
            Vector.request(changing: ["Origin": "http://127.0.0.1:5173"]))
        #expect(run.verdict?.cause == .originNotAllowed && run.verdict?.confidence == .proven)
    }
}
