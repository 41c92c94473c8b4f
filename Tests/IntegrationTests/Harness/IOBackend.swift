import Foundation
import Testing

/// The two ways to do I/O, each of which every test of the live product runs on.
enum IOBackend: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case uring
    case epoll

    var testDescription: String { "--io \(rawValue)" }

    /// Those that this kernel permits. What is left out is said, once, with the kernel's reason.
    static let available: [IOBackend] = {
        let scratch = try? ScratchFolder()
        guard let scratch,
            let child = try? ChildProcess(
                Repository.python, [Repository.peer("io_uring.py")], output: scratch.file("out"),
                errors: scratch.file("err")),
            child.waitForExit(within: 10) == .code(0), scratch.read("out").hasPrefix("yes")
        else {
            print("io_uring is not tested here: \(scratch?.read("out") ?? "no scratch folder")")
            return [.epoll]
        }
        return allCases
    }()
}
