import COpenSSL
import Wire

/// Why a certificate was refused by us, from the problems that checking it found (weightiest first).
struct CertificateRefusal {
    let role: TLSContext.Role
    let serverName: String?
    let trustStore: String
    let problems: [VerificationProblem]
    let certificate: CertificateFacts?
    let namesIssuerAddress: Bool

    var conclusion: FailureReason.Conclusion {
        let (kind, sentence) = server
        let rest = problems.dropFirst().filter { $0.rank != problems.first?.rank && $0.rank != 4 }
        let also = rest.isEmpty ? "" : ". Also: \(rest.map(\.description).joined(separator: "; "))"
        guard role == .server else { return (kind, sentence + also) }
        return (.clientCertificateRejected, sentence + also)
    }

    private var server: FailureReason.Conclusion {
        guard let first = problems.first else {
            return (
                .other,
                "The \(whose) certificate was refused without a reason; a certificate that verifies was expected"
            )
        }
        let subject = first.subject.isEmpty ? certificate?.subject ?? "" : first.subject
        let which =
            first.depth == 0
            ? "The \(whose) certificate (\(subject))" : "The issuer \(subject) of the \(whose) certificate"
        switch first.rank {
        case 0:
            let end = first.depth == 0 ? certificate.map { " on \($0.notAfter.calendarText)" } ?? "" : ""
            return (
                .certificateExpired,
                "\(which) expired\(end); one that is in date was expected. Renew it, restart what serves it, and "
                    + "check the job that renews it"
            )
        case 1:
            let start = first.depth == 0 ? certificate.map { " until \($0.notBefore.calendarText)" } ?? "" : ""
            return (
                .certificateNotYetValid,
                "\(which) is not valid\(start); one that is in date was expected. Check the clocks of both machines, "
                    + "or wait"
            )
        case 2:
            let names = certificate?.names ?? []
            let has = names.isEmpty ? "no name at all (a common name does not count)" : names.joined(separator: ", ")
            return (
                .certificateWrongName(names: names),
                "\(which) is for \(has); \(serverName ?? "another name") was expected. Connect by a name that it "
                    + "has, set `server_name` in Gatehouse's configuration, or have a certificate issued for this name"
            )
        case 3, 4:
            return distrust(first, which: which)
        default:
            return (
                .other,
                "\(which) was refused: \(first.words); a certificate that verifies was expected. Have it issued anew"
            )
        }
    }

    private func distrust(_ problem: VerificationProblem, which: String) -> FailureReason.Conclusion {
        if problem.code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT {
            return (
                .certificateNotTrusted(.selfSigned),
                "\(which) is self-signed; one that \(trustStore) vouches for was expected. "
                    + "\(remedy(file: "that certificate"))"
            )
        }
        let issuer = certificate?.issuer ?? "unknown"
        if problem.depth == 0, namesIssuerAddress {
            return (
                .certificateNotTrusted(.missingIntermediate),
                "\(which) was issued by \(issuer), whose certificate was not sent with it and is not in "
                    + "\(trustStore); the full chain was expected. Let the \(role == .client ? "server" : "client") "
                    + "send the intermediate certificates too (the file that issuers call fullchain)"
            )
        }
        return (
            .certificateNotTrusted(.unknownIssuer),
            "\(which) leads to an issuer that \(trustStore) does not hold (issued by \(issuer)); a known one was "
                + "expected. "
                + remedy(file: "the issuer's certificate")
        )
    }

    private func remedy(file: String) -> String {
        role == .client
            ? "Name \(file) as `ca` in Gatehouse's configuration (for diagnose: --ca FILE), or have a certificate issued by a public authority; a chain that lacks its "
                + "intermediate looks the same"
            : "Add \(file) to client_ca, or give the client a certificate of an issuer that is in it"
    }

    private var whose: String { role == .client ? "server's" : "client's" }
}
