import Configuration
import Glibc
import Testing

@testable import Tools

struct CheckConfigTests {
    @Test func `every file that can't be loaded is told, not the first alone, and no key log is made`() throws {
        var template = Array("/tmp/gatehouse-check-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        let files = ["a.pem", "b.pem", "ca.pem", "keys.json", "g.yaml"]
        defer {
            for name in files { unlink("\(directory)/\(name)") }
            rmdir(directory)
        }
        let configuration = """
            listen:
              - address: 127.0.0.1:1
                tls: {key_log: keys.log, certificates: [{certificate: a.pem, key: a.pem}, {certificate: b.pem, key: b.pem}]}
            upstream: {url: https://127.0.0.1:2, tls: {ca: ca.pem}}
            auth: {from: [authorization], jwt: {keys: keys.json}}
            """
        for name in files {
            let stream = try #require(fopen("\(directory)/\(name)", "w"))
            fputs(name == "g.yaml" ? configuration : "nothing of use\n", stream)
            fclose(stream)
        }
        do {
            _ = try CheckConfigCommand.checked("\(directory)/g.yaml", [:])
            Issue.record("accepted")
        } catch {
            for name in files.dropLast() {
                #expect(error.problems.contains { $0.observed.contains("\(directory)/\(name)") }, "\(name): \(error)")
            }
            #expect(error.json.hasPrefix("{\"valid\":false,\"problems\":["))
        }
        #expect(access("\(directory)/keys.log", F_OK) != 0)
    }
}
