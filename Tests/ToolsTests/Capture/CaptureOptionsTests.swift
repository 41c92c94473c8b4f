import Configuration
import Testing
import Wire

@testable import Tools

@Suite struct CaptureOptionsTests {
    private func options(_ arguments: String...) throws -> CaptureOptions {
        try CaptureOptions(FlagParser.parse(arguments, for: CaptureCommand.definition))
    }

    @Test func `ports and a filter come together, and an or of the user's doesn't undo the ports`() throws {
        #expect(try options().filter == "tcp")
        #expect(try options().interface == "any")
        #expect(try options("--port", "8000").filter == "tcp port 8000")
        #expect(try options("--port", "8000", "--port", "8001").filter == "tcp port 8000 or tcp port 8001")
        #expect(try options("--filter", "host 10.0.0.1").filter == "host 10.0.0.1")
        #expect(
            try options("--port", "80", "--port", "81", "--filter", "host a or host b").filter
                == "(tcp port 80 or tcp port 81) and (host a or host b)")
    }

    @Test func `time and count end a capture`() throws {
        let options = try options("--for", "1m30s", "--packets", "12")
        #expect(options.span == .seconds(90))
        #expect(options.packets == 12)
    }

    @Test(arguments: [
        ["--port", "0"], ["--port", "70000"], ["--port", "http"], ["--for", "10"], ["--packets", "0"], ["--interface", "a b"],
        ["--keylog", "keys.log"],
    ])
    func `what can't be meant is said`(_ arguments: [String]) throws {
        let flags = try FlagParser.parse(arguments, for: CaptureCommand.definition)
        #expect(throws: CommandFault.self) { try CaptureOptions(flags) }
    }

    @Test func `sudo says who called it, and only whole`() {
        let caller = Privileges.caller(["SUDO_UID": "1000", "SUDO_GID": "100"])
        #expect(caller?.user == 1000 && caller?.group == 100)
        #expect(Privileges.caller(["SUDO_UID": "1000"]) == nil)
        #expect(Privileges.caller(["SUDO_UID": "-1", "SUDO_GID": "1"]) == nil)
        #expect(Privileges.caller(["SUDO_UID": "4294967295", "SUDO_GID": "1"]) == nil, "the number that changes nothing")
    }

    @Test func `who may not capture hears of three ways`() {
        let sentence = PacketSource.Fault.noPermission("").sentence(interface: "eth0", filter: "tcp port 8000")
        for way in ["CAP_NET_RAW", "sudo gatehouse capture", "setcap cap_net_raw+ep", "tcpdump -i eth0 -s 0 -w", "'tcp port 8000'"]
        {
            #expect(sentence.contains(way))
        }
        let lacking = PacketSource.Fault.noLibrary("no libpcap.so.0.8").sentence(interface: "any", filter: "tcp")
        #expect(lacking.hasPrefix("libpcap is not installed: apt-get install libpcap0.8"))
    }
}
