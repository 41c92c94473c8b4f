import JSONWire
import ProxyCore
import TestSupport
import Testing
import Wire

@Suite struct CertificateRuleTests {
    private func certificate(_ subject: String, _ names: [String] = []) -> CertificateFacts {
        CertificateFacts(
            subject: subject, names: names, issuer: "CN=ca", notBefore: .zero, notAfter: .zero + .seconds(9_000))
    }

    private func letsIn(_ pattern: String, _ certificate: CertificateFacts) throws -> Bool {
        let rule = CertificateRule(subjects: [try #require(SubjectPattern(pattern))])
        if case .accepted = rule.check(certificate) { return true }
        return false
    }

    @Test(arguments: [
        ("CN=robot-1", "CN=robot-1", true), ("CN=robot-*", "CN=robot-17,O=Example", true), ("CN=robot-*", "CN=robot-", true),
        ("CN=*-robot", "CN=my-robot", true), ("CN=a*c*e", "CN=abcde", true), ("CN=a*c*e", "CN=abcd", false),
        ("cn=robot", "CN=robot", true), ("CN=robot", "CN=Robot", false), ("CN=robot", "CN=robots", false),
        ("CN=robot", "O=robot", false), ("O=Example,CN=robot-*", "CN=robot-1,O=Example", true),
        ("O=Example,CN=robot-*", "CN=robot-1,O=Other", false), ("OU=b", "CN=x,OU=a,OU=b", true), ("*", "", true),
        // A value that contains what looks like another part is one value.
        ("CN=admin", "O=x\\,CN=admin", false), ("O=x\\,CN=admin", "O=x\\,CN=admin", true), ("CN=admin", "O=x\\2CCN=admin", false),
        ("CN=admin", "CN=admin\\ ", false), ("CN=admin", "CN=ad\\6Din", true), ("CN=admin", "CN=guest+CN=admin", false),
        ("CN=admin", "CN=admin,CN=guest", false), ("CN=admin", "CN=admin,broken", false), ("CN=admin", "CN=admin\\", false),
        ("CN=*", "O=nobody", false),
    ])
    func `a subject is compared part by part`(_ pattern: String, _ subject: String, _ isFit: Bool) throws {
        #expect(try letsIn(pattern, certificate(subject)) == isFit)
    }

    @Test(arguments: [
        ("DNS=a.example", ["a.example"], true), ("DNS=*.example", ["x", "b.EXAMPLE"], true), ("DNS=*.example", ["example"], false),
        ("DNS=a.example", [], false), ("IP=10.0.0.*", ["10.0.0.7"], true), ("DNS=*.example,CN=a", ["b.example"], true),
        ("DNS=*.example,CN=b", ["b.example"], false),
    ])
    func `names are those of the certificate, not its subject`(_ pattern: String, _ names: [String], _ isFit: Bool) throws {
        #expect(try letsIn(pattern, certificate("CN=a", names)) == isFit)
    }

    @Test(arguments: ["", "robot", "CN=", "=a", "CN=a,", "CN=a,b", "C N=a"])
    func `what is no pattern is none`(_ text: String) { #expect(SubjectPattern(text) == nil) }

    @Test func `the user is the common name, and lives as long as the certificate`() {
        let outcome = CertificateRule().check(certificate("CN=robot-1,O=Example", ["r1.example"]))
        guard case .accepted(let user) = outcome else { return #expect(Bool(false), "\(outcome)") }
        #expect(user.name == bytes("robot-1") && user.expiresAt == .zero + .seconds(9_000))
        #expect(user.claims["cn"]?.text == bytes("robot-1") && user.claims["issuer"]?.text == bytes("CN=ca"))
        #expect(user.claims["names"] == .array([.string(bytes("r1.example"))]))
        guard case .accepted(let unclear) = CertificateRule().check(certificate("CN=a,CN=b")) else { return }
        #expect(unclear.name == bytes("CN=a,CN=b") && unclear.claims["cn"] == nil)
    }

    @Test func `a refusal says whose certificate it saw`() throws {
        let rule = CertificateRule(subjects: [try #require(SubjectPattern("CN=robot-*"))])
        guard case .refused(let fault) = rule.check(certificate("CN=eve", ["eve.example"])) else {
            return #expect(Bool(false))
        }
        #expect(fault.id == "subject_not_allowed" && fault.sentence == "a certificate of CN=eve (eve.example)")
    }

    @Test func `a certificate counts only where the route looks for one`() throws {
        let head = requestHead("GET / HTTP/1.1\nHost: a\nAuthorization: Bearer t")
        let shown = certificate("CN=a")
        let both = AuthenticationRule(sources: [.certificate, .bearer], accepted: "")
        guard case .certificate = try both.find(in: head, certificate: shown).get().content else { return #expect(Bool(false)) }
        guard case .token = try both.find(in: head).get().content else { return #expect(Bool(false)) }
        guard
            case .token = try AuthenticationRule(sources: [.bearer], accepted: "").find(in: head, certificate: shown).get().content
        else { return #expect(Bool(false)) }
    }
}
