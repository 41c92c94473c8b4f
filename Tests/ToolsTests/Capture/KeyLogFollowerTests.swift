import Glibc
import Testing

@testable import Tools

@Suite struct KeyLogFollowerTests {
    private let random = String(repeating: "0a", count: 32)
    private let secret = String(repeating: "F1", count: 48)

    /// A file in a folder of its own, gone when the test is over.
    private func withFile(_ body: (String, (String) -> Void) throws -> Void) throws {
        var template = Array("/tmp/gatehouse-keys-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            close(descriptor)
            unlink(path)
        }
        try body(path) { text in _ = text.withCString { write(descriptor, $0, strlen($0)) } }
    }

    @Test func `keys are taken as they come, a line that isn't whole when it is`() throws {
        try withFile { path, append in
            append("# comment\nCLIENT_RANDOM \(random) \(secret)\nCLIENT_TRAFFIC_")
            let follower = try KeyLogFollower(path: path)
            #expect(String(decoding: follower.next(), as: UTF8.self) == "CLIENT_RANDOM \(random) \(secret)\n")
            #expect(follower.next().isEmpty)
            append("SECRET_0 \(random) \(secret)\r\n")
            #expect(String(decoding: follower.next(), as: UTF8.self) == "CLIENT_TRAFFIC_SECRET_0 \(random) \(secret)\n")
            #expect(follower.keys == 2 && follower.foreign == 0)
        }
    }

    @Test func `of a file that is no key log nothing is taken`() throws {
        try withFile { path, append in
            append("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n")
            append("password \(random) \(secret)\nCLIENT_RANDOM \(random)\nCLIENT_RANDOM zz\(random.dropFirst(2)) \(secret)\n")
            append("CLIENT_RANDOM \(random) \(secret)0\n\(String(repeating: "A", count: 100_000))\n")
            let follower = try KeyLogFollower(path: path)
            #expect(follower.next().isEmpty)
            #expect(follower.foreign == 8)
        }
    }
}
