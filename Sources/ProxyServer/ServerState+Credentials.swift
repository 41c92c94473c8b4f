import Configuration
import Credentials
import ProxyCore

/// Why a configuration that reads well can't be served: a certificate or a key that can't be loaded.
public struct ServerStateError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
}

extension ServerState {
    /// Services of the gate's whose certificates are not verified, because the operator said so.
    var unverifiedServices: [ServiceURL] {
        let forwards = snapshot.routes.routes.compactMap { $0.gate?.authentication?.forward }
        let all = forwards.map { ($0.url, $0.tls) } + keySources.map { ($0.url, $0.tls) }
        return all.filter { $0.0.endpoint.isSecure && !$0.1.verify }.map(\.0)
    }

    /// The checks of one route's credentials, with the files that they need.
    static func checker(
        _ settings: CredentialSettings, _ services: inout ServiceContexts, _ notices: inout [String], _ sources: inout [KeySource]
    ) throws(ServerStateError) -> CredentialChecker {
        var passwords: PasswordFile?
        if let path = settings.passwordFile {
            let bytes = try contents(path)
            do throws(KeySetError) { passwords = try PasswordFile(reading: bytes) } catch { throw problem(path, error) }
        }
        var tokens: TokenKeys?
        if let token = settings.token, let url = token.url {
            let keys = TokenKeys(nil)
            let context = try services.context(for: url, token.tls)
            sources.append(KeySource(url: url, tls: token.tls, context: context, algorithms: token.algorithms, keys: keys))
            tokens = keys
        } else if let token = settings.token {
            let place = token.keyFile ?? "auth.jwt.secret"
            let set: KeySet
            let bytes = try token.keyFile.map { path throws(ServerStateError) in try contents(path) }
            do throws(KeySetError) {
                if let bytes {
                    set = try KeySet(reading: bytes, algorithms: token.algorithms)
                } else {
                    set = try KeySet(secret: Array((token.secret?.revealed ?? "").utf8), algorithms: token.algorithms)
                }
            } catch { throw problem(place, error) }
            notices += set.notices.map { "\(place): \($0)" }
            tokens = TokenKeys(set)
        }
        return CredentialChecker(
            keys: settings.keys.map { StaticKey(name: $0.name, digest: $0.digest) }, passwords: passwords, tokens: tokens,
            rule: settings.token?.rule ?? .init(), certificates: settings.certificates)
    }

    private static func contents(_ path: String) throws(ServerStateError) -> [UInt8] {
        guard let bytes = KeyFile.read(path) else {
            throw ServerStateError(description: "\(path): can't be read; expected a file of keys or users that this user may read")
        }
        return bytes
    }

    private static func problem(_ path: String, _ error: KeySetError) -> ServerStateError {
        ServerStateError(description: "\(path): found \(error.observed); expected \(error.expected)")
    }
}
