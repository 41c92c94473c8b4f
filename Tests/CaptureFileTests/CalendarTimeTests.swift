import CaptureFile
import Testing
import Wire

struct CalendarTimeTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", UInt64(0)), ("2000-02-29T12:30:45.123456789Z", 951_827_445_123_456_789),
        ("2024-03-01T01:00:00.5+01:00", 1_709_251_200_500_000_000),
        ("2554-07-21T23:34:33.709551615Z", UInt64.max),
    ])
    func `times are read with fraction and offset`(_ text: String, _ nanoseconds: UInt64) {
        #expect(CalendarTime.parse(text) == Timestamp(nanoseconds: nanoseconds))
    }

    @Test(arguments: [
        "", "2024-03-01", "2024-13-01T00:00:00Z", "2024-03-01T00:00:00", "1969-12-31T23:59:59Z", "2024-03-01T00:00:00+1",
        "2554-07-21T23:34:33.709551616Z", "2554-07-21T23:34:34Z", "9999-12-31T23:59:59Z",
    ])
    func `what is no time, and what lies behind the last, gives none`(_ text: String) { #expect(CalendarTime.parse(text) == nil) }
}
