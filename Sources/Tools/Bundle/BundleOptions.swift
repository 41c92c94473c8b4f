import Configuration
import Wire

/// What the command line asks for, read and checked.
struct BundleOptions {
    /// Names of sessions; empty where a time was given.
    var sessions: [SessionID] = []
    var since: TimeSpan?
    var ledgers: [String]
    var captures: String?
    var config: String?
    var admin: SocketAddress?
    var keepsPayloads = false
    var write: String
    var force = false

    init(_ flags: FlagParser.Result) throws(CommandFault) {
        for text in flags.all("session") {
            guard let session = SessionID(text) else {
                throw CommandFault(sentence: "--session is no session's name of 13 characters, such as 5f3kq0000001a")
            }
            sessions.append(session)
        }
        if let text = flags["since"] {
            guard let span = DurationText.span(text), span > .zero else {
                throw CommandFault(sentence: "--since is no time such as 10m or 2h")
            }
            since = span
        }
        guard sessions.isEmpty != (since == nil) else {
            throw CommandFault(sentence: "say either --session ID or --since DURATION")
        }
        ledgers = flags.all("ledger")
        captures = flags["captures"]
        config = flags["config"] ?? Terminal.environment[Snapshot.fileVariable]
        if let text = flags["admin"] {
            guard let address = AdminClient.address(text) else {
                throw CommandFault(sentence: "--admin is no address and port, such as 127.0.0.1:9900")
            }
            admin = address
        }
        keepsPayloads = flags.has("payloads")
        guard let path = flags["write"] else { throw CommandFault(sentence: "the file lacks; say --write bundle.tar.gz") }
        write = path
        force = flags.has("force")
    }
}
