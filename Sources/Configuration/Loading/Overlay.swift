/// Flags and environment, laid over the file's tree before it is decoded, so that they go through the same definitions and
/// get the same messages.
struct Overlay {
    /// The tree with everything in its place.
    private(set) var root: Node
    private(set) var problems: [ConfigurationProblem] = []
    private(set) var warnings: [ConfigurationProblem] = []

    init(on root: Node, environment: [String: String], flags: [String: String]) {
        self.root = root
        if case .scalar("off", _)? = root["admin"]?.content, let admin = root["admin"] {
            // The short form, written out, so that a flag for another key of it does not switch the listener on.
            self.root.set(["admin", "listen"], to: admin)
        }
        for (path, definition) in Schema.settable {
            // A platform that offers an empty variable offers none.
            if let name = definition.environment, let text = environment[name], !text.isEmpty {
                lay(text, .environment(name), path, definition)
            }
        }
        for (path, definition) in Schema.settable {
            if let name = definition.flag, let text = flags[name] { lay(text, .flag(name), path, definition) }
        }
        warnAboutNearMisses(environment)
    }

    private mutating func lay(
        _ text: String, _ source: ConfigurationSource, _ path: [String], _ definition: KeyDefinition
    ) {
        var path = path
        if definition.name == "upstream", case .map? = root["upstream"]?.content { path.append("url") }
        if definition.name == "listen", path.count == 1 {
            switch root["listen"]?.content {
            case .map: path.append("address")
            case .list(let items) where items.contains(where: { $0["tls"] != nil }):
                problems.append(
                    ConfigurationProblem(
                        source: source, key: "listen",
                        observed: "one address for the file's list of listeners with TLS",
                        expected: "an address where the file has one listener or none with TLS",
                        remedy: "change the file; otherwise its TLS would be lost silently"))
                return
            default: break
            }
        }
        var node = Node(.scalar(text, isPlain: true), at: source)
        if case .list = definition.kind {
            let items = text.split(separator: ",").map { item in
                Node(.scalar(item.trimmingSpaces, isPlain: true), at: source)
            }
            node = Node(.list(items), at: source)
        }
        root.set(path[...], to: node)
    }

    /// A variable that is nearly one of ours is probably meant to be it; but others may own names with our prefix (a
    /// Kubernetes service called gatehouse makes several), so this is no error.
    private mutating func warnAboutNearMisses(_ environment: [String: String]) {
        let names = Schema.settable.compactMap(\.definition.environment) + [Snapshot.fileVariable]
        for name in environment.keys.sorted() where name.hasPrefix("GATEHOUSE_") && !names.contains(name) {
            let own = name.dropFirst("GATEHOUSE_".count)
            guard
                let nearest = NearestName.of(String(own), among: names.map { String($0.dropFirst("GATEHOUSE_".count)) })
            else { continue }
            warnings.append(
                ConfigurationProblem(
                    source: .environment(Excerpt.plain(name, limit: 64)), key: "",
                    observed: "a variable that is not read",
                    expected: "one of the documented variables", remedy: "did you mean GATEHOUSE_\(nearest)?"))
        }
    }
}

extension Schema {
    /// The keys that a flag or the environment can set, with their paths from the top.
    static let settable: [(path: [String], definition: KeyDefinition)] = {
        var found: [(path: [String], definition: KeyDefinition)] = []
        func search(_ keys: [KeyDefinition], _ path: [String]) {
            for key in keys {
                if key.flag != nil || key.environment != nil { found.append((path + [key.name], key)) }
                search(key.kind.ownKeys, path + [key.name])
            }
        }
        search(root, [])
        return found
    }()
}

extension ValueKind {
    /// The keys of a value of this kind that is one map, not a list or a table of them.
    fileprivate var ownKeys: [KeyDefinition] {
        switch self {
        case .map(let keys): keys
        case .shapes(let kinds): kinds.flatMap(\.ownKeys)
        default: []
        }
    }
}

extension Substring {
    /// Without the spaces around it.
    fileprivate var trimmingSpaces: String {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
