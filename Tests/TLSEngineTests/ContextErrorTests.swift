import TLSEngine
import TestSupport
import Testing
import Wire

/// What is said of files that can't be served with, and that a reload with them harms nobody.
@Suite struct ContextErrorTests {
    let files = TestFiles()
    let authority = TestAuthority()

    private func error(certificate: String, key: String) throws -> TLSContextError {
        let error = #expect(throws: TLSContextError.self) {
            try TLSContext.server(.init(certificates: [.init(certificate: certificate, key: key)]))
        }
        return try #require(error)
    }

    @Test func `a missing file is named, with the system's reason`() throws {
        let path = files.missing("none.pem")
        let error = try error(certificate: path, key: path)
        #expect(error.kind == .fileUnreadable)
        #expect(error.description.hasPrefix("\(path): "))
        #expect(error.sentence.contains("No such file"))
    }

    @Test func `a directory, an empty file, text and DER are told apart`() throws {
        let good = files.write(authority.issue(), as: "good")
        #expect(try error(certificate: "/tmp", key: good.key).kind == .fileUnreadable)
        let empty = try error(certificate: files.write("", as: "empty"), key: good.key)
        #expect(empty.kind == .notPEM && empty.sentence.contains("empty"))
        let text = try error(certificate: files.write("hello", as: "text"), key: good.key)
        #expect(text.kind == .notPEM && text.sentence.contains("no complete PEM block"))
        let binary = try error(certificate: files.write("0\u{82}\u{1}\u{1}", as: "binary"), key: good.key)
        #expect(binary.kind == .notPEM && binary.sentence.contains("DER"))
    }

    @Test func `key and certificate that are swapped are called that`() throws {
        let good = files.write(authority.issue(), as: "good")
        let swapped = try error(certificate: good.key, key: good.certificate)
        #expect(swapped.kind == .wrongPEMKind)
        #expect(swapped.sentence.contains("1 PRIVATE KEY, but no CERTIFICATE"))
        let twice = try error(certificate: good.certificate, key: good.certificate)
        #expect(twice.kind == .wrongPEMKind && twice.sentence.contains("no PRIVATE KEY"))
    }

    @Test func `a cut file is malformed`() throws {
        let identity = authority.issue()
        let good = files.write(identity, as: "good")
        let cut = identity.certificatePEM.split(separator: "\n").enumerated().filter { $0.offset != 3 }.map(\.element)
        let error = try error(
            certificate: files.write(cut.joined(separator: "\n") + "\n", as: "cut.pem"), key: good.key)
        #expect(error.kind == .malformed)
    }

    @Test func `a key of another certificate is named with both`() throws {
        let good = files.write(authority.issue(.init(commonName: "mine")), as: "good")
        let other = files.write(authority.issue(), as: "other")
        let error = try error(certificate: good.certificate, key: other.key)
        #expect(error.kind == .keyMismatch)
        #expect(error.sentence.contains("CN=mine") && error.sentence.contains(good.certificate))
        #expect(error.path == other.key)
    }

    @Test func `a chain in the wrong order says which certificate must come first`() throws {
        let leaf = authority.issue()
        let reversed = files.write(authority.subject.certificatePEM + leaf.certificatePEM, as: "reversed.pem")
        let error = try error(certificate: reversed, key: files.write(leaf.keyPEM, as: "leaf.key"))
        #expect(error.kind == .chainOrder)
        #expect(error.sentence.contains("belongs to certificate 2"))
    }

    @Test func `an encrypted key is refused with the command that decrypts it`() throws {
        let identity = authority.issue()
        let good = files.write(identity, as: "good")
        let error = try error(
            certificate: good.certificate, key: files.write(identity.encryptedKeyPEM, as: "locked.key"))
        #expect(error.kind == .keyEncrypted)
        #expect(error.sentence.contains("openssl pkey"))
    }

    @Test func `a certificate out of date is not served with`() throws {
        let old = files.write(authority.issue(.init(notBefore: -9_000, notAfter: -5_000)), as: "old")
        #expect(try error(certificate: old.certificate, key: old.key).kind == .expired)
        let early = files.write(authority.issue(.init(notBefore: 5_000)), as: "early")
        #expect(try error(certificate: early.certificate, key: early.key).kind == .notYetValid)
    }

    @Test func `a key that OpenSSL holds for too weak is refused with its reason`() throws {
        let weak = files.write(authority.issue(.init(key: .rsa(bits: 1024))), as: "weak")
        let error = try error(certificate: weak.certificate, key: weak.key)
        #expect(error.kind == .refused)
        #expect(error.sentence.contains("key too small"))
    }

    @Test func `certificate and key may lie in one file`() throws {
        let identity = authority.issue()
        let path = files.write(identity.keyPEM + identity.certificatePEM, as: "both.pem")
        _ = try TLSContext.server(.init(certificates: [.init(certificate: path, key: path)]))
    }

    @Test func `a broken second certificate fails the whole context`() throws {
        let good = files.write(authority.issue(), as: "good")
        let broken = CertificateFiles(certificate: good.certificate, key: files.missing("gone.key"))
        let error = #expect(throws: TLSContextError.self) {
            try TLSContext.server(.init(certificates: [good, broken]))
        }
        #expect(error?.path == broken.key)
        #expect(throws: TLSContextError.self) { try TLSContext.server(.init(certificates: [])) }
    }

    @Test func `a client's ca and certificate are checked when the context is built`() throws {
        #expect(throws: TLSContextError.self) { try TLSContext.client(.init(ca: files.missing("ca.pem"))) }
        let good = files.write(authority.issue(), as: "good")
        let error = #expect(throws: TLSContextError.self) { try TLSContext.client(.init(ca: good.key)) }
        #expect(error?.kind == .wrongPEMKind)
        #expect(throws: TLSContextError.self) {
            try TLSContext.client(.init(certificate: .init(certificate: good.certificate, key: files.missing("x"))))
        }
    }

    @Test func `a reload with a broken file keeps the old context, and with a good one old sessions go on`() throws {
        let first = files.write(authority.issue(.init(commonName: "first")), as: "server")
        var serving = try TLSContext.server(.init(certificates: [first]))
        let client = try TLSContext.client(.init(ca: files.write(authority.subject.certificatePEM, as: "ca.pem")))
        let living = try TLSPair(client, serving)
        living.settle()

        _ = files.write("-----BEGIN CERTIFICATE-----\nAAAA\n", as: "server.pem")
        #expect(throws: TLSContextError.self) { serving = try TLSContext.server(.init(certificates: [first])) }
        let kept = try TLSPair(client, serving)
        kept.settle()
        #expect(kept.client.facts?.peer?.subject == "CN=first")

        serving = try TLSContext.server(
            .init(certificates: [files.write(authority.issue(.init(commonName: "second")), as: "server")]))
        let fresh = try TLSPair(client, serving)
        fresh.settle()
        #expect(fresh.client.facts?.peer?.subject == "CN=second")
        living.server.receive(living.client.encrypt(bytes("still here")))
        #expect(living.server.plaintext == bytes("still here"))
    }

    @Test func `the inspector reads names and dates of a chain`() throws {
        let leaf = authority.issue(.init(commonName: "leaf", names: ["DNS:a.test", "DNS:*.b.test", "IP:2001:db8::7"]))
        let path = files.write(leaf.certificatePEM + authority.subject.certificatePEM, as: "chain.pem")
        let facts = try CertificateInspector.inspect(path: path)
        #expect(facts.map(\.subject) == ["CN=leaf", "CN=Test Root"])
        #expect(facts[0].names == ["a.test", "*.b.test", "2001:db8::7"])
        #expect(facts[0].notAfter - facts[0].notBefore == .seconds(90_000))
        #expect(throws: TLSContextError.self) { try CertificateInspector.inspect(path: files.missing("x")) }
    }

    @Test func `names in a certificate can't forge a line of a log`() throws {
        let evil = authority.issue(.init(commonName: "a\nb\u{1B}[31m\u{202E}", names: ["DNS:ok.test"]))
        let subject = try CertificateInspector.inspect(path: files.write(evil.certificatePEM, as: "evil.pem"))[0]
            .subject
        #expect(subject.utf8.allSatisfy { (0x20...0x7E).contains($0) })
    }
}
