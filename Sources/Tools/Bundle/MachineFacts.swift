import CPcap
import Glibc
import TLSEngine

/// What a session ran on: versions, for people.
enum MachineFacts {
    static var text: String {
        var name = utsname()
        _ = uname(&name)
        func field<Words>(_ words: Words) -> String {
            withUnsafeBytes(of: words) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        var rows = [
            ("gatehouse", Version.text), ("kernel", "\(field(name.sysname)) \(field(name.release)) \(field(name.machine))"),
            ("kernel build", field(name.version)), ("openssl", OpenSSLVersion.text),
            ("libc", library), ("processors", "\(sysconf(Int32(_SC_NPROCESSORS_ONLN)))"),
        ]
        if let system = line("PRETTY_NAME=", in: "/etc/os-release") { rows.append(("system", system)) }
        if let limit = line("Max open files", in: "/proc/self/limits") { rows.append(("open files", limit)) }
        return rows.map { "\($0.0): \($0.1)\n" }.joined()
    }

    /// `glibc 2.36`, as the library says itself.
    private static var library: String {
        var text = [CChar](repeating: 0, count: 128)
        _ = confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What stands behind a word at a line's beginning.
    private static func line(_ prefix: String, in path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        while let line = TextFile.line(of: file) {
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix(prefix) {
                return text.dropFirst(prefix.count).filter { $0 != "\"" }.split(separator: " ").joined(separator: " ")
            }
        }
        return nil
    }
}
