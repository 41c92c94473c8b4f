/// `tls_service.py`: a service behind TLS that lets everybody in, and a backend whose answers have no length.
final class SecureService {
    let port: Int
    private let child: ChildProcess
    private let scratch: ScratchFolder

    init(_ certificate: CertificateAuthority.Certificate, clientAuthority: String? = nil) throws {
        let scratch = try ScratchFolder()
        self.scratch = scratch
        let arguments = [certificate.certificate, certificate.key] + (clientAuthority.map { [$0] } ?? [])
        child = try ChildProcess(
            Repository.python, [Repository.peer("tls_service.py")] + arguments, output: scratch.file("out"),
            errors: scratch.file("errors"))
        let port = try eventually {
            try scratch.read("out").split(separator: "\n").first.flatMap { try JSON(parsing: $0)["port"].integer }
        }
        guard let port else { throw HarnessFailure("no service: \(scratch.read("errors"))") }
        self.port = port
    }
}
