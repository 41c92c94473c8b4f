import CAllocationCounter
import Testing

/// Counts the heap allocations of a piece of code on this thread.
enum AllocationCount {
    static var isAvailable: Bool { callocation_is_active() }

    static func of(_ body: () throws -> Void) rethrows -> UInt64 {
        let before = callocation_count()
        try body()
        return callocation_count() - before
    }
}

@Suite struct AllocationCountTests {
    @Test(.enabled(if: AllocationCount.isAvailable, "a sanitizer's allocator is in use"))
    func `allocations of Swift and of C are counted, work without them counts as none`() {
        var kept: [[Int]] = []
        kept.reserveCapacity(100)
        let many = AllocationCount.of { for length in 1...100 { kept.append([Int](repeating: length, count: length)) } }
        #expect(many >= 100)
        let objects = AllocationCount.of { for _ in 0..<10 { withExtendedLifetime(Box(kept.count)) {} } }
        #expect(objects >= 10)
        var sum = 0
        let none = AllocationCount.of { for index in 0..<1000 { sum &+= index } }
        #expect(none == 0)
        #expect(sum == 499_500)
    }

    private final class Box {
        let value: Int
        init(_ value: Int) { self.value = value }
    }
}
