import Foundation

/// What names lead to, for one program: a hosts file of the test's own in the place of the system's, in a mount namespace, and no name server.
final class PrivateNames {
    private let scratch: ScratchFolder

    /// Why there can't be any here; nil if there can.
    static let obstacle: String? = {
        do {
            let names = try PrivateNames()
            try names.set("gatehouse.test", ["127.0.0.77"])
            let told = try run("unshare", Array(names.launcher.dropFirst()) + ["getent", "ahostsv4", "gatehouse.test"], within: 10)
            return told.output.hasPrefix("127.0.0.77 ") ? nil : "no mount namespace: \(told.errors)\(told.output)"
        } catch { return "no mount namespace: \(error)" }
    }()

    init() throws {
        scratch = try ScratchFolder()
        try scratch.write("", to: "hosts")
        try scratch.write("hosts: files\n", to: "nsswitch")
    }

    /// Has `name` lead to these addresses, from the next question on; to nothing without any.
    func set(_ name: String, _ addresses: [String]) throws {
        // Into the same file: what is mounted is this one, not what its path will be.
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.file("hosts")))
        defer { try? file.close() }
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(addresses.map { "\($0) \(name)\n" }.joined().utf8))
    }

    /// A command that becomes the one behind it.
    var launcher: [String] {
        let mount = #"mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/nsswitch.conf && shift && exec "$@""#
        return ["unshare", "-rm", "/bin/sh", "-c", mount, scratch.file("hosts"), scratch.file("nsswitch")]
    }
}
