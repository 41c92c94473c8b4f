import Configuration
import ProxyCore
import Testing

struct VariableTests {
    @Test(arguments: [
        ("upstream: ${BACKEND}", "upstream", "set GATEHOUSE_UPSTREAM in the environment"),
        ("upstream: http://a\nlisten: \"0.0.0.0:${PORT}\"", "listen", "the port is taken from PORT"),
        ("upstream: http://a\nlisten: 0.0.0.0:$PORT", "listen", "the port is taken from PORT"),
        ("upstream: http://a\nlog: {output: \"${LOGS:-/tmp}/g.log\"}", "log.output", "GATEHOUSE_LOG_OUTPUT"),
        ("upstream: http://a\ndrain: {reason: \"${WHY}\"}", "drain.reason", "envsubst"),
        (
            "upstream: http://a\nauth: {from: [authorization], jwt: {secret: \"${JWT_SECRET_OF_OURS}\"}}", "auth.jwt.secret",
            "secret_variable: JWT_SECRET_OF_OURS"
        ),
        ("upstream: http://a\nadmin: {token: \"${GATEHOUSE_ADMIN_TOKEN}\"}", "admin.token", "set GATEHOUSE_ADMIN_TOKEN"),
    ])
    func `a variable in the file is named, and what is read in its place`(_ text: String, _ key: String, _ words: String) throws {
        let found = try problem(text)
        #expect(found.key == key && found.remedy?.contains(words) == true, "\(found)")
    }

    @Test func `braces that YAML stumbles over are explained too`() throws {
        let found = try problem("upstream: http://a\nlog: {format: ${FORMAT}}\n")
        #expect(found.remedy?.hasPrefix("${FORMAT} has brackets") == true, "\(found)")
    }

    @Test(arguments: ["hunter2-hunter2-${x}-hunter2", "hunter2$hunter2$hunter2"])
    func `a secret with a dollar in it is a secret`(_ secret: String) throws {
        #expect(try decode("upstream: http://a\nadmin: {token: \"\(secret)\"}").admin.token?.revealed == secret)
    }

    @Test(arguments: ["$.token", "$..password", "$.list[2]"])
    func `a path of JSON is no variable`(_ path: String) throws {
        let text = "upstream: http://a\ncapture: {directory: /tmp/a, payload: mask, mask: [\"\(path)\"]}"
        #expect(try decode(text).capture.policy.payload.paths.count == 1)
    }
}
