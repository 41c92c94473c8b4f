// Fields in which a proxy or a content delivery network tells a backend where a request comes from (threats B18, B20).
//
// Besides `X-Forwarded-*` and `Forwarded`, which are written anew for everybody, each network has a field of its own, and frameworks read
// whichever their operator named. From a peer that is no trusted proxy such a field is the client's own claim, so it stays behind; a trusted
// proxy's word goes on as it is. None of them is read here: whom Gatehouse believes is `ClientIdentity`'s matter.
import HTTPWire

/// The names of fields that say what a client's address is.
enum ClientAddressFields {
    /// Whether a name is one of them, in every spelling: without case, `_` as `-`.
    static func contains(_ bytes: [UInt8], _ name: Range<Int>) -> Bool {
        // Nearly every other name is told from these by its last letter: …-ip, -for, -addr, -address, -forwarded, …v4, …v6.
        guard name.upperBound <= bytes.count, let last = name.last else { return false }
        switch bytes[last].lowercased {
        case 0x34, 0x36, 0x64, 0x70, 0x72, 0x73: break
        default: return false
        }
        return switch name.count {
        case 9: bytes.matchesFolded("x-real-ip", at: name) || bytes.matchesFolded("client-ip", at: name)
        case 11:
            bytes.matchesFolded("x-client-ip", at: name) || bytes.matchesFolded("x-remote-ip", at: name)
                || bytes.matchesFolded("x-forwarded", at: name)
        case 13:
            bytes.matchesFolded("fly-client-ip", at: name) || bytes.matchesFolded("x-client-addr", at: name)
                || bytes.matchesFolded("x-remote-addr", at: name) || bytes.matchesFolded("forwarded-for", at: name)
        case 14:
            bytes.matchesFolded("true-client-ip", at: name) || bytes.matchesFolded("cf-pseudo-ipv4", at: name)
                || bytes.matchesFolded("x-proxyuser-ip", at: name)
        case 15:
            bytes.matchesFolded("proxy-client-ip", at: name) || bytes.matchesFolded("incap-client-ip", at: name)
                || bytes.matchesFolded("ali-cdn-real-ip", at: name)
        case 16:
            bytes.matchesFolded("cf-connecting-ip", at: name) || bytes.matchesFolded("fastly-client-ip", at: name)
                || bytes.matchesFolded("x-originating-ip", at: name) || bytes.matchesFolded("x-azure-clientip", at: name)
                || bytes.matchesFolded("x-azure-socketip", at: name) || bytes.matchesFolded("do-connecting-ip", at: name)
                || bytes.matchesFolded("akamai-client-ip", at: name)
        case 17: bytes.matchesFolded("x-sucuri-clientip", at: name)
        case 18:
            bytes.matchesFolded("cf-connecting-ipv6", at: name) || bytes.matchesFolded("cf-connecting-ipv4", at: name)
                || bytes.matchesFolded("wl-proxy-client-ip", at: name) || bytes.matchesFolded("x-akamai-client-ip", at: name)
        case 19: bytes.matchesFolded("x-cluster-client-ip", at: name) || bytes.matchesFolded("x-appengine-user-ip", at: name)
        case 20: bytes.matchesFolded("x-vercel-proxied-for", at: name)
        case 22: bytes.matchesFolded("x-original-remote-addr", at: name) || bytes.matchesFolded("x-vercel-forwarded-for", at: name)
        case 24:
            bytes.matchesFolded("x-original-forwarded-for", at: name) || bytes.matchesFolded("x-envoy-external-address", at: name)
        case 25:
            bytes.matchesFolded("x-nf-client-connection-ip", at: name) || bytes.matchesFolded("cloudfront-viewer-address", at: name)
        default: false
        }
    }
}

extension [UInt8] {
    /// Whether the bytes of `range` spell `name` but for case and `_` in place of `-`; `name` is lower case.
    func matchesFolded(_ name: StaticString, at range: Range<Int>) -> Bool {
        range.count == name.utf8CodeUnitCount && beginsFolded(name, at: range)
    }

    /// Whether they begin so.
    func beginsFolded(_ text: StaticString, at range: Range<Int>) -> Bool {
        guard range.count >= text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount {
            let byte = self[range.lowerBound + index].lowercased
            guard unsafe (byte == 0x5F ? 0x2D : byte) == text.utf8Start[index] else { return false }
        }
        return true
    }
}
