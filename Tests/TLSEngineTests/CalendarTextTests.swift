import Testing
import Wire

@testable import TLSEngine

@Suite struct CalendarTextTests {
    @Test(arguments: [
        (0, "1970-01-01 00:00:00 UTC"), (951_782_400, "2000-02-29 00:00:00 UTC"),
        (951_868_799, "2000-02-29 23:59:59 UTC"),
        (4_107_542_400, "2100-03-01 00:00:00 UTC"), (1_735_689_599, "2024-12-31 23:59:59 UTC"),
    ])
    func `a point in time reads as its date`(_ seconds: UInt64, _ text: String) {
        #expect((Timestamp.zero + .seconds(seconds)).calendarText == text)
    }
}

@Suite struct SecureRandomTests {
    @Test func `a filled buffer is filled to its end, and never twice the same`() {
        var first = [UInt8](repeating: 0, count: 4_096)
        var second = first
        first.withUnsafeMutableBytes { SecureRandom.fill($0) }
        second.withUnsafeMutableBytes { SecureRandom.fill($0) }
        #expect(first != second)
        #expect(first.suffix(16).contains { $0 != 0 })
        #expect(Set(first).count == 256)
    }

    @Test func `an empty buffer is nothing to fill`() {
        SecureRandom.fill(UnsafeMutableRawBufferPointer(start: nil, count: 0))
        var random = SecureRandom()
        #expect(random.next() != random.next())
    }
}
