import CaptureFile

/// Where in a JSON document something stands: `$.user.id`, `$.items[0].at`, `$.items[*].at`, `$..id` (at any depth).
struct JSONPath: Equatable {
    enum Step: Equatable {
        case key(String)
        case index(Int)
        /// Every element, or every member.
        case all
        /// A member of that name at any depth.
        case anywhere(String)
    }

    let steps: [Step]

    /// Reads a path; nil if it is none. The `$` may be left out.
    init?(_ text: String) {
        var rest = Substring(text)
        if rest.first == "$" { rest = rest.dropFirst() } else if rest.first != ".", rest.first != "[" { rest = "." + rest }
        var steps: [Step] = []
        while let first = rest.first {
            if first == "[" {
                guard let end = rest.firstIndex(of: "]") else { return nil }
                let inside = rest[rest.index(after: rest.startIndex)..<end]
                rest = rest[rest.index(after: end)...]
                if inside == "*" {
                    steps.append(.all)
                } else if let index = Int(inside), index >= 0 {
                    steps.append(.index(index))
                } else if inside.count > 2, let quote = inside.first, quote == "\"" || quote == "'", inside.last == quote {
                    steps.append(.key(String(inside.dropFirst().dropLast())))
                } else {
                    return nil
                }
                continue
            }
            guard first == "." else { return nil }
            let isAnywhere = rest.hasPrefix("..")
            rest = rest.dropFirst(isAnywhere ? 2 : 1)
            let name = rest.prefix { $0 != "." && $0 != "[" }
            guard !name.isEmpty else { return nil }
            rest = rest[name.endIndex...]
            steps.append(isAnywhere ? .anywhere(String(name)) : name == "*" ? .all : .key(String(name)))
        }
        guard !steps.isEmpty else { return nil }
        self.steps = steps
    }

    /// The name of the member that it leads to, where it ends with one.
    var lastKey: String? {
        switch steps.last {
        case .key(let key), .anywhere(let key): key
        default: nil
        }
    }

    /// What stands there, in the document's order.
    func values(in node: JSONNode) -> [JSONNode] { values(node, steps[...]) }

    private func values(_ node: JSONNode, _ steps: ArraySlice<Step>) -> [JSONNode] {
        guard let step = steps.first else { return [node] }
        let rest = steps.dropFirst()
        switch (step, node) {
        case (.key(let key), .object(let members)):
            return members.filter { $0.key == key }.flatMap { values($0.value, rest) }
        case (.index(let index), .array(let elements)):
            return index < elements.count ? values(elements[index], rest) : []
        case (.all, .array(let elements)): return elements.flatMap { values($0, rest) }
        case (.all, .object(let members)): return members.flatMap { values($0.value, rest) }
        case (.anywhere(let key), .object(let members)):
            return members.flatMap { ($0.key == key ? values($0.value, rest) : []) + values($0.value, steps) }
        case (.anywhere, .array(let elements)): return elements.flatMap { values($0, steps) }
        default: return []
        }
    }

    /// The document without what stands there. Elements of arrays become null, so that the others keep their places.
    func removing(from node: JSONNode) -> JSONNode { removing(node, steps[...]) ?? .null }

    private func removing(_ node: JSONNode, _ steps: ArraySlice<Step>) -> JSONNode? {
        guard let step = steps.first else { return nil }
        let rest = steps.dropFirst()
        switch (step, node) {
        case (.key(let key), .object(let members)):
            return .object(members.compactMap { $0.key == key ? member($0, rest) : $0 })
        case (.index(let index), .array(let elements)):
            return .array(elements.enumerated().map { $0.offset == index ? removing($0.element, rest) ?? .null : $0.element })
        case (.all, .array(let elements)): return .array(elements.map { removing($0, rest) ?? .null })
        case (.all, .object(let members)): return .object(members.compactMap { member($0, rest) })
        case (.anywhere(let key), .object(let members)):
            return .object(
                members.compactMap { given in
                    guard let kept = given.key == key ? member(given, rest) : given else { return nil }
                    return member(kept, steps)
                })
        case (.anywhere, .array(let elements)): return .array(elements.map { removing($0, steps) ?? .null })
        default: return node
        }
    }

    private func member(_ member: JSONNode.Member, _ steps: ArraySlice<Step>) -> JSONNode.Member? {
        removing(member.value, steps).map { JSONNode.Member(key: member.key, value: $0) }
    }
}
