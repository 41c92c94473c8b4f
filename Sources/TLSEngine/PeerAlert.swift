import COpenSSL

/// What a fatal alert of the peer means (RFC 8446 §6.2), given what it had seen of us.
struct PeerAlert {
    let alert: UInt8
    let role: TLSContext.Role
    let serverName: String?
    /// We are the client, and the server had asked for a certificate.
    let certificateRequested: Bool
    let hasOwnCertificate: Bool
    let duringHandshake: Bool

    var conclusion: FailureReason.Conclusion {
        role == .client ? fromServer : fromClient
    }

    private var fromServer: FailureReason.Conclusion {
        // TLS 1.2 has no alert of its own for it: handshake_failure after a request that we left unanswered says the
        // same. In TLS 1.3 it arrives when the handshake is complete for us already.
        let saysMissing =
            alert == Alert.certificateRequired || alert == Alert.handshakeFailure || alert == Alert.badCertificate
        if certificateRequested, !hasOwnCertificate, saysMissing {
            return (
                .clientCertificateRequired,
                "The server asked for a client certificate, got none and gave up (\(text)); a certificate was "
                    + "expected of us. Set certificate and key for this upstream"
            )
        }
        if certificateRequested, hasOwnCertificate, Alert.aboutCertificates.contains(alert) {
            return (
                .clientCertificateRejected,
                "The server refused our client certificate (\(text)); one that its client authority issued, and that "
                    + "is in date, was expected. Check which issuer it accepts"
            )
        }
        switch alert {
        case Alert.protocolVersion:
            return (
                .protocolVersion,
                "The server accepts none of our versions of TLS (\(text)); TLS 1.2 or 1.3 was expected. Update the "
                    + "server"
            )
        case Alert.unrecognizedName:
            return (
                .alertReceived(alert),
                "The server knows no \(serverName ?? "such name") (\(text)); a server for that name was expected. "
                    + "Check the host, or set `server_name` in Gatehouse's configuration"
            )
        case Alert.noApplicationProtocol:
            return (
                .noSharedApplicationProtocol(offered: []),
                "The server accepts no http/1.1 (\(text)), which WebSocket needs. Switch HTTP/1.1 on there"
            )
        case Alert.handshakeFailure, Alert.insufficientSecurity:
            return (
                .alertReceived(alert),
                "The server found nothing that both ends accept (\(text)): no shared cipher suite, or it has no "
                    + "certificate for \(serverName ?? "the name"). Compare cipher suites, and check that the name "
                    + "is configured there"
            )
        default:
            return (.alertReceived(alert), "The server gave up \(when): \(text). Its log says more")
        }
    }

    private var fromClient: FailureReason.Conclusion {
        switch alert {
        case Alert.unknownCA, Alert.badCertificate, Alert.certificateUnknown, Alert.certificateExpired:
            return (
                .alertReceived(alert),
                "The client does not accept our certificate (\(text)); it expects one of an issuer that it knows, in "
                    + "date, for the name that it asked for, with the full chain. Check the certificate file of this "
                    + "listener"
            )
        case Alert.protocolVersion:
            return (
                .protocolVersion,
                "The client accepts none of our versions of TLS (\(text)); TLS 1.2 or 1.3 was expected. Update the "
                    + "client"
            )
        default:
            return (.alertReceived(alert), "The client gave up \(when): \(text). Its log says more")
        }
    }

    private var when: String { duringHandshake ? "in the TLS handshake" : "in the open session" }

    private var text: String {
        let name = SSL_alert_desc_string_long(Int32(alert)).map { String(cString: $0) } ?? "unknown"
        return "alert \(alert), \(name)"
    }

    /// The numbers of RFC 8446 §6 that decide something here.
    private enum Alert {
        static let handshakeFailure: UInt8 = 40
        static let badCertificate: UInt8 = 42
        static let certificateExpired: UInt8 = 45
        static let certificateUnknown: UInt8 = 46
        static let unknownCA: UInt8 = 48
        static let protocolVersion: UInt8 = 70
        static let insufficientSecurity: UInt8 = 71
        static let unrecognizedName: UInt8 = 112
        static let certificateRequired: UInt8 = 116
        static let noApplicationProtocol: UInt8 = 120
        /// bad, unsupported, revoked, expired, unknown certificate; unknown_ca, access_denied, decrypt_error.
        static let aboutCertificates: Set<UInt8> = [40, 42, 43, 44, 45, 46, 48, 49, 51]
    }
}
