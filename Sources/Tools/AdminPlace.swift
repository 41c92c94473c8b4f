/// Where a running Gatehouse's admin endpoints are looked for, and what said so.
struct AdminPlace: Equatable {
    /// As it was written.
    var text: String
    /// What named it, for messages.
    var source: String

    /// The variable that `serve` takes its admin listener from: in one environment both find each other.
    static let variable = "GATEHOUSE_ADMIN_LISTEN"

    init(flag: String?, environment: [String: String]) {
        if let flag {
            (text, source) = (flag, "--admin")
        } else if let named = environment[AdminPlace.variable], !named.isEmpty {
            (text, source) = (named, AdminPlace.variable)
        } else {
            (text, source) = ("127.0.0.1:9900", "the default of --admin")
        }
    }

    /// What is said where the text is no address.
    var fault: String {
        if text == "off" {
            return "\(source) is off: a process without admin endpoints can't be asked; expected an address, such as 127.0.0.1:9900"
        }
        return "\(source) is \"\(text)\": expected an address and port, such as 127.0.0.1:9900"
    }

    /// What is said where nobody answers.
    var silence: String {
        """
        found no answer at \(text) (\(source)); expected the admin endpoints of a running Gatehouse.
        To do: start gatehouse serve, or name the admin.listen of the one that runs: --admin ADDRESS. With admin.listen: off it has none.
        """
    }
}
