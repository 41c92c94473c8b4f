/// What makes a file that a configuration names and that isn't there: a command to begin with, by what the key takes.
enum MissingFile {
    /// The remedy for a file at `key` that can't be read; nil for other kinds of values.
    static func remedy(for kind: ValueKind, key: String) -> String? {
        guard case .file(mustExist: true) = kind else { return nil }
        let command: String
        switch key.split(separator: ".").last.map(String.init) ?? "" {
        case "certificate", "key":
            command =
                "for a try, openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -keyout KEY -out CERTIFICATE makes both"
        case "ca", "client_ca":
            command = "it holds the certificate (PEM) of the authority that signed the other side's"
        case "htpasswd":
            command = "htpasswd -B -c FILE NAME makes one with a user"
        case "keys":
            command = "it holds the public keys of whoever issues the tokens: PEM, or the issuer's jwks.json"
        default:
            command = "make it, or name another"
        }
        return "\(command); a path that is not absolute begins at the configuration's directory"
    }
}
