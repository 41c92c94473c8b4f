// A gate that was asked once, and the one that stands in its place after a reload: a session that seeks another backend isn't asked again.
//
// Where a gate's checks stand in its configuration's list says nothing: a route that is added before it moves them, and another password file may
// take the place of the first. So places are put aside, and what stands there is compared by whoever has the lists.
extension Gate {
    /// Whether whoever `earlier` let in would be let in by this one, for all that is written down.
    ///
    /// - Parameter hasSameChecks: Whether the place in the earlier list of checks holds what the place in the present one does.
    public func decides(like earlier: Gate, hasSameChecks: (_ earlier: Int, _ present: Int) -> Bool) -> Bool {
        var (own, other) = (authentication, earlier.authentication)
        own?.store = 0
        other?.store = 0
        guard own == other, origins == earlier.origins, permission == earlier.permission, limits == earlier.limits,
            coversRequests == earlier.coversRequests
        else { return false }
        guard let present = authentication?.store, let past = earlier.authentication?.store else { return true }
        return hasSameChecks(past, present)
    }
}
