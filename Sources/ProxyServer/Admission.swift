import ProxyCore

/// A session, or an upgrade on its way to become one, that has a seat in the process and counts under an address, a user and a route, for as
/// long as this object lives: whoever lets go of it last, by whatever way the session ended, releases seat and counts.
final class Admission {
    private let shared: SharedParts
    private let keys: [SessionKey]

    /// Takes over a seat that `SharedParts.takeSeat` gave, and what was counted under `keys`.
    init(_ shared: SharedParts, _ keys: [SessionKey]) {
        self.shared = shared
        self.keys = keys
    }

    deinit {
        if !keys.isEmpty { shared.release(keys) }
        shared.leaveSeat()
    }
}
