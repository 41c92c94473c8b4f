import Testing

@testable import Diagnosis

@Suite struct `The width of text` {
    @Test(
        arguments: [
            (nil, 80, 80), ("72", 80, 72), ("72", nil, 72), (nil, 20, 60), (nil, 400, 120), ("9999", 80, 120), ("1", 80, 60),
            ("", 80, 80), ("0", 80, 80), ("-5", 80, 80), ("wide", 80, 80), (nil, 0, 100), (nil, nil, 100),
        ] as [(String?, Int?, Int)])
    func `is what COLUMNS says, or the terminal, from 60 to 120`(variable: String?, terminal: Int?, columns: Int) {
        #expect(TextWidth(variable: variable, terminal: terminal).columns == columns)
    }

    @Test func `is kept by every line, and nothing but blanks is lost`() {
        let text = "Ein Satz mit Wörtern und \(String(repeating: "x", count: 130)) dahinter, der  doppelte Blanks hat "
        for columns in 60...120 {
            let width = TextWidth(columns)
            for (indent, used) in [(0, nil), (14, nil), (14, 40), (4, 0)] as [(Int, Int?)] {
                let lines = width.lines(text, indent: indent, used: used)
                #expect(lines[0].count <= columns - (used ?? indent))
                #expect(lines.dropFirst().allSatisfy { $0.count <= columns - indent })
                #expect(lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
            }
        }
        #expect(TextWidth(60).lines("") == [""])
    }

    @Test(arguments: [60, 80, 100, 120])
    func `is kept by what explain prints`(columns: Int) {
        let width = TextWidth(columns)
        for cause in Cause.allCases {
            let lines = CauseCatalogue.explanation(cause, width).split(separator: "\n")
            #expect(lines.allSatisfy { $0.count <= columns }, "\(cause)")
        }
        #expect(CauseCatalogue.list(width).split(separator: "\n").allSatisfy { $0.count <= columns })
        #expect(CauseCatalogue.explanation(.idleTimeout, TextWidth(60)) != CauseCatalogue.explanation(.idleTimeout, TextWidth(120)))
    }
}
