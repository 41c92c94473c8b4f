/// What a plan left undone because it was allowed too few handshakes.
public enum ProbeShortage: Sendable, Hashable {
    /// Too few for any proof, so that none was made.
    case noneMade(allowed: Int)
    /// More would have been made.
    case cutShort(allowed: Int)

    /// What the shortest proof takes: the unchanged handshake, one with a change, and the unchanged one again.
    public static let fewest = 3

    /// The shortage in words, and the number that is needed where it is known.
    public var sentence: String {
        switch self {
        case .noneMade(let allowed):
            "No probe was made: a proof takes at least \(ProbeShortage.fewest) further handshakes (unchanged, with one change, unchanged "
                + "again), and the limit is \(allowed)."
        case .cutShort(let allowed): "The limit of \(allowed) further handshakes was reached before every probe was made."
        }
    }
}
