import ProxyCore
import TLSEngine

/// What the services that the gate asks are spoken to with: one context for all that are checked alike, since each holds a whole store of
/// authorities.
struct ServiceContexts {
    private(set) var all: [UpstreamTLS: TLSContext] = [:]

    /// The context for `url`; nil where it is spoken to without TLS. An error says what is wrong with the files that `tls` names.
    mutating func context(for url: ServiceURL, _ tls: UpstreamTLS) throws(ServerStateError) -> TLSContext? {
        guard url.endpoint.isSecure else { return nil }
        if let known = all[tls] { return known }
        do throws(TLSContextError) {
            let made = try ServerState.context(tls)
            all[tls] = made
            return made
        } catch {
            throw ServerStateError(description: "\(error)")
        }
    }
}
