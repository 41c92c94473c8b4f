/// The causes weighed against what was seen: the clauses of the catalogue, applied to one set of signs.
///
/// No order of rules and no branches: every clause of every cause is asked, the weights of those that hold are summed up, and what
/// stands highest is the verdict. The clauses lie flat in one table, so that the whole catalogue costs a few microseconds.
struct Hypotheses {
    /// A cause with its sum, highest first; those that nothing speaks for are left out.
    let ranked: [Hypothesis]
    let signs: SignSet

    struct Hypothesis {
        let cause: Cause
        let score: Int
        let isProven: Bool
        /// The clauses that spoke for it, the weightiest first.
        let clauses: [Clause]

        /// How sure the sum is by itself.
        var confidence: Confidence { isProven && score >= 100 ? .proven : score >= 60 ? .likely : .possible }
    }

    /// Below this a cause isn't worth a word.
    static let threshold = 20

    init(_ signs: SignSet) {
        self.signs = signs
        let table = ClauseTable.shared
        var sums = [Int](repeating: 0, count: table.entries.count)
        var touched: [Int] = []
        signs.forEach { first in
            for index in table.starts[first]..<table.starts[first + 1] {
                let row = table.rows[index]
                guard row.when.isSubset(of: signs), row.unless.isDisjoint(with: signs) else { continue }
                if sums[row.entry] == 0 { touched.append(row.entry) }
                sums[row.entry] += row.weight
            }
        }
        var ranked: [Hypothesis] = []
        // In the taxonomy's order, so that equal sums always stand alike.
        for index in touched.sorted() where sums[index] >= 8 {
            if ranked.contains(where: { $0.cause == table.entries[index].cause }) { continue }
            let entry = table.entries[index]
            var spoke: [Clause] = []
            for clause in entry.clauses
            where clause.weight > 0 && clause.when.isSubset(of: signs) && clause.unless.isDisjoint(with: signs) {
                spoke.append(clause)
            }
            spoke.sort { $0.weight > $1.weight }
            ranked.append(
                Hypothesis(cause: entry.cause, score: sums[index], isProven: spoke.contains { $0.isProof }, clauses: spoke))
        }
        // A proof goes before any sum: what names itself isn't outvoted.
        ranked.sort { ($0.confidence == .proven ? 1 : 0, $0.score) > ($1.confidence == .proven ? 1 : 0, $1.score) }
        self.ranked = ranked
    }
}

/// All clauses one after the other, sorted by their first sign, so that only those are compared whose first sign is there.
struct ClauseTable {
    struct Row {
        let when: SignSet
        let unless: SignSet
        let weight: Int
        let entry: Int
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
                    Row(when: clause.when, unless: clause.unless, weight: clause.weight, entry: index))
            }
        }
        var starts = [0]
        for rows in byFirst { starts.append(starts[starts.count - 1] + rows.count) }
        self.starts = starts
        rows = byFirst.flatMap { $0 }
    }
}
