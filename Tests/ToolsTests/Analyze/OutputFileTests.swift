import CaptureFile
import Glibc
import Testing

@testable import Tools

@Suite struct OutputFileTests {
    private func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : -1
    }

    @Test func `a file that is to be read is not written over, by whatever name`() throws {
        try Dialogue.withTemporaryFile([1, 2, 3]) { path in
            let other = path + ".link"
            let isLinked = link(path, other) == 0
            defer { unlink(other) }
            try #require(isLinked)
            for name in [path, "/tmp/../" + path, other] {
                #expect(throws: OutputFile.Fault.self) { _ = try OutputFile(name, force: true, inputs: ["/nonexistent", path]) }
            }
            #expect(size(path) == 3)
            let file = try OutputFile(path, force: true, inputs: [path + ".other"])
            file.close()
            #expect(size(path) == 0)
        }
    }

    @Test func `of several files all are emptied or none, and none is written twice`() throws {
        try Dialogue.withTemporaryFile([1, 2, 3]) { path in
            let other = path + ".other"
            defer { unlink(other) }
            for second in ["/nonexistent/report", path, "/tmp/../" + path] {
                #expect(throws: OutputFile.Fault.self) { _ = try OutputFile.together([path, second], force: true) }
                #expect(size(path) == 3)
            }
            #expect(throws: OutputFile.Fault.self) { _ = try OutputFile.together([other, path], force: false) }
            #expect(size(other) == -1, "what was made for nothing is taken away")
            let files = try OutputFile.together([path, other], force: true)
            #expect(files.map(\.path) == [path, other])
            #expect(size(path) == 0 && size(other) == 0)
            for file in files { file.close() }
        }
    }

    @Test func `of a pipe no byte is taken to see what it holds`() throws {
        var ends: [Int32] = [-1, -1]
        let isOpen = pipe(&ends) == 0
        try #require(isOpen)
        let (reader, writer) = (ends[0], ends[1])
        defer { close(reader) }
        let document = Array("{\"log\":{\"entries\":[]}}".utf8)
        let written = write(writer, document, document.count)
        close(writer)
        #expect(written == document.count)
        let isNone = try TextFile.open("/proc/self/fd/\(reader)") == nil
        #expect(isNone)
        var buffer = [UInt8](repeating: 0, count: 100)
        let left = read(reader, &buffer, buffer.count)
        #expect(left == document.count)
    }
}
