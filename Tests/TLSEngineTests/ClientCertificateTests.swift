import TLSEngine
import TestSupport
import Testing
import Wire

/// Client certificates, as the server and as the client see them.
@Suite struct ClientCertificateTests {
    static let versions: [TLSContext.OldestVersion] = [.tls12, .tls13]
    let files = TestFiles()
    let authority = TestAuthority()
    let clients = TestAuthority(name: "Client Root")

    private func connect(
        _ identity: TestIdentity?, wanted: TLSContext.ClientCertificate, version: TLSContext.OldestVersion
    ) throws -> TLSPair {
        let server = try TLSContext.server(
            .init(
                certificates: [files.write(authority.issue(), as: "server")], clientCertificate: wanted,
                clientCA: files.write(clients.subject.certificatePEM, as: "clients.pem")))
        let client = try TLSContext.client(
            .init(
                ca: files.write(authority.subject.certificatePEM, as: "ca.pem"),
                certificate: identity.map { files.write($0, as: "client") }, oldestVersion: version,
                newestVersion: version))
        let pair = try TLSPair(client, server)
        pair.settle()
        return pair
    }

    @Test(arguments: versions)
    func `a good client certificate is known on both ends`(_ version: TLSContext.OldestVersion) throws {
        let pair = try connect(clients.issue(.init(commonName: "robot")), wanted: .required, version: version)
        #expect(pair.server.facts?.clientCertificateSubject == "CN=robot")
        #expect(pair.server.facts?.verified == true)
        #expect(pair.client.facts?.clientCertificateSubject == "CN=robot")
    }

    @Test(arguments: versions)
    func `a required certificate that isn't sent is missed on both ends`(_ version: TLSContext.OldestVersion) throws {
        let pair = try connect(nil, wanted: .required, version: version)
        #expect(pair.server.failure?.kind == .clientCertificateRequired)
        #expect(pair.client.failure?.kind == .clientCertificateRequired)
        #expect(pair.client.failure?.alertReceived == (version == .tls12 ? 40 : 116))
    }

    @Test(arguments: versions)
    func `a client knows that it was asked for a certificate and had none`(_ version: TLSContext.OldestVersion) throws {
        #expect(try connect(nil, wanted: .optional, version: version).client.session.owesCertificate)
        #expect(try !connect(clients.issue(), wanted: .required, version: version).client.session.owesCertificate)
        #expect(try !connect(nil, wanted: .ignored, version: version).client.session.owesCertificate)
    }

    @Test(arguments: versions)
    func `a certificate of another issuer is rejected on both ends`(_ version: TLSContext.OldestVersion) throws {
        let pair = try connect(TestAuthority(name: "Stranger").issue(), wanted: .required, version: version)
        #expect(pair.server.failure?.kind == .clientCertificateRejected)
        #expect(pair.server.failure?.verifyCode == 20)
        #expect(pair.server.failure?.sentence.contains("client_ca") == true)
        #expect(pair.client.failure?.kind == .clientCertificateRejected)
    }

    @Test func `an optional certificate may be missing but not bad`() throws {
        let without = try connect(nil, wanted: .optional, version: .tls13)
        #expect(without.server.facts?.verification == "no certificate")
        #expect(without.server.facts?.verified == false)
        #expect(without.server.failure == nil)
        let bad = try connect(TestAuthority(name: "Stranger").issue(), wanted: .optional, version: .tls13)
        #expect(bad.server.failure?.kind == .clientCertificateRejected)
    }

    @Test func `who isn't asked shows nothing`() throws {
        let pair = try connect(clients.issue(), wanted: .ignored, version: .tls13)
        #expect(pair.server.facts?.peer == nil)
        #expect(pair.client.facts?.clientCertificateSubject == nil)
    }

    @Test func `client certificates without their issuers are an error of the configuration`() throws {
        let certificates = [files.write(authority.issue(), as: "server")]
        let error = #expect(throws: TLSContextError.self) {
            try TLSContext.server(.init(certificates: certificates, clientCertificate: .required))
        }
        #expect(error?.sentence.contains("client_ca") == true)
    }
}
