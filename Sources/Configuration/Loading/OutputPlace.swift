import Glibc

/// A place that Gatehouse will write to, looked at as it is: nothing is opened, made or touched.
enum OutputPlace {
    /// A file that is appended to, or made.
    case file
    /// The same, but never through a link: what is written there is secret.
    case privateFile
    /// A directory for files, which is made if only its last part isn't there.
    case directory

    /// Why `path` couldn't be written to by this user; nil if it could.
    func fault(_ path: String) -> (observed: String, remedy: String)? {
        var facts = stat()
        if self == .privateFile, lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFLNK {
            return ("is a link", "name the file itself; secrets are not written through a link")
        }
        guard stat(path, &facts) == 0 else {
            guard errno == ENOENT else { return unreachable(path) }
            return faultOfParent(path)
        }
        let isDirectory = facts.st_mode & S_IFMT == S_IFDIR
        switch self {
        case .file, .privateFile:
            if isDirectory { return ("is a directory", "name a file in it") }
            return OutputPlace.allows(path, W_OK) ? nil : OutputPlace.unwritable("it")
        case .directory:
            guard isDirectory else { return ("is a file", "name a directory") }
            return OutputPlace.allows(path, W_OK | X_OK) ? nil : OutputPlace.unwritable("it")
        }
    }

    /// The last part of the path isn't there: it would have to be made.
    private func faultOfParent(_ path: String) -> (observed: String, remedy: String)? {
        var name = path[...]
        while name.count > 1, name.last == "/" { name.removeLast() }
        let parent = name.lastIndex(of: "/").map { $0 == name.startIndex ? "/" : String(name[..<$0]) } ?? "."
        let shown = Excerpt.quoted(parent)
        var facts = stat()
        guard stat(parent, &facts) == 0 else {
            guard errno == ENOENT else { return unreachable(parent) }
            return ("can't be made, because the directory \(shown) does not exist", "mkdir -p it, or name another place")
        }
        guard facts.st_mode & S_IFMT == S_IFDIR else {
            return ("can't be made, because \(shown) is no directory", "name another place")
        }
        return OutputPlace.allows(parent, W_OK | X_OK) ? nil : OutputPlace.unwritable("the directory \(shown)")
    }

    private func unreachable(_ path: String) -> (observed: String, remedy: String) {
        (
            "can't be looked at: \(String(cString: strerror(errno)))",
            "name a place that user \(geteuid()) can reach; check it as the user that Gatehouse runs as"
        )
    }

    private static func unwritable(_ what: String) -> (observed: String, remedy: String) {
        let reason = errno == EROFS ? ", which is on a read-only file system" : ""
        return (
            "can't be written, because user \(geteuid()) may not write to \(what)\(reason)",
            "name another place, give that user the right to write there, or check as the user that Gatehouse runs as"
        )
    }

    /// Asked of the effective user, as opening asks.
    private static func allows(_ path: String, _ mode: Int32) -> Bool { faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 }
}

extension SnapshotBuilder {
    /// Reports a place that can't be written to, if that is asked for.
    mutating func check(_ place: OutputPlace, _ path: String, at written: Decoded) {
        guard checksOutputs, let fault = place.fault(path) else { return }
        report(
            written, "\(Excerpt.quoted(path)), which \(fault.observed)",
            place == .directory ? "a directory that can be written to, or made" : "a file that can be appended to, or made",
            fault.remedy)
    }
}
