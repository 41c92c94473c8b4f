import ProxyCore

/// A session that counts under an address, a user and a route, for as long as this object lives: whoever lets go of it last, by whatever
/// way the session ended, releases the count.
final class Admission {
    private let shared: SharedParts
    private let keys: [SessionKey]

    init(_ shared: SharedParts, _ keys: [SessionKey]) {
        self.shared = shared
        self.keys = keys
    }

    deinit { shared.release(keys) }
}
