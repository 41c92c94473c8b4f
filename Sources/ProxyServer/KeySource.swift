import Configuration
import Credentials
import ProxyCore

/// Where a route's token keys are fetched from, and where they go.
struct KeySource: Sendable {
    let url: ServiceURL
    let algorithms: Set<TokenAlgorithm>
    let keys: TokenKeys
}
