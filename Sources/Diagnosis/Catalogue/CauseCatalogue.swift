/// All causes, by group of the taxonomy.
public enum CauseCatalogue {
    /// Every entry, in the taxonomy's order.
    public static let entries: [CauseEntry] = [
        origin, host, redirect, scheme, auth, path, upgradeFields, support, response, subprotocol, `extension`, session, time,
        engineIO, limits, tls, reach,
        [connectionCut, undecided],
    ].flatMap { $0 }

    /// The entry of a cause.
    public static func entry(_ cause: Cause) -> CauseEntry { byCause[cause] ?? undecided }

    private static let byCause: [Cause: CauseEntry] = Dictionary(
        entries.map { ($0.cause, $0) }, uniquingKeysWith: { first, _ in first })
}
