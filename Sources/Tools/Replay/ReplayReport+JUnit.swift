import Telemetry
import Wire

/// What test runners read: JUnit's XML. A test case keeps its name from run to run, so that a case's history can be followed.
extension ReplayReport {
    /// A test suite as JUnit's readers know it: a test case for each session that is listed, and counts of those. What couldn't be played is an error, since it tests nothing.
    func junit(_ page: ReportPage, _ redaction: LogRedaction) -> String {
        let failures = sessions.count { !$0.differences.isEmpty }
        var text = ReplayReport.suite(
            tests: sessions.count + skipped.count, failures: failures, errors: skipped.count, time: seconds(figures.span))
        for session in sessions {
            let turn = session.repetition > 0 ? " (repetition \(session.repetition + 1))" : ""
            let name = ReplayReport.name(session, page, redaction) + turn
            text += "  <testcase classname=\"gatehouse.replay\" name=\"\(ReplayReport.xml(name))\""
            guard let first = session.differences.first else {
                text += "/>\n"
                continue
            }
            let sentences = session.differences.map { ReplayReport.xml(page.visible($0.sentence, redaction)) }
            text +=
                ">\n    <failure type=\"\(first.kind.rawValue)\" message=\"\(sentences.first ?? "")\">\(sentences.joined(separator: "\n"))</failure>\n  </testcase>\n"
        }
        for (number, why) in skipped {
            text += ReplayReport.error("session \(number)", type: "not-played", page.visible(why, redaction))
        }
        if unlisted > 0 {
            text +=
                "  <system-out>\(unlisted) more sessions are not listed, \(max(differing - failures, 0)) of them with differences</system-out>\n"
        }
        return text + "</testsuite>\n"
    }

    /// The suite of a run that came to nothing, with the reason as its one error.
    static func junit(failed sentence: String) -> String {
        suite(tests: 1, failures: 0, errors: 1, time: "0.000") + error("target", type: "connection", sentence) + "</testsuite>\n"
    }

    private static func suite(tests: Int, failures: Int, errors: Int, time: String) -> String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"gatehouse replay\" tests=\"\(tests)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"0\" time=\"\(time)\">\n"
    }

    private static func error(_ name: String, type: String, _ sentence: String) -> String {
        "  <testcase classname=\"gatehouse.replay\" name=\"\(xml(name))\">\n    <error type=\"\(type)\" message=\"\(xml(sentence))\"/>\n  </testcase>\n"
    }

    /// Number and path: queries have tokens and times, and a secret's fingerprint is another one in each run.
    private static func name(_ session: Session, _ page: ReportPage, _ redaction: LogRedaction) -> String {
        let path = session.request.prefix { $0 != "?" }
        return page.visible("session \(session.number) \(path)", redaction)
            .replacing(#/«redacted:[0-9a-f]+»/#, with: "«redacted»")
    }

    private func seconds(_ span: TimeSpan) -> String {
        let millis = span.nanoseconds / 1_000_000
        let fraction = "\(millis % 1000)"
        return "\(millis / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }

    private static func xml(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            // XML 1.0 has no place for other controls, escaped or not.
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
