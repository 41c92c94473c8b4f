import ProxyCore
import Wire

extension SnapshotBuilder {
    /// How JWT are checked, and by which keys.
    mutating func tokenSettings(_ written: Decoded) -> TokenSettings? {
        guard case .map(let map) = written.value else { return nil }
        var settings = TokenSettings()
        settings.keyFile = map.text("keys")
        settings.secret = map.text("secret").map(Secret.init)
        if let name = map.text("secret_variable"), let place = map.any("secret_variable") {
            if let secret = environment[name], !secret.isEmpty {
                settings.secret = Secret(secret)
            } else {
                report(
                    place, "the variable \(name), which is not set", "a variable with the secret", "set \(name) in the environment")
            }
        }
        if let text = map.text("url"), let place = map.any("url") {
            settings.url = ServiceURL(text)
            if settings.url == nil {
                report(place, Excerpt.quoted(text), "the URL of a key set, such as https://issuer.example/.well-known/jwks.json")
            } else if let url = settings.url, !url.endpoint.isSecure, url.endpoint.address?.isLoopback != true {
                warn(
                    place, "keys that are fetched without TLS", "https",
                    "anybody on the way could put keys of their own in the place of the issuer's")
            }
        }
        if let place = map.any("tls") {
            if map.any("url") == nil {
                report(place, "tls for keys that are not fetched", "url beside it", "remove tls, or fetch the keys by url")
            }
            settings.tls = upstreamTLS(place, for: settings.url.map { [$0.endpoint] } ?? [])
        }
        let given = ["keys", "url", "secret", "secret_variable"].compactMap { map.any($0) }
        if given.isEmpty {
            report(written, "jwt without keys", "keys, url, secret or secret_variable", "add keys: FILE with PEM, a JWK or a JWKS")
        } else if given.count > 1 {
            report(given[1], "keys in two places", "one of keys, url, secret and secret_variable", "remove the other")
        }
        settings.algorithms = Set(texts(map.list("algorithms")).compactMap(TokenAlgorithm.init))
        settings.rule.issuers = names(map, "issuer")
        settings.rule.audiences = names(map, "audience")
        if let leeway = map.duration("leeway") {
            settings.rule.leeway = leeway
            if leeway > .seconds(60), let place = map.any("leeway") {
                report(
                    place, DurationText.text(leeway), "at most 1m", "a token that is valid for longer than it says is another token"
                )
            }
        }
        if let requires = map.boolean("require_exp") { settings.rule.requiresExpiry = requires }
        if let claim = map.text("user") { settings.rule.userClaim = claim }
        return settings
    }

    private func names(_ map: DecodedMap, _ key: String) -> [String] {
        map.text(key).map { [$0] } ?? texts(map.list(key))
    }
}
