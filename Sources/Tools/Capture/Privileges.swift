import CPcap
import Glibc

/// Gives up what only the opening of an interface needed.
///
/// The reader of packets is the part of a capture that strangers talk to, so it runs with no more rights than writing a file takes.
enum Privileges {
    /// Who the process is from now on.
    enum Outcome: Equatable {
        /// Another user, without any of root's rights.
        case became(user: UInt32, group: UInt32)
        /// The same user, without capabilities.
        case emptied
        /// Still root: nobody said who else to be.
        case kept
    }

    /// Becomes `user`, or who called sudo; without either, a user who isn't root only loses the capabilities that the file gave.
    static func drop(to user: String?, environment: [String: String]) throws(CommandFault) -> Outcome {
        guard geteuid() == 0 else {
            if user != nil { throw CommandFault(sentence: "--user needs root: only root can become somebody else") }
            // Failing here leaves what there was, which is no more than before.
            _ = cpcap_give_up_capabilities()
            return .emptied
        }
        let identity: (user: UInt32, group: UInt32)
        if let user {
            guard let entry = getpwnam(user) else { throw CommandFault(sentence: "--user: there is no such user on this machine") }
            identity = (entry.pointee.pw_uid, entry.pointee.pw_gid)
        } else if let called = caller(environment) {
            identity = called
        } else {
            return .kept
        }
        guard identity.user != 0 else { return .kept }
        // Groups first: afterwards there is no right to change them.
        guard setgroups(0, nil) == 0, setgid(identity.group) == 0, setuid(identity.user) == 0 else {
            throw CommandFault(
                sentence: "root's rights could not be given up (\(String(cString: strerror(errno)))), so nothing is captured")
        }
        guard getuid() == identity.user, geteuid() == identity.user, setuid(0) != 0 else {
            throw CommandFault(sentence: "root's rights could be taken back, so nothing is captured")
        }
        _ = cpcap_give_up_capabilities()
        return .became(user: identity.user, group: identity.group)
    }

    /// Who called sudo, as it says itself.
    static func caller(_ environment: [String: String]) -> (user: UInt32, group: UInt32)? {
        guard let user = environment["SUDO_UID"].flatMap({ UInt32($0) }),
            let group = environment["SUDO_GID"].flatMap({ UInt32($0) }), user != .max, group != .max
        else { return nil }
        return (user, group)
    }
}
