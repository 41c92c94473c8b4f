#if !GATEHOUSE_LIBFUZZER
import Foundation

/// Runs the files of a corpus through their targets, as `make test` does: what was found once stays found.
///
///     gatehouse-fuzz Tests/Corpus             every target's folder
///     gatehouse-fuzz TARGET FILE…             these files
@main struct Replay {
    static func main() {
        InputOnTrap.install()
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.count == 1, let corpus = arguments.first {
            replay(corpus: corpus)
        } else if let name = arguments.first, let target = FuzzTarget(rawValue: name), arguments.count > 1 {
            for path in arguments.dropFirst() { run(target, path) }
        } else {
            complain(
                "usage: gatehouse-fuzz CORPUS | gatehouse-fuzz TARGET FILE…\ntargets: "
                    + FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))
        }
    }

    private static func replay(corpus: String) {
        for target in FuzzTarget.allCases {
            let folder = corpus + "/" + target.rawValue
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder), !names.isEmpty else {
                complain("\(folder): no files found; expected the inputs of \(target.rawValue)")
            }
            for name in names.sorted() { run(target, folder + "/" + name) }
            print("\(target.rawValue): \(names.count) inputs")
        }
    }

    private static func run(_ target: FuzzTarget, _ path: String) {
        guard let data = FileManager.default.contents(atPath: path) else {
            complain("\(path): can't be read")
        }
        InputOnTrap.name(path)
        target.run([UInt8](data))
    }

    private static func complain(_ message: String) -> Never {
        FileHandle.standardError.write(Data((message + "\n").utf8))
        exit(2)
    }
}
#endif
