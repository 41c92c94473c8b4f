import ProxyCore
import TestSupport
import Testing

struct PathRewriteTests {
    private func rewritten(_ rewrite: PathRewrite, _ path: String) -> String? {
        let original = bytes(path)
        guard let edit = rewrite.edit(original.span.bytes) else { return nil }
        return String(decoding: edit.inserted + original.dropFirst(edit.dropped), as: UTF8.self)
    }

    @Test(arguments: [
        ("/api", "/api/users", "/users"), ("/api", "/api", "/"), ("/api", "/api/", "/"),
        ("/api/", "/api/users", "/users"),
        ("/api/", "/api/", "/"), ("/", "/users", "/users"), ("/", "/", "/"),
    ])
    func `a stripped path still begins with one slash`(_ prefix: String, _ path: String, _ expected: String) {
        #expect(rewritten(.strip(prefix: bytes(prefix)), path) == expected)
    }

    @Test(arguments: [
        ("/api", "/v2", "/api/users", "/v2/users"), ("/api", "/v2", "/api", "/v2"),
        ("/api", "/v2/", "/api/users", "/v2/users"),
        ("/api/", "/v2", "/api/users", "/v2/users"), ("/", "/base", "/users", "/base/users"),
        ("/", "/base/", "/", "/base/"),
        ("/api", "/", "/api/users", "/users"), ("/api", "/", "/api", "/"),
    ])
    func `a replaced prefix meets the rest at one slash`(
        _ prefix: String, _ with: String, _ path: String, _ expected: String
    ) {
        #expect(rewritten(.replace(prefix: bytes(prefix), with: bytes(with)), path) == expected)
    }

    @Test(arguments: ["/apix", "/ap", "/", "/v1/api"])
    func `a path outside the prefix stays`(_ path: String) {
        #expect(rewritten(.strip(prefix: bytes("/api")), path) == nil)
    }
}
