public import ProxyCore
import Wire

extension Snapshot {
    /// The variable that names the file when no flag does.
    public static let fileVariable = "GATEHOUSE_CONFIG"

    /// The configuration of a process: flags before environment before file before defaults.
    ///
    /// - Parameters:
    ///   - file: The file's path; nil for the one that `GATEHOUSE_CONFIG` names, or none.
    ///   - flags: Flag names without dashes (`listen`, `log-format`) and their values; names that belong to no key are ignored, they
    ///     are the command's own.
    ///   - environment: The process's environment. Read here are `GATEHOUSE_…` and, if nothing says where to listen, `PORT`.
    ///   - backend: Where every route goes that names neither upstream nor cluster: the backend that `gatehouse run` starts. At least one
    ///     route must.
    ///   - checksOutputs: Whether it is a problem that a log, a key log or captures could not be written. For a look before a start: a process
    ///     that runs finds out when it writes, and a reload must not fail for it.
    /// - Throws: Every problem that was found, in the order of the file.
    public static func load(
        file: String?, flags: [String: String] = [:], environment: [String: String] = [:], backend: Endpoint? = nil,
        checksOutputs: Bool = false
    ) throws(ConfigurationError) -> Snapshot {
        var path = file
        if path == nil, let named = environment[fileVariable], !named.isEmpty { path = named }
        let bytes = try path.map(ConfigurationFile.read) ?? []
        return try decode(
            bytes, file: path, flags: flags, environment: environment, backend: backend, checksOutputs: checksOutputs)
    }

    /// The same for bytes that are at hand; `file` is what messages call them, and where relative paths start.
    public static func decode(
        _ bytes: [UInt8], file: String?, flags: [String: String] = [:], environment: [String: String] = [:],
        backend: Endpoint? = nil, checksOutputs: Bool = false
    ) throws(ConfigurationError) -> Snapshot {
        let name = file ?? "(no file)"
        let (tree, unread, reachedEnd) = YAMLReader.read(bytes, file: name)
        // Behind a syntax error nothing can be trusted, and what else is missing would only confuse.
        guard reachedEnd else { throw ConfigurationError(ordered(unread)) }
        let overlay = Overlay(on: tree, environment: environment, flags: flags)
        var decoder = SchemaDecoder()
        let decoded = decoder.decode(overlay.root)
        var builder = SnapshotBuilder(decoded, file: file, environment: environment, backend: backend)
        builder.isPartial = !unread.isEmpty
        builder.checksOutputs = checksOutputs
        let snapshot = builder.build()
        // What could not be read has been told, and what stands in its place says nothing more.
        let places = Set(unread.map(\.source))
        let problems =
            unread + (overlay.problems + decoder.problems + builder.problems).filter { !places.contains($0.source) }
        guard problems.isEmpty, var snapshot else { throw ConfigurationError(ordered(problems)) }
        snapshot.file = file
        snapshot.warnings = ordered(overlay.warnings + builder.warnings)
        return snapshot
    }

    /// As the file has them; flags and environment behind.
    private static func ordered(_ problems: [ConfigurationProblem]) -> [ConfigurationProblem] {
        func rank(_ problem: ConfigurationProblem) -> (Int, Int) {
            if case .file(_, let line, let column) = problem.source { (line, column) } else { (.max, 0) }
        }
        return problems.enumerated().sorted { a, b in
            let (first, second) = (rank(a.element), rank(b.element))
            return first == second ? a.offset < b.offset : first < second
        }.map(\.element)
    }
}
