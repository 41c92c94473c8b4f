import Diagnosis
import HTTPWire
import Probing
import Wire

/// A handshake as a curl command that anyone can repeat. Secrets are left out by name: who repeats it puts in their own.
enum CurlCommand {
    /// The command for one handshake that was made.
    static func text(_ handshake: PerformedHandshake, _ options: DiagnoseOptions) -> String {
        let request = handshake.request
        var words = ["curl", "-sS", "-i", "-N", "--http1.1", "--max-time", "5"]
        if options.isInsecure, handshake.isSecure { words.append("-k") }
        if let ca = options.ca, handshake.isSecure { words += ["--cacert", quoted(ca)] }
        if let proxy = options.proxy { words += ["-p", "-x", quoted("http://\(proxy.host):\(proxy.port)")] }
        let port = options.proxy == nil ? handshake.address?.port ?? options.place.port : options.place.port
        if let address = options.addresses.first {
            words += ["--resolve", quoted("\(options.place.host):\(port):\(address.host)")]
        }
        let method = request.text(request.methodRange, limit: 32)
        if method != "GET" { words += ["-X", quoted(method)] }
        // curl adds these of its own unless told not to.
        var absent: Set<String> = ["user-agent", "accept"]
        var lines: [String] = []
        for index in request.fields.indices {
            let name = request.text(request.fields[index].name, limit: 100)
            absent.remove(name.lowercased())
            lines.append(Redaction.field(request, index))
        }
        if !request.has(.host) { absent.insert("host") }
        words += absent.sorted().map { "-H " + quoted("\($0):") }
        words += lines.map { "-H " + quoted($0.hasSuffix(": ") ? String($0.dropLast(2)) + ";" : $0) }
        let name = options.place.host.contains(":") ? "[\(options.place.host)]" : options.place.host
        let scheme = handshake.isSecure ? "https" : "http"
        let isStandard = port == DiagnosePlace.standardPort(handshake.isSecure)
        words.append(quoted("\(scheme)://\(name)\(isStandard ? "" : ":\(port)")\(Redaction.target(request))"))
        return words.joined(separator: " ")
    }

    /// For a POSIX shell.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
