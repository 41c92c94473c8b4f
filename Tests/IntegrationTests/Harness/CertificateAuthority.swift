import Foundation

/// A certificate authority that lives for one test, made with the `openssl` program.
final class CertificateAuthority: Sendable {
    struct Certificate: Sendable {
        let certificate: String
        let key: String
    }

    private let scratch: ScratchFolder

    init(name: String = "Gatehouse test authority") throws {
        scratch = try ScratchFolder()
        try Self.openssl(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
                + ["-subj", "/CN=\(name)", "-keyout", scratch.file("ca.key"), "-out", scratch.file("ca.pem")]
                + ["-addext", "basicConstraints=critical,CA:TRUE"])
    }

    /// The authority's own certificate.
    var file: String { scratch.file("ca.pem") }

    /// A certificate for those names, signed by the authority.
    ///
    /// - Parameter days: how long it is valid; negative for one that has expired
    func issue(_ names: String..., days: Int = 2) throws -> Certificate {
        let stem = "\(names[0].replacingOccurrences(of: "*", with: "any"))-\(UInt32.random(in: 0..<1 << 30))"
        let made = Certificate(certificate: scratch.file("\(stem).pem"), key: scratch.file("\(stem).key"))
        let isAddress = { (name: String) in name.allSatisfy { $0.isNumber || $0 == "." } }
        let extensions = try scratch.write(
            "subjectAltName=" + names.map { (isAddress($0) ? "IP:" : "DNS:") + $0 }.joined(separator: ",") + "\n",
            to: "\(stem).ext")
        try Self.openssl(
            ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(names[0])"]
                + ["-keyout", made.key, "-out", scratch.file("\(stem).csr")])
        try Self.openssl(
            ["x509", "-req", "-in", scratch.file("\(stem).csr"), "-CA", file, "-CAkey", scratch.file("ca.key")]
                + ["-CAcreateserial", "-days", "\(days)", "-extfile", extensions, "-out", made.certificate])
        return made
    }

    /// What `openssl s_client` says of a connection to a port of loopback.
    static func client(port: UInt16, _ arguments: [String] = []) throws -> String {
        try openssl(["s_client", "-connect", "127.0.0.1:\(port)"] + arguments, mustSucceed: false)
    }

    /// One exchange over TLS: `request` goes out, and everything until the end comes back.
    static func exchange(_ request: String, port: UInt16, _ arguments: [String] = []) throws -> String {
        try openssl(["s_client", "-quiet", "-connect", "127.0.0.1:\(port)"] + arguments, input: request, mustSucceed: false)
    }

    @discardableResult
    private static func openssl(_ arguments: [String], input: String = "", mustSucceed: Bool = true) throws -> String {
        let scratch = try ScratchFolder()
        // Without input s_client leaves after the handshake.
        let request = try scratch.write(input, to: "input")
        let child = try ChildProcess(
            "/bin/sh", ["-c", "exec <\"$0\"; exec openssl \"$@\"", request] + arguments, output: scratch.file("out"),
            errors: scratch.file("errors"))
        guard let exit = child.waitForExit(within: 20) else {
            throw HarnessFailure("openssl \(arguments[0]) still runs")
        }
        let told = scratch.read("out") + scratch.read("errors")
        if mustSucceed, exit != .code(0) {
            throw HarnessFailure("openssl \(arguments.joined(separator: " ")): \(told)")
        }
        return told
    }
}
