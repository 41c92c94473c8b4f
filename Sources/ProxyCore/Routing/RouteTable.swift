/// The routes in the order in which they are tried: the most specific first.
///
/// An exact host beats a suffix, a longer suffix a shorter one, and every host beats none; with the host equal, an exact
/// path beats a prefix and a longer prefix a shorter one. The order of the file matters only between routes that match
/// the same, and those the configuration refuses.
public struct RouteTable: Sendable, Hashable {
    /// Most specific first.
    public let routes: [Route]

    public init(_ routes: [Route]) {
        let order = routes.indices.sorted { a, b in
            let (first, second) = (routes[a].match, routes[b].match)
            if first.host.specificity != second.host.specificity {
                return first.host.specificity > second.host.specificity
            }
            if first.path.specificity != second.path.specificity {
                return first.path.specificity > second.path.specificity
            }
            return a < b
        }
        self.routes = order.map { routes[$0] }
    }

    /// The index in `routes` of the route that serves a request, or nil if none does.
    ///
    /// - Parameters:
    ///   - host: The host without its port, an IPv6 address with its brackets; empty if the request names none.
    ///   - path: The canonical path, without query.
    public func match(host: RawSpan, path: RawSpan) -> Int? {
        for index in routes.indices
        where routes[index].match.path.matches(path) && routes[index].match.host.matches(host) {
            return index
        }
        return nil
    }
}
