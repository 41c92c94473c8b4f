import ProxyCore
import Wire

extension SnapshotBuilder {
    // MARK: Listeners

    /// Where to listen: what was written, else the default with the platform's port.
    mutating func listeners() -> [Listener] {
        guard let written = root.any("listen") else { return [Listener(address: defaultAddress())] }
        let items: [Decoded]
        if case .list(let list) = written.value { items = list } else { items = [written] }
        if items.isEmpty { report(written, "an empty list", "at least one address") }
        var listeners: [Listener] = []
        for item in items {
            guard let listener = listener(item) else { continue }
            if listener.address.port != 0, listeners.contains(where: { $0.address == listener.address }) {
                report(item, "\(listener.address) a second time", "each address once")
            }
            listeners.append(listener)
        }
        if case .file = written.source, let text = environment["PORT"], let port = UInt16(text),
            !listeners.isEmpty, !listeners.contains(where: { $0.address.port == port })
        {
            warn(
                written, "no listener on \(port), which PORT asks for",
                "a listener on the port that the platform gives",
                "remove listen from the file if the platform should choose the port")
        }
        return listeners
    }

    private mutating func listener(_ item: Decoded) -> Listener? {
        switch item.value {
        case .address(let address): return Listener(address: address)
        case .map(let map):
            var secured: ListenerTLS?
            if let written = map.any("tls") { secured = tls(written) }
            guard let address = map.any("address") else {
                report(item, "a listener without an address", "address: host:port", "add address: 0.0.0.0:8080")
                return nil
            }
            guard case .address(let value) = address.value else { return nil }
            return Listener(address: value, tls: secured)
        default: return nil
        }
    }

    private mutating func tls(_ written: Decoded) -> ListenerTLS? {
        guard case .map(let map) = written.value else { return nil }
        var certificates: [CertificateFiles] = []
        if map.any("certificate") != nil || map.any("key") != nil, let pair = certificate(written) {
            certificates.append(pair)
        }
        for item in map.list("certificates") ?? [] {
            if let pair = certificate(item) { certificates.append(pair) }
        }
        if map.any("certificate") == nil, map.any("key") == nil,
            map.list("certificates")?.isEmpty ?? (map.any("certificates") == nil)
        {
            report(written, "TLS without a certificate", "certificate and key", "add certificate: FILE and key: FILE")
        }
        return ListenerTLS(
            certificates: certificates, clientAuthorityFile: map.text("client_ca"), keyLogFile: keyLog(map))
    }

    /// The file for TLS secrets; a warning goes with it at each start.
    mutating func keyLog(_ map: DecodedMap) -> String? {
        guard let path = map.text("key_log"), let written = map.any("key_log") else { return nil }
        warn(
            written, "a key log of TLS sessions", "none, but for the time of a search",
            "whoever has the file can decrypt these sessions; remove key_log, and the file, when the search is over")
        check(.privateFile, path, at: written)
        return path
    }

    /// A certificate and its key, which need each other.
    private mutating func certificate(_ written: Decoded) -> CertificateFiles? {
        guard case .map(let map) = written.value else { return nil }
        for (has, needs) in [("certificate", "key"), ("key", "certificate")] where map.any(needs) == nil {
            if let place = map.any(has) {
                report(place, "a \(has) without its \(needs)", "certificate and key together", "add \(needs): FILE")
                return nil
            }
        }
        guard let certificate = map.text("certificate"), let key = map.text("key") else {
            if map.entries.isEmpty { report(written, "a certificate without files", "certificate and key") }
            return nil
        }
        return CertificateFiles(certificate: certificate, key: key)
    }

    /// `0.0.0.0:$PORT`, else `0.0.0.0:8080`.
    private mutating func defaultAddress() -> SocketAddress {
        var address = Snapshot.defaultListener
        guard let text = environment["PORT"], !text.isEmpty else { return address }
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text), port > 0 {
            address.port = port
        } else {
            problems.append(
                ConfigurationProblem(
                    source: .environment("PORT"), key: "listen", observed: Excerpt.quoted(text),
                    expected: "a port from 1 to 65535"))
        }
        return address
    }

    // MARK: Addresses together

    mutating func trustedProxies() -> [AddressBlock] {
        var blocks: [AddressBlock] = []
        for item in root.list("trusted_proxies") ?? [] {
            guard case .block(let block) = item.value else { continue }
            if block.description.hasSuffix("/0") {
                warn(
                    item, "\(block), which is everybody", "the addresses of the proxies in front",
                    "any client can now say which address it comes from; name the platform's blocks if it has any")
            }
            blocks.append(block)
        }
        return blocks
    }

    /// Nothing listens twice, and nothing forwards to itself.
    mutating func checkAddresses(_ snapshot: Snapshot) {
        if let admin = snapshot.admin.listener, admin.port != 0,
            let place = root.map("admin")?.any("listen") ?? root.any("listen"),
            snapshot.listeners.contains(where: { $0.address.port == admin.port && $0.address.overlaps(admin) })
        {
            report(
                place, "\(admin) for the admin endpoints and for clients", "an address for each",
                "give admin.listen another port, or off")
        }
        for cluster in snapshot.clusters {
            for endpoint in cluster.endpoints {
                let address =
                    endpoint.host == "localhost"
                    ? SocketAddress(v4: 0x7F00_0001, port: endpoint.port) : endpoint.address
                guard let address,
                    snapshot.listeners.contains(where: {
                        $0.address.port == address.port && $0.address.overlaps(address)
                    })
                else { continue }
                let written = root.any("upstream") ?? root.any("clusters") ?? root.any("routes")
                guard let written else { continue }
                report(
                    written, "\(endpoint), where Gatehouse itself listens", "the address of the backend",
                    "requests would go round in circles; let the backend listen on another port")
            }
        }
    }
}

extension SocketAddress {
    /// Whether a listener on this address would take connections to `other`, ports apart.
    fileprivate func overlaps(_ other: SocketAddress) -> Bool {
        if isUnspecified { return other.isLoopback || other.isUnspecified }
        return (high, low) == (other.high, other.low) || other.isUnspecified && isLoopback
    }

    /// 0.0.0.0 or ::.
    private var isUnspecified: Bool { high == 0 && (low == 0 || low == 0x0000_FFFF_0000_0000) }
}
