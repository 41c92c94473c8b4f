import Diagnosis
import HTTPWire
import JSONWire
import ProxyCore
import TestSupport
import Testing

/// What a backend is told of the user is what the credential says, or nothing, and then nobody is let in.
@Suite struct IdentityFieldTests {
    private func rule(_ fields: (String, String)...) throws -> AuthenticationRule {
        AuthenticationRule(
            sources: [.bearer], accepted: "a token",
            identity: try fields.map { name, value in
                IdentityField(name: try #require(FieldName(name)), value: try #require(RequestReference(value)))
            })
    }

    /// The refusal, and the fields that would go out.
    private func told(
        _ rule: AuthenticationRule, _ claims: String = "{}", name: [UInt8] = bytes("ann")
    ) throws -> (refusal: GateRefusal?, fields: [String]) {
        let head = requestHead("GET / HTTP/1.1\nHost: h.example")
        var forwarding = context(head)
        let user = AuthenticatedUser(name: name, claims: try JSONReader.read(Array(claims.utf8)))
        let view = RequestView(head: head, identity: forwarding.identity, user: user)
        rule.apply(view, nil, to: &forwarding)
        return (rule.unwritable(view), forwarding.extra.map { "\($0.name): \(String(decoding: $0.value, as: UTF8.self))" })
    }

    @Test func `what can be written goes out as it is`() throws {
        let rule = try rule(("X-User", "user"), ("X-Groups", "claims.groups"), ("X-Scopes", "scopes"), ("X-None", "claims.none"))
        let (refusal, fields) = try told(rule, #"{"groups":["a b","c"],"scope":"chat  read"}"#, name: bytes("O=Example, CN=ann"))
        #expect(refusal == nil)
        #expect(fields == ["x-user: O=Example, CN=ann", "x-groups: a b,c", "x-scopes: chat,read"])
        #expect(try told(rule, name: []).fields.isEmpty, "a user without a name is told of by nothing")
        #expect(try told(rule, name: []).refusal == nil)
    }

    @Test(arguments: [" admin", "admin ", " ", "josé", "a\tb", "a\r\nX-Admin: 1", "a\u{0}", String(repeating: "a", count: 4097)])
    func `a user whom a reader of the field would take for another is not let in`(_ name: String) throws {
        let (refusal, fields) = try told(try rule(("X-User", "user")), name: Array(name.utf8))
        #expect(fields.isEmpty)
        #expect(refusal?.fault == "identity_unwritable" && refusal?.status == 403 && refusal?.rule == .credentials)
        #expect(refusal?.observed.contains("user that ") == true && refusal?.observed.contains("for the field x-user") == true)
        #expect(refusal?.observed.contains("admin") == false && refusal?.observed.contains("jos") == false, "not the value itself")
    }

    @Test(arguments: [#"["a,admins"]"#, #"["b","a,admins"]"#, #"["b"," admins"]"#, #"["admins ","b"]"#, #"["josé"]"#])
    func `an element of a list that a reader would part or trim is not let in`(_ groups: String) throws {
        let (refusal, fields) = try told(try rule(("X-Groups", "claims.groups")), "{\"groups\":\(groups)}")
        #expect(refusal?.fault == "identity_unwritable" && fields.isEmpty)
        #expect(refusal?.observed.hasPrefix("claims.groups with an element that ") == true)
        #expect(refusal?.observed.contains("admins") == false)
    }

    @Test func `the names that are removed are those of the fields, their twins and the credential's`() throws {
        var rule = try rule(("X_Tenant", "claims.tenant"))
        rule.strips = true
        let head = requestHead("GET / HTTP/1.1\nHost: h.example\nX-Key: k")
        let key = try #require(FieldName("X-Key"))
        guard case .found(let credential) = PresentedCredential.search(.field(key), in: head) else {
            Issue.record("no credential")
            return
        }
        var names: [FieldName] = []
        rule.addRemoved(credential, to: &names)
        #expect(names.map(\.description) == ["x_tenant", "x-tenant", "x-key"])
    }
}
