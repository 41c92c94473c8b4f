import Glibc
import TestSupport
import Testing

@testable import Telemetry

@Suite struct `Two who write to one output` {
    /// A pipe and what came out of it.
    private final class Pipe {
        let input: Int32
        private let output: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            (output, input) = (ends[0], ends[1])
            _ = fcntl(output, F_SETFL, O_NONBLOCK)
        }

        deinit {
            close(input)
            close(output)
        }

        var text: String {
            var block = [UInt8](repeating: 0, count: 4096)
            let count = read(output, &block, block.count)
            return count > 0 ? String(decoding: block[..<count], as: UTF8.self) : ""
        }
    }

    private func pass(_ text: String, _ shared: SharedOutput, _ pipe: Pipe) -> Bool {
        Array(text.utf8).withUnsafeBytes { shared.passOn($0, to: pipe.input) }
    }

    private func line(_ shared: SharedOutput, _ pipe: Pipe) {
        _ = shared.betweenLines(pipe.input) { write(pipe.input, "ours\n", 5) }
    }

    @Test func `half a line goes out at once, and a line of ours comes behind its end`() throws {
        let pipe = try Pipe()
        let shared = SharedOutput(patience: 10_000)
        #expect(pass("half", shared, pipe) && pipe.text == "half")
        #expect(pass(" line\n", shared, pipe))
        line(shared, pipe)
        #expect(pipe.text == " line\nours\n")
    }

    @Test func `a line of ours that waited long enough begins on a line of its own`() throws {
        let pipe = try Pipe()
        let shared = SharedOutput(patience: 1)
        #expect(pass("half", shared, pipe))
        line(shared, pipe)
        #expect(pass(" line\n", shared, pipe))
        #expect(pipe.text == "half\nours\n line\n")
    }

    @Test func `an output that is gone is said, and stops nobody`() {
        let shared = SharedOutput(patience: 1)
        #expect(!Array("x".utf8).withUnsafeBytes { shared.passOn($0, to: -1) })
    }
}
