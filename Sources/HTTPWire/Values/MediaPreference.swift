/// Which of two kinds of page a client would rather have (RFC 9110 §12.5.1).
public enum MediaPreference: Sendable, Hashable {
    case html, json

    /// HTML, unless `Accept` gives JSON a greater weight, or the same weight but by name where HTML has only a wildcard.
    public init(_ head: MessageHead) {
        var html = Match()
        var json = Match()
        for element in head.elements(of: .accept) {
            var parameters = FieldParameters(element)
            guard let range = parameters.next(in: head.bytes)?.name else { continue }
            var weight = 1000
            while let parameter = parameters.next(in: head.bytes) {
                guard head.bytes.matches("q", at: parameter.name), let value = parameter.value else { continue }
                weight = MediaPreference.weight(head.bytes, value)
            }
            let everything = head.bytes.equals("*/*", at: range)
            html.take(
                weight,
                head.bytes.matches("text/html", at: range) ? 2 : head.bytes.matches("text/*", at: range) ? 1 : everything ? 0 : -1)
            json.take(
                weight,
                head.bytes.matches("application/json", at: range)
                    ? 2
                    : head.bytes.matches("application/*", at: range) ? 1 : everything ? 0 : -1)
        }
        let isBetter = json.weight > html.weight || (json.weight == html.weight && json.specificity > html.specificity)
        self = json.weight > 0 && isBetter ? .json : .html
    }

    /// The most specific range that matches, and its weight in thousandths.
    private struct Match {
        var weight = 0
        var specificity = -1

        mutating func take(_ weight: Int, _ specificity: Int) {
            guard specificity > self.specificity else { return }
            self.weight = weight
            self.specificity = specificity
        }
    }

    /// `0.5` → 500; what isn't a weight counts as 0.
    private static func weight(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        guard let first = range.first, range.count <= 5, bytes[first] == 0x30 || bytes[first] == 0x31 else { return 0 }
        var weight = bytes[first] == 0x31 ? 1000 : 0
        guard range.count > 1 else { return weight }
        guard bytes[first + 1] == 0x2E else { return 0 }
        var digit = 100
        for index in range.dropFirst(2) {
            guard bytes[index].isDigit else { return 0 }
            weight += digit * Int(bytes[index] - 0x30)
            digit /= 10
        }
        return min(weight, 1000)
    }
}
