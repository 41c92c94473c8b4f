import Foundation
import Glibc
import TestSupport
import Testing
import Wire

@testable import Telemetry

@Suite struct `The log writer` {
    /// A pipe whose both ends close at the end of the test.
    final class Pipe {
        private(set) var reader: Int32
        private(set) var writer: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            (reader, writer) = (ends[0], ends[1])
        }

        /// Reads until `stop` says so or the writer's end closes.
        func read(until stop: ([UInt8]) -> Bool) -> [UInt8] {
            var all: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65536)
            while !stop(all) {
                let count = Glibc.read(reader, &chunk, chunk.count)
                if count <= 0 { break }
                all += chunk[..<count]
            }
            return all
        }

        func closeReader() {
            close(reader)
            reader = -1
        }

        func closeWriter() {
            close(writer)
            writer = -1
        }

        deinit {
            for end in [reader, writer] where end >= 0 { close(end) }
        }
    }

    private func line(_ number: Int, padding: Int = 0) -> [UInt8] {
        LineBuffer.line { line in
            line.field("n", number)
            line.field("p", String(repeating: "x", count: padding))
        }
    }

    private func records(_ bytes: [UInt8]) throws -> [ParsedLine] {
        try bytes.split(separator: 0x0A).map { try ParsedLine([UInt8]($0) + [0x0A]) }
    }

    private func temporaryPath() -> String { NSTemporaryDirectory() + "gatehouse-log-\(UUID().uuidString)" }

    @Test func `writes every line once and in order`() throws {
        let pipe = try Pipe()
        let writer = try LogWriter(output: .descriptor(pipe.writer))
        for number in 0..<200 { #expect(line(number).withUnsafeBytes { writer.append($0) }) }
        #expect(writer.stop())
        pipe.closeWriter()
        let numbers = try records(pipe.read { _ in false }).compactMap { $0["n"] as? Int }
        #expect(numbers == Array(0..<200))
        #expect(writer.lostLines == 0)
    }

    @Test func `never makes a worker wait for a pipe that nobody reads, and says later what is missing`() throws {
        let pipe = try Pipe()
        let writer = try LogWriter(output: .descriptor(pipe.writer), capacity: 64 << 10, linger: .zero)
        // A pipe holds 64 KiB and the queue as much twice; this is far more. Each append returns at once, or this hangs.
        var kept = 0
        for number in 0..<2000 where line(number, padding: 900).withUnsafeBytes({ writer.append($0) }) { kept += 1 }
        let lost = writer.lostLines
        #expect(kept + Int(lost) == 2000)
        #expect(lost > 0)

        // The reader comes back: the gap is named before anything that came after it.
        var said = 0
        let marker = Array("\"n\":99999".utf8)
        let all = pipe.read { bytes in
            if said == 0, bytes.count > 0 {
                said = 1
            }
            // Once room is there again, a last line goes through.
            if said == 1, line(99999).withUnsafeBytes({ writer.append($0) }) { said = 2 }
            return said == 2 && bytes.suffix(4096).contains(marker) && bytes.last == 0x0A
        }
        let records = try records(all)
        let reported = records.filter { $0.string("event") == "log.lost" }.compactMap { $0["lines"] as? Int }
        #expect(reported.reduce(0, +) == Int(writer.lostLines))
        #expect(records.count { $0["n"] as? Int ?? 99999 < 99999 } == kept)
        #expect(writer.stop())
    }

    @Test func `counts what a full disk refuses`() throws {
        let writer = try LogWriter(output: .file("/dev/full"), linger: .zero)
        for number in 0..<10 { _ = line(number).withUnsafeBytes { writer.append($0) } }
        #expect(writer.stop())
        #expect(writer.lostLines == 10)
    }

    @Test func `survives a reader that goes away`() throws {
        let pipe = try Pipe()
        let writer = try LogWriter(output: .descriptor(pipe.writer), linger: .zero)
        pipe.closeReader()
        for number in 0..<10 { _ = line(number).withUnsafeBytes { writer.append($0) } }
        #expect(writer.stop())
        #expect(writer.lostLines == 10)
    }

    @Test func `gives up at the deadline when the pipe stays blocked`() throws {
        let pipe = try Pipe()
        let writer = try LogWriter(output: .descriptor(pipe.writer), linger: .zero)
        for number in 0..<200 { _ = line(number, padding: 900).withUnsafeBytes { writer.append($0) } }
        #expect(!writer.stop(within: .milliseconds(20)))
        // Lets the thread go before the descriptors are closed.
        _ = pipe.read { $0.count { $0 == 0x0A } >= 200 }
        #expect(writer.stop())
    }

    @Test func `opens its file again after a rotation`() throws {
        let path = temporaryPath()
        defer {
            unlink(path)
            unlink(path + ".1")
        }
        let writer = try LogWriter(output: .file(path), linger: .zero)
        _ = line(1).withUnsafeBytes { writer.append($0) }
        // The first line is in the file before it is moved away.
        while (try? String(contentsOfFile: path, encoding: .utf8))?.isEmpty != false { sched_yield() }
        #expect(rename(path, path + ".1") == 0)
        writer.reopen()
        while access(path, F_OK) != 0 { sched_yield() }
        _ = line(2).withUnsafeBytes { writer.append($0) }
        #expect(writer.stop())
        let numbers = { path in try records([UInt8](Data(contentsOf: URL(fileURLWithPath: path)))).map { $0["n"] as? Int } }
        #expect(try numbers(path + ".1") == [1])
        #expect(try numbers(path) == [2])
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o007 == 0, "not readable by others")
    }

    @Test func `goes on in the old file when the new one can't be opened`() throws {
        let directory = temporaryPath()
        #expect(mkdir(directory, 0o700) == 0)
        defer { rmdir(directory) }
        let path = directory + "/log"
        let keep = temporaryPath()
        defer { unlink(keep) }
        let writer = try LogWriter(output: .file(path), linger: .zero)
        #expect(rename(path, keep) == 0)
        #expect(rmdir(directory) == 0)
        writer.reopen()
        while (try? String(contentsOfFile: keep, encoding: .utf8))?.contains("log.reopen_failed") != true { sched_yield() }
        _ = line(3).withUnsafeBytes { writer.append($0) }
        #expect(writer.stop())
        let records = try records([UInt8](Data(contentsOf: URL(fileURLWithPath: keep))))
        #expect(records.map { $0.string("event") } == ["log.reopen_failed", "test.line"])
        #expect(records.first?["errno"] as? Int == Int(ENOENT))
    }

    @Test func `appends, and never cuts what is there`() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        for number in 0..<3 {
            let writer = try LogWriter(output: .file(path))
            _ = line(number).withUnsafeBytes { writer.append($0) }
            #expect(writer.stop())
        }
        let records = try records([UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
        #expect(records.map { $0["n"] as? Int } == [0, 1, 2])
    }

    @Test func `says why a file can't be opened`() {
        #expect(throws: LogDestinationError(path: "/nonexistent/log", errno: ENOENT)) {
            try LogWriter(output: .file("/nonexistent/log"))
        }
        #expect(LogDestinationError(path: "/nonexistent/log", errno: ENOENT).description.contains("No such file"))
    }

    @Test func `takes lines from several workers without mixing them`() async throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let writer = try LogWriter(output: .file(path))
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    let ledger = Ledger(writer: writer, redaction: LogRedaction(key: (1, 2)))
                    for number in 0..<500 {
                        ledger.write("test.line", at: .zero, message: "m") { line in
                            line.field("w", worker)
                            line.field("n", number)
                        }
                    }
                }
            }
        }
        #expect(writer.stop())
        let records = try records([UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
        for worker in 0..<4 {
            #expect(records.filter { $0["w"] as? Int == worker }.map { $0["n"] as? Int } == (0..<500).map { $0 })
        }
    }

    @Test func `refuses lines after its end, and counts them`() throws {
        let pipe = try Pipe()
        let writer = try LogWriter(output: .descriptor(pipe.writer))
        #expect(writer.stop())
        #expect(!line(1).withUnsafeBytes { writer.append($0) })
        #expect(writer.lostLines == 1)
        #expect(writer.stop(), "a second stop is harmless")
    }
}
