/// One reason for or against a cause: signs that must be there, signs that must not, and what that is worth.
///
/// The weights of all clauses that hold are summed up per cause. Roughly: below 20 nothing to speak of, from 20 a
/// possibility, from 60 the likely explanation. Only a clause that is marked as proof can make a verdict `proven`: an
/// answer that names its own reason, a breach that stands in the bytes, or a probe that flipped the outcome.
///
/// A class, because it never changes and verdicts hand it about: a reference costs less than three counted fields.
public final class Clause: Sendable {
    /// What it is worth; negative where it speaks against.
    public let weight: Int
    public let when: SignSet
    public let unless: SignSet
    public let isProof: Bool
    /// The signs of `when` in the order in which they are told.
    public let signs: [Sign]

    private init(_ weight: Int, _ signs: [Sign], _ unless: [Sign], isProof: Bool) {
        self.weight = weight
        self.when = SignSet(signs)
        self.unless = SignSet(unless)
        self.isProof = isProof
        self.signs = signs
        text = signs.map { $0.text }.joined(separator: ", and ")
        reason = text
    }

    private init(_ clause: Clause, decision: String) {
        weight = clause.weight
        when = clause.when
        unless = clause.unless
        isProof = clause.isProof
        signs = clause.signs
        text = clause.text
        reason = clause.text + decision
    }

    /// The same clause, whose reason says what would decide.
    func deciding(_ decision: String) -> Clause { Clause(self, decision: decision) }

    /// Whether it holds for these signs and speaks for its cause.
    func speaks(_ signs: SignSet) -> Bool { weight > 0 && when.isSubset(of: signs) && unless.isDisjoint(with: signs) }

    /// Speaks for the cause.
    static func says(_ weight: Int, _ signs: Sign..., unless: [Sign] = []) -> Clause {
        Clause(weight, signs, unless, isProof: false)
    }

    /// Proves the cause.
    static func proves(_ signs: Sign..., unless: [Sign] = []) -> Clause {
        Clause(120, signs, unless, isProof: true)
    }

    /// Speaks against the cause.
    static func denies(_ weight: Int, _ signs: Sign..., unless: [Sign] = []) -> Clause {
        Clause(-weight, signs, unless, isProof: false)
    }

    /// Rules the cause out.
    static func excludes(_ signs: Sign..., unless: [Sign] = []) -> Clause {
        Clause(Clause.exclusion, signs, unless, isProof: false)
    }

    /// The weight of a clause that rules out: more than all that could speak for it.
    public static let exclusion = -10_000

    /// The clause as half a sentence: "the answer is 403, and Origin and Host name different hosts". Put together once: every verdict
    /// quotes a few.
    public let text: String
    /// The same with what would decide, as an alternative says it.
    let reason: String
}
