import CaptureFile
import Diagnosis
import Telemetry
import Wire

/// Reads a ledger's lines back: what became of each session stands in them already, verdict and all, so nothing is judged anew.
struct LedgerAnalysis {
    /// Lines of sessions that were read.
    private(set) var lines = 0
    /// Paths by session, from the lines that open them.
    private var requests: [String: (target: String, client: String, status: Int?)] = [:]
    private static let most = 100_000

    /// Takes one line; the row that it makes, if it is the last of a handshake or session.
    mutating func take(_ line: LedgerValue, number: () -> UInt64) -> (
        row: AnalysisSummary.Row, title: String?, confidence: Confidence?
    )? {
        guard let event = line["event"]?.text, let session = line["session"]?.text else { return nil }
        let words = line["request"]?["line"]?.text?.split(separator: " ") ?? []
        let opened = (
            target: words.count > 1 ? String(words[1]) : "", client: line["client"]?["address"]?.text ?? "",
            status: (line["status"] ?? line["response"]?["status"])?.text.flatMap { Int($0) }
        )
        switch event {
        case "session.opened":
            lines += 1
            if requests.count < LedgerAnalysis.most { requests[session] = opened }
            return nil
        case "session.refused", "session.closed": break
        default: return nil
        }
        lines += 1
        let known = requests.removeValue(forKey: session)
        let isClosed = event == "session.closed"
        let cause = line["verdict"]?["cause"]?.text.flatMap { Cause(rawValue: $0) }
        func count(_ side: String) -> UInt64 {
            let messages = line[side]?["messages"]
            return ["text", "binary"].reduce(0) { $0 &+ (messages?[$1]?.text.flatMap { UInt64($0) } ?? 0) }
        }
        let row = AnalysisSummary.Row(
            number: number(), name: session,
            outcome: isClosed ? (cause == nil ? .closed : .broken) : (cause == nil ? .declined : .refused),
            time: line["time"]?.text.flatMap { CalendarTime.parse($0) } ?? .zero,
            ends: SessionEnds(
                client: known?.client ?? (isClosed ? line["client"]?.text : opened.client), server: line["endpoint"]?.text),
            request: known?.target ?? opened.target, status: isClosed ? 101 : opened.status,
            duration: isClosed
                ? line["duration_ms"]?.text.flatMap { Double($0) }.map {
                    TimeSpan(nanoseconds: UInt64(min(max($0, 0), 1e12) * 1_000_000))
                } : nil,
            messages: isClosed ? (count("downstream"), count("upstream")) : nil,
            end: line["order"]?.elements.first?.text ?? line["reason"]?.text ?? "", cause: cause)
        return (row, line["verdict"]?["title"]?.text, line["verdict"]?["confidence"]?.text.flatMap { Confidence(rawValue: $0) })
    }
}
