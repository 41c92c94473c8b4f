/// All causes, by group of the taxonomy.
package enum CauseCatalogue {
    /// Every entry, in the taxonomy's order.
    package static let entries: [CauseEntry] = [
        origin, host, redirect, scheme, auth, path, upgradeFields, support, response, subprotocol, `extension`, session, time,
        engineIO, limits, tls, reach,
        [connectionCut, undecided],
    ].flatMap { $0 }

    /// The entry of a cause.
    package static func entry(_ cause: Cause) -> CauseEntry { byCause[cause] ?? undecided }

    private static let byCause: [Cause: CauseEntry] = Dictionary(
        entries.map { ($0.cause, $0) }, uniquingKeysWith: { first, _ in first })
}
