import Configuration
import Credentials
import ProxyCore
import TLSEngine

/// Where a route's token keys are fetched from, and where they go.
struct KeySource: Sendable {
    let url: ServiceURL
    /// How it is spoken to, and with what, if it is `https`.
    let tls: UpstreamTLS
    let context: TLSContext?
    let algorithms: Set<TokenAlgorithm>
    let keys: TokenKeys
}
