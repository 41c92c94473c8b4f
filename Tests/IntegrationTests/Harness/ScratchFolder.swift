import Foundation

/// A temporary folder that goes away with its owner.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        var template = Array((NSTemporaryDirectory() + "/gatehouse-test-XXXXXX").utf8CString)
        guard let made = mkdtemp(&template) else { throw HarnessFailure("no temporary folder: errno \(errno)") }
        path = String(cString: made)
        Undertaker.shared.watch(folder: path)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        Undertaker.shared.forget(folder: path)
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// Writes `text` and gives the file's path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        // Renamed into place, so that nobody reads a half of it.
        try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)), options: .atomic)
        return file(name)
    }

    func read(_ name: String) -> String {
        (FileManager.default.contents(atPath: file(name))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
