import Foundation
import Synchronization

/// The JSON lines that a Gatehouse wrote, read as they come.
///
/// Every line must be one object with a time, a level and an event, whatever the test is about: a line that isn't fails the
/// test that reads on.
final class Ledger: Sendable {
    let path: String
    private let state = Mutex(State())

    private struct State {
        var offset: UInt64 = 0
        var rest = ""
        var lines: [JSON] = []
    }

    init(path: String) { self.path = path }

    /// All lines that are there by now.
    func lines() throws -> [JSON] {
        try state.withLock { state in
            guard let file = FileHandle(forReadingAtPath: path) else { return state.lines }
            defer { try? file.close() }
            try file.seek(toOffset: state.offset)
            let data = try file.readToEnd() ?? Data()
            state.offset += UInt64(data.count)
            guard !data.isEmpty else { return state.lines }
            // Bytes of a character that was cut stay for the next reading only at a line's end, so decode whole lines.
            state.rest += String(decoding: data, as: UTF8.self)
            var pieces = state.rest.split(separator: "\n", omittingEmptySubsequences: false)
            state.rest = pieces.popLast().map(String.init) ?? ""
            for piece in pieces {
                guard let line = try? JSON(parsing: piece), line["time"].text != nil, line["level"].text != nil,
                    line["event"].text != nil
                else { throw HarnessFailure("not a line of the ledger: \(piece.debugDescription)") }
                state.lines.append(line)
            }
            return state.lines
        }
    }

    func all(_ event: String) throws -> [JSON] { try lines().filter { $0["event"].text == event } }

    /// The first line of `event` that `matches`, waited for.
    func wait(
        for event: String, within seconds: Double = 10, where matches: (JSON) -> Bool = { _ in true }
    ) throws -> JSON {
        if let line = try eventually(within: seconds, { try all(event).first(where: matches) }) { return line }
        let seen = try lines().map { $0["event"].text ?? "?" }
        throw HarnessFailure("no \(event) line within \(seconds) s; the ledger has: \(seen.joined(separator: ", "))")
    }

    /// The `count` first lines of `event`, waited for.
    func wait(forAll count: Int, _ event: String, within seconds: Double = 10) throws -> [JSON] {
        if let lines = try eventually(within: seconds, { try all(event).count >= count ? all(event) : nil }) {
            return lines
        }
        throw HarnessFailure("\(try all(event).count) \(event) lines within \(seconds) s, expected \(count)")
    }
}
