import HTTPWire
import ProxyCore
import Wire

extension SnapshotBuilder {
    /// The service that judges in Gatehouse's place.
    mutating func forwardRule(_ written: Decoded) -> ForwardRule? {
        guard case .map(let map) = written.value else { return nil }
        guard let text = map.text("url"), let place = map.any("url") else {
            if map.any("url") == nil { report(written, "forward without a service", "url", "add url: http://127.0.0.1:9000/check") }
            return nil
        }
        guard let url = ServiceURL(text) else {
            report(place, Excerpt.quoted(text), "the URL of a service, such as http://127.0.0.1:9000/check")
            return nil
        }
        if !url.endpoint.isSecure, url.endpoint.address?.isLoopback != true {
            warn(
                place, "credentials that are sent to another host without TLS", "https, or a service on this host",
                "anybody on the way could read them, or answer in the service's place")
        }
        var rule = ForwardRule(url: url)
        rule.tls = upstreamTLS(map.any("tls"), for: [url.endpoint])
        if let span = map.duration("timeout") { rule.timeout = span }
        if let span = map.duration("cache") { rule.keeps = span }
        if map.any("fields") != nil { rule.fields = fieldNames(map, "fields") { ForwardRule.mayCarry($0) } }
        rule.user = map.text("user").flatMap { FieldName($0) }
        if let user = rule.user, user.known != .other, let place = map.any("user") {
            report(place, "\(Excerpt.quoted(map.text("user") ?? "")), which HTTP itself or Gatehouse uses", "another field")
        }
        rule.passes = fieldNames(map, "pass") { $0.known == .other }
        return rule
    }

    /// Fields that mean something to HTTP itself are not for anybody to hand on.
    private mutating func fieldNames(_ map: DecodedMap, _ key: String, _ isFit: (FieldName) -> Bool) -> [FieldName] {
        var names: [FieldName] = []
        for item in map.list(key) ?? [] {
            guard case .text(let text) = item.value, let name = FieldName(text) else { continue }
            if isFit(name) {
                names.append(name)
            } else {
                report(item, "\(Excerpt.quoted(text)), which HTTP itself or Gatehouse uses", "another field")
            }
        }
        return names
    }
}
