import Admin
import Foundation
import Telemetry
import Testing
import Wire

/// The three parts fit each other and what they ask, and leave nothing for what clients sent to run in.
@Suite struct LivePageTests {
    private func text(_ part: LivePage) -> String { String(decoding: part.response.body, as: UTF8.self) }

    private func matches(_ pattern: String, in text: String) throws -> Set<String> {
        let expression = try NSRegularExpression(pattern: pattern)
        return Set(
            expression.matches(in: text, range: NSRange(text.startIndex..., in: text)).compactMap {
                Range($0.range(at: 1), in: text).map { String(text[$0]) }
            })
    }

    @Test(arguments: LivePage.allCases)
    func `each part may load the other two and nothing else`(part: LivePage) {
        let fields = Dictionary(uniqueKeysWithValues: part.response.fields.map { ($0.name, $0.value) })
        #expect(
            fields["Content-Security-Policy"]
                == "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        #expect(fields["X-Content-Type-Options"] == "nosniff" && fields["Cache-Control"] == "no-store")
        #expect(!text(part).contains("http://") || part == .script, "nothing from elsewhere")
    }

    @Test func `the document has no script, style or handler of its own, which the policy would forbid`() {
        let document = text(.document)
        #expect(!document.contains("<style") && !document.contains("style=") && !document.contains("javascript:"))
        #expect(
            document.components(separatedBy: "<script").count == 2 && document.contains("<script src=\"page.js\" defer></script>"))
        #expect(document.range(of: " on[a-z]+=", options: .regularExpression) == nil)
    }

    @Test func `values reach the document as text, never as markup`() {
        for way in [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "DOMParser",
            "createContextualFragment",
        ] {
            #expect(!text(.script).contains(way), "\(way)")
        }
    }

    @Test func `every element that the script names is there`() throws {
        let named = try matches(#"(?:byId|show)\('([a-z]+)'"#, in: text(.script))
        let there = try matches(#"id="([a-z]+)""#, in: text(.document))
        #expect(named.count > 8)
        #expect(named.isSubset(of: there), "\(named.subtracting(there))")
    }

    @Test func `every metric that the script reads exists`() throws {
        let read = try matches(#"metric\('([a-z_]+)'"#, in: text(.script))
        let process = MetricsRegistry.Process(version: "1", io: "epoll", started: .zero)
        let shown = String(decoding: MetricsRegistry.render([WorkerMetrics()], process: process), as: UTF8.self)
        #expect(read.count > 5)
        for name in read { #expect(shown.contains("# TYPE gatehouse_\(name) "), "\(name)") }
    }

    @Test func `everything that the page asks for or links to is served`() throws {
        let router = AdminRouter()
        let asked = try matches(#"'((?:api/|readyz|metrics)[a-z/]*)"#, in: text(.script))
        let linked = try matches(#"(?:href|src)="([^"]+)""#, in: text(.document))
        #expect(asked.count >= 5 && linked.count >= 8)
        for path in asked.union(linked) {
            let request = router.route(
                method: "GET", path: "/" + path, query: nil, host: "localhost", origin: nil, authorization: nil)
            #expect(request != .notFound, "\(path)")
        }
    }
}
