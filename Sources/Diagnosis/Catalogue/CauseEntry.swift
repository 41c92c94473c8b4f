/// All that Gatehouse knows about one cause.
///
/// To add a cause: a case in `Cause`, an entry in the file of its group, a vector that convicts and one that acquits in
/// `CauseVectors`, and a regenerated `Docs/Causes.md`.
///
/// A class, because it never changes and every verdict asks for one: there is one of each, and nothing of it is copied.
public final class CauseEntry: Sendable {
    public let cause: Cause
    public let group: Group
    /// One line, as a verdict's headline.
    public let title: String
    /// For a person who has never heard of it.
    public let paragraph: String
    /// Who usually has to change something.
    public let blame: Blame
    /// Whether one exchange or session can decide it, without a probe.
    public let isDecidableAtOnce: Bool
    /// What speaks for and against.
    public let clauses: [Clause]
    /// The probes that can prove it, the most telling first.
    public let probes: [ProbeKind]
    /// Those of them whose outcome decides it, accepted or not; the others only help. Empty where no probe decides.
    public let decidedBy: [ProbeKind]
    /// What would decide where the evidence doesn't, in words.
    public let decides: String
    /// What to change, whatever the stack.
    public let fix: [String]
    /// The same in the words of one stack.
    public let stackFixes: [StackFix]

    public struct StackFix: Sendable {
        public let stack: Stack
        public let text: String
        /// Both in one line, as a verdict says it.
        public let line: String

        static func on(_ stack: Stack, _ text: String) -> StackFix {
            StackFix(stack: stack, text: text, line: "\(stack.name): \(text)")
        }
    }

    /// The groups of the taxonomy, in its order.
    public enum Group: String, Sendable, CaseIterable {
        case origin, host, redirect, scheme, auth, path
        case upgradeFields = "upgrade-fields"
        case support, response, subprotocol
        case `extension`
        case session, time
        case engineIO = "engine.io"
        case limits, tls, reach, unknown
    }

    init(
        _ cause: Cause, _ group: Group, _ title: String, blame: Blame, first: Bool = false, _ paragraph: String,
        clauses: [Clause] = [], probes: [ProbeKind] = [], decidedBy: [ProbeKind], decides: String = "", fix: [String],
        on stackFixes: [StackFix] = []
    ) {
        self.cause = cause
        self.group = group
        self.title = title
        self.paragraph = paragraph
        self.blame = blame
        self.isDecidableAtOnce = first
        self.probes = probes
        self.decidedBy = decidedBy
        self.decides = decides
        let decision = CauseEntry.decision(decides)
        self.clauses = clauses.map { $0.deciding(decision) }
        self.fix = fix
        self.stackFixes = stackFixes
    }

    /// How an alternative says what would decide; empty where nothing is to be decided.
    var decision: String { CauseEntry.decision(decides) }

    private static func decision(_ decides: String) -> String { decides.isEmpty ? "" : "; what would decide: \(decides)" }

    private static let commonHops: [Stack] = [.nginx, .apache, .caddy, .haproxy, .traefik]

    /// What to change: a line of the stack that was recognised and has to change, what it comes to, then the rest; at most `limit` lines, and some
    /// more where it is a hop's that doesn't show itself.
    public func fixes(for stacks: [Stack], limit: Int = 4) -> [String] {
        var lines: [String] = []
        lines.reserveCapacity(limit + CauseEntry.commonHops.count)
        func add(_ line: String, atMost limit: Int) {
            if lines.count < limit, !lines.contains(line) { lines.append(line) }
        }
        if let place = leading(stacks) {
            lines.append(stackFixes[place].line)
            for line in fix { add(line, atMost: limit) }
        } else if let first = fix.first {
            lines.append(first)
        }
        for stack in stacks {
            for index in stackFixes.indices where stackFixes[index].stack == stack { add(stackFixes[index].line, atMost: limit) }
        }
        for line in fix.dropFirst() { add(line, atMost: limit) }
        // A hop that is to blame need not show itself: the ones that people run most are worded then.
        if blame == .intermediary || blame == .configuration, !stacks.contains(where: { $0.who != .backend }) {
            for stack in CauseEntry.commonHops {
                for index in stackFixes.indices where stackFixes[index].stack == stack {
                    add(stackFixes[index].line, atMost: limit + CauseEntry.commonHops.count)
                }
            }
        }
        return lines
    }

    /// The line that can be done at once: that of the likeliest stack, if it is one that can be to blame. A hop that merely stands on the path of
    /// somebody else's refusal doesn't come first.
    private func leading(_ stacks: [Stack]) -> Int? {
        let ofBackends = blame == .backend || blame == .client
        guard blame != .unknown else { return nil }
        for stack in stacks where (stack.who == .backend) == ofBackends {
            if let place = stackFixes.firstIndex(where: { $0.stack == stack }) { return place }
        }
        return nil
    }
}
