import COpenSSL
import Wire

/// Draws a `TLSFailure` from everything that was seen when a session failed.
///
/// OpenSSL names the step that failed; what went wrong is more often in what came before: the first bytes, the
/// alerts, the problems of the certificate. So the evidence is asked in the order of what it proves: bytes that
/// aren't TLS at all, then a certificate that we refused, then our own other reasons, then what the peer said, and
/// last the bare end of the transport.
struct FailureReason {
    let role: TLSContext.Role
    let serverName: String?
    let trustStore: String
    let hasOwnCertificate: Bool
    let duringHandshake: Bool
    let truncated: Bool
    let overflowed: Bool
    let evidence: HandshakeEvidence
    let entries: [OpenSSLError]

    var failure: TLSFailure {
        let (kind, sentence) = notTLS ?? refusedCertificate ?? ownReason ?? peerAlert ?? ending
        return TLSFailure(
            kind: kind,
            sentence: sentence,
            problems: evidence.problems,
            alertReceived: evidence.alertReceived,
            alertSent: evidence.alertSent,
            entries: entries)
    }

    typealias Conclusion = (TLSFailure.Kind, String)

    /// The peer doesn't speak TLS: seen in its first bytes, whatever OpenSSL made of them.
    private var notTLS: Conclusion? {
        guard duringHandshake, let first = evidence.firstBytes.first else { return nil }
        // Records of TLS begin with their content type, 20 to 23, and the version's first byte, 3.
        let isRecord = (20...23).contains(first) && evidence.firstBytes.dropFirst().prefix(1).allSatisfy { $0 == 3 }
        // The hello of SSL 2, in which very old clients wrap theirs: a length with its first bit set, then 1.
        let isOldHello = role == .server && first & 0x80 != 0 && evidence.firstBytes.dropFirst(2).first == 1
        guard !isRecord, !isOldHello else { return nil }
        let text = evidence.firstBytes.prefix { (0x20...0x7E).contains($0) }
        let shown = String(decoding: text, as: UTF8.self)
        if text.count >= 4 {
            if shown.hasPrefix("HTTP/") {
                return (
                    .plainHTTPOnTLSPort(.response),
                    "The server answered '\(shown)' in plain HTTP where a TLS handshake was expected: this port does "
                        + "not speak TLS. Use http:// or ws:// for it, or the port that speaks TLS"
                )
            }
            let method = text.prefix { (0x41...0x5A).contains($0) }
            if role == .server, method.count >= 3, method.count == text.count || text[method.count] == 0x20 {
                return (
                    .plainHTTPOnTLSPort(.request),
                    "The client sent '\(shown)' in plain HTTP where a TLS handshake was expected: this port speaks "
                        + "TLS. Use https:// or wss://; if a proxy stands before this port, let it connect with TLS, "
                        + "or give it a port without"
                )
            }
        }
        let hexadecimal = evidence.firstBytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(
            separator: " ")
        return (
            .notTLS(firstBytes: evidence.firstBytes),
            "The \(peer) began with the bytes \(hexadecimal)\(text.count >= 4 ? " ('\(shown)')" : ""), which is not "
                + "TLS; a TLS handshake was expected. Check that the port is the right one"
        )
    }

    /// We checked the peer's certificate and refused it.
    private var refusedCertificate: Conclusion? {
        guard duringHandshake, entries.contains(where: { $0.isSSL(SSL_R_CERTIFICATE_VERIFY_FAILED) }) else {
            return nil
        }
        return CertificateRefusal(
            role: role, serverName: serverName, trustStore: trustStore, problems: evidence.problems,
            certificate: evidence.certificate,
            namesIssuerAddress: evidence.certificateNamesIssuerAddress
        ).conclusion
    }

    /// We gave up for a reason of our own.
    private var ownReason: Conclusion? {
        if overflowed {
            return (
                .other,
                "The \(peer) makes us answer without ever reading (\(CiphertextPort.pendingLimit) bytes wait); a "
                    + "peer that reads what it asks for was expected. The session was cut off"
            )
        }
        for entry in entries where ERR_GET_LIB(entry.code) == ERR_LIB_SSL {
            switch entry.reason {
            case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
                return (
                    .clientCertificateRequired,
                    "The client sent no certificate, and one is required here (client_ca is \(trustStore)). Give the "
                        + "client a certificate and its key, or make it optional"
                )
            case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_SSL_VERSION, SSL_R_UNKNOWN_PROTOCOL, SSL_R_VERSION_TOO_LOW,
                SSL_R_INAPPROPRIATE_FALLBACK, SSL_R_WRONG_VERSION_NUMBER, SSL_R_UNKNOWN_SSL_VERSION,
                SSL_R_VERSION_TOO_HIGH:
                return (
                    .protocolVersion,
                    "The \(peer) offers no version of TLS that is accepted here (\(entry.text)); TLS 1.2 or 1.3 was "
                        + "expected. Update it, or switch TLS 1.2 on there"
                )
            case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_NO_SUITABLE_GROUPS,
                SSL_R_NO_SHARED_GROUPS,
                SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
                return (
                    .noSharedCipher,
                    "The \(peer) and we share no cipher suite, group or signature algorithm (\(entry.text)); ECDHE "
                        + "with AES-GCM or ChaCha20 was expected. Update it, or take a certificate with another kind "
                        + "of key (RSA instead of ECDSA)"
                )
            case SSL_R_NO_APPLICATION_PROTOCOL:
                let offered = evidence.protocolsOffered
                return (
                    .noSharedApplicationProtocol(offered: offered),
                    "The client offers only \(offered.joined(separator: ", ")) (ALPN); http/1.1 was expected, which "
                        + "WebSocket needs. Let the client, or the proxy before us, offer http/1.1"
                )
            default:
                continue
            }
        }
        return nil
    }

    /// The peer gave up and said why.
    private var peerAlert: Conclusion? {
        // Warnings don't end a session; the alert that did stands in the queue with this offset.
        let reasons = Int32(SSL_AD_REASON_OFFSET) + 1..<Int32(SSL_AD_REASON_OFFSET) + 256
        guard let entry = entries.first(where: { ERR_GET_LIB($0.code) == ERR_LIB_SSL && reasons.contains($0.reason) })
        else { return nil }
        let alert = UInt8(truncatingIfNeeded: entry.reason - Int32(SSL_AD_REASON_OFFSET))
        return PeerAlert(
            alert: alert, role: role, serverName: serverName, certificateRequested: evidence.certificateRequested,
            hasOwnCertificate: hasOwnCertificate, duringHandshake: duringHandshake
        ).conclusion
    }

    /// Nothing speaks but the end itself.
    private var ending: Conclusion {
        if truncated {
            guard duringHandshake else {
                return (
                    .truncated,
                    "The connection ended without the \(peer)'s close_notify; one was expected before the end. What "
                        + "came before may be incomplete: look for a proxy or a firewall that cuts, or a process "
                        + "that died"
                )
            }
            let seen =
                evidence.firstBytes.isEmpty ? "before the \(peer) sent anything" : "in the middle of the TLS handshake"
            return (
                .truncated,
                "The connection ended \(seen); the handshake's completion was expected. Look for a firewall, a "
                    + "health check that only connects, or a \(peer) that wants another server name"
            )
        }
        let reasons = entries.map(\.description).joined(separator: "; ")
        return (
            .other,
            "The TLS \(duringHandshake ? "handshake" : "session") with the \(peer) failed: "
                + "\(reasons.isEmpty ? "no reason given" : reasons). The reason's name is OpenSSL's; compare "
                + "versions and settings of both ends"
        )
    }

    private var peer: String { role == .server ? "client" : "server" }
}
