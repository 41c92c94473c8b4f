import Foundation

/// What a reader says of a session, as far as all of them can know it.
struct SessionAccount: Hashable, CustomStringConvertible {
    var cause: String?
    var status: Int?
    var first: String?
    var findings: [String]
    /// The ends, in the order in which they came.
    var order: [String]
    var sides: [String]
    /// How long each side had been silent when the session ended, in milliseconds: compared with a tolerance, and not by equality.
    var idle: Idle

    struct Idle: Hashable {
        var sides: [Double]

        static func == (_: Idle, _: Idle) -> Bool { true }
        func hash(into hasher: inout Hasher) {}

        /// Whether both say the same within so many milliseconds.
        func agrees(with other: Idle, within tolerance: Double) -> Bool {
            sides.count == other.sides.count && zip(sides, other.sides).allSatisfy { abs($0 - $1) <= tolerance }
        }
    }

    var description: String {
        "cause \(cause ?? "none"), status \(status.map { "\($0)" } ?? "none"), first \(first ?? "none"), order \(order), findings \(findings), idle \(idle.sides), \(sides.joined(separator: "; "))"
    }

    /// The order of the close frames alone.
    var closes: [String] { order.filter { $0.contains("close_frame") } }

    /// The same without counts of bytes, and without the breach itself in the order: enforcement stops the live analyser before it, and a file has it.
    func without(bytes: Bool) -> SessionAccount {
        guard bytes else { return self }
        var account = self
        account.order.removeAll { $0.hasSuffix(".fault") }
        account.sides = sides.map {
            $0.split(separator: " ").filter { Int($0) == nil || Int($0) ?? 0 >= 1000 }.joined(separator: " ")
        }
        return account
    }

    /// What each side carried across, without how it ended.
    var counted: [String] {
        sides.map { side in side.split(separator: " ").drop { $0 != "frames" }.joined(separator: " ") }
    }

    private static func side(_ side: JSON) -> String {
        let frames = ["continuation", "text", "binary", "close", "ping", "pong"].map {
            "\(side["frames"][$0].integer ?? -1)"
        }
        let fault = side["fault"]["name"].text.map { " fault \($0)" } ?? ""
        return
            "\(side["close_code"].description) \(side["close_reason"].text ?? "") sent \(side["close_code_sent"].description) "
            + "end \(side["end"].text ?? "none") frames \(frames.joined(separator: ",")) bytes \(side["bytes"].description)\(fault)"
    }

    /// - Parameter lines: the lines of one session: opened and closed, or refused; or what analyze says.
    init(_ lines: [JSON]) {
        let last = lines.last ?? .null
        cause = last["verdict"]["cause"].text
        first = last["first"].text
        findings = lines.flatMap { $0["findings"].elements }.compactMap { $0["id"].text }.sorted()
        order = last["order"].texts
        let both = last["downstream"].isNull ? [] : [last["downstream"], last["upstream"]]
        sides = both.map { SessionAccount.side($0) }
        idle = Idle(sides: both.compactMap { $0["idle_ms"].number })
        status = lines.compactMap { $0["status"].integer ?? $0["response"]["status"].integer }.first
    }
}
