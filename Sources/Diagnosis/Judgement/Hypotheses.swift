/// The causes weighed against what was seen: the clauses of the catalogue, applied to one set of signs.
///
/// No order of rules and no branches: every clause of every cause is asked, the weights of those that hold are summed up, and what
/// stands highest is the verdict. The clauses lie flat in one table, so that the whole catalogue costs a few microseconds; which clauses spoke
/// for a cause is looked up again only for the few that a verdict names.
struct Hypotheses {
    /// The causes that something speaks for, the highest first.
    let ranked: [Hypothesis]
    let signs: SignSet

    struct Hypothesis {
        let cause: Cause
        let score: Int
        /// Whether one of the clauses that hold is a proof.
        let isProven: Bool
        /// Its place in the catalogue.
        fileprivate let place: Int

        /// How sure the sum is by itself.
        var confidence: Confidence { isProven && score >= 100 ? .proven : score >= 60 ? .likely : .possible }
    }

    /// Below this a cause isn't worth a word.
    static let threshold = 20
    /// Below this it isn't even weighed against others.
    private static let floor = 8

    init(_ signs: SignSet) {
        self.signs = signs
        let table = ClauseTable.shared
        var sums = [ClauseTable.Sum](repeating: ClauseTable.Sum(), count: table.entries.count)
        signs.forEach { first in
            for index in table.starts[first]..<table.starts[first + 1] {
                guard table.rows[index].holds(signs) else { continue }
                let row = table.rows[index]
                sums[row.entry].weight += row.weight
                if row.isProof { sums[row.entry].isProven = true }
            }
        }
        var ranked: [Hypothesis] = []
        ranked.reserveCapacity(32)
        // In the taxonomy's order, so that equal sums always stand alike.
        for place in sums.indices where sums[place].weight >= Hypotheses.floor {
            ranked.append(
                Hypothesis(
                    cause: table.entries[place].cause, score: Int(sums[place].weight), isProven: sums[place].isProven, place: place)
            )
        }
        // A proof goes before any sum: what names itself isn't outvoted.
        ranked.sort { ($0.confidence == .proven ? 1 : 0, $0.score) > ($1.confidence == .proven ? 1 : 0, $1.score) }
        self.ranked = ranked
    }

    /// The clauses that spoke for a cause, the weightiest first; the catalogue's order among equals.
    func clauses(for hypothesis: Hypothesis) -> [Clause] {
        var spoke: [Clause] = []
        for clause in ClauseTable.shared.entries[hypothesis.place].clauses where clause.speaks(signs) {
            let place = spoke.firstIndex { $0.weight < clause.weight } ?? spoke.count
            spoke.insert(clause, at: place)
        }
        return spoke
    }

    /// The weightiest of them, in half a sentence.
    func reason(for hypothesis: Hypothesis) -> String? {
        var best: Clause?
        for clause in ClauseTable.shared.entries[hypothesis.place].clauses where clause.weight > best?.weight ?? 0 {
            if clause.speaks(signs) { best = clause }
        }
        return best?.reason
    }
}

/// All clauses one after the other, sorted by their first sign, so that only those are compared whose first sign is there.
struct ClauseTable {
    struct Row {
        let when: SignSet
        let unless: SignSet
        let weight: Int32
        let entry: Int
        let isProof: Bool

        func holds(_ signs: SignSet) -> Bool { when.isSubset(of: signs) && unless.isDisjoint(with: signs) }
    }

    /// What has come together for one cause.
    struct Sum {
        var weight: Int32 = 0
        var isProven = false
    }

    let rows: [Row]
    /// Where the rows of each sign begin, by its number; one more marks the end.
    let starts: [Int]
    let entries: [CauseEntry]

    static let shared = ClauseTable(CauseCatalogue.entries)

    init(_ entries: [CauseEntry]) {
        self.entries = entries
        var byFirst = [[Row]](repeating: [], count: 513)
        for (index, entry) in entries.enumerated() {
            for clause in entry.clauses {
                guard let first = clause.signs.first else { continue }
                byFirst[Int(first.rawValue)].append(
                    Row(
                        when: clause.when, unless: clause.unless, weight: Int32(clamping: clause.weight), entry: index,
                        isProof: clause.isProof && clause.weight > 0))
            }
        }
        var starts = [0]
        for rows in byFirst { starts.append(starts[starts.count - 1] + rows.count) }
        self.starts = starts
        rows = byFirst.flatMap { $0 }
    }
}
