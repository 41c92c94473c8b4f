import Wire

extension Timestamp {
    /// The point as a person reads it in a sentence: `2026-03-01 12:30:00 UTC`.
    var calendarText: String {
        let seconds = nanoseconds / 1_000_000_000
        let (year, month, day) = Timestamp.date(dayNumber: Int(seconds / 86_400))
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        let time = [seconds % 86_400 / 3_600, seconds % 3_600 / 60, seconds % 60].map { two(Int($0)) }
        return "\(year)-\(two(month))-\(two(day)) \(time.joined(separator: ":")) UTC"
    }

    /// Year, month and day of the day that lies `dayNumber` days after 1970-01-01, in the Gregorian calendar.
    ///
    /// Counts in eras of 400 years whose years begin in March, so that the leap day comes last.
    private static func date(dayNumber: Int) -> (Int, Int, Int) {
        let shifted = dayNumber + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
