/// Completions that wait to be handed out: a ring that grows and never shrinks, so that the steady state allocates nothing.
struct CompletionQueue {
    private var items: [Completion] = Array(repeating: .woken, count: 64)
    private var head = 0
    private var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func push(_ completion: Completion) {
        if count == items.count { grow() }
        items[(head + count) & (items.count - 1)] = completion
        count += 1
    }

    mutating func pop() -> Completion? {
        guard count > 0 else { return nil }
        let item = items[head]
        head = (head + 1) & (items.count - 1)
        count -= 1
        return item
    }

    private mutating func grow() {
        let ordered = Array(items[head...] + items[..<head])
        items = ordered + Array(repeating: .woken, count: ordered.count)
        head = 0
    }
}
