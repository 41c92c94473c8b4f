import ProxyCore
import Testing

@Suite struct FairLineTests {
    private func drain<Waiter: Sendable>(_ line: inout FairLine<String, Waiter>) -> [Waiter] {
        var served: [Waiter] = []
        while let next = line.next() { served.append(next) }
        return served
    }

    @Test func `of each client one is served before the second of any`() {
        var line = FairLine<String, String>(capacity: 16, share: 8)
        let waiters = ["a1", "a2", "a3", "b1", "b2", "c1"]
        let taken = waiters.map { line.append($0, of: String($0.prefix(1))) }
        #expect(!taken.contains(false))
        let served = drain(&line)
        #expect(served == ["a1", "b1", "c1", "a2", "b2", "a3"])
        #expect(line.count == 0)
        let nobody = line.next()
        #expect(nobody == nil)
    }

    @Test func `who comes while others are served takes the present turn, not one that is over`() {
        var line = FairLine<String, String>(capacity: 16, share: 8)
        for waiter in ["a1", "a2", "a3", "a4"] { _ = line.append(waiter, of: "a") }
        let first = [line.next(), line.next()]
        #expect(first == ["a1", "a2"])
        _ = line.append("b1", of: "b")
        _ = line.append("a5", of: "a")
        var served = drain(&line)
        #expect(served == ["b1", "a3", "a4", "a5"])
        // A line that was empty owes nobody anything.
        _ = line.append("c1", of: "c")
        _ = line.append("a6", of: "a")
        served = drain(&line)
        #expect(served == ["c1", "a6"])
    }

    @Test func `a steady flow of those whom nobody knows leaves each client its second turn`() {
        var line = FairLine<String, String>(capacity: 16, share: 8)
        for waiter in ["a1", "a2", "a3"] { _ = line.append(waiter, of: "a") }
        var served: [String] = []
        for number in 1...8 {
            _ = line.append("?\(number)", of: nil)
            _ = line.append("!\(number)", of: nil)
            if let next = line.next() { served.append(next) }
        }
        #expect(served.filter { $0.hasPrefix("a") } == ["a1", "a2", "a3"])
    }

    @Test func `one client fills half of the line, and many fill all of it`() {
        var line = FairLine<String, Int>(capacity: 8, share: 2)
        var taken = (0..<20).map { line.append($0, of: "a") }
        #expect(taken.filter { $0 }.count == 4)
        taken = (0..<3).map { line.append($0, of: "b") }
        #expect(taken == [true, true, false])
        taken = (0..<3).map { line.append($0, of: nil) }
        #expect(taken == [true, true, false], "who is known to nobody is a client of its own, until the line is full")
        #expect(line.count == 8)
        line.removeAll()
        #expect(line.count == 0)
        let nobody = line.next()
        #expect(nobody == nil)
    }
}
