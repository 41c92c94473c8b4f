import Foundation
import Testing

/// tcpdump beside a test: what one port says and hears on an interface, written to a file until it is stopped.
final class WireDump {
    let path: String
    private let child: ChildProcess

    /// Starts and waits until it listens. Needs `Captures.mayCapture`.
    init(port: UInt16, interface: String = "lo", in scratch: ScratchFolder) throws {
        path = scratch.file("wire.pcap")
        child = try ChildProcess(
            Captures.tcpdump ?? "tcpdump",
            [
                "-i", interface, "-U", "--immediate-mode", "-B", "65536", "-s", "0", "-Z", "root", "-w", path,
                "tcp port \(port)",
            ],
            output: scratch.file("wire.out"), errors: scratch.file("wire.errors"))
        #expect(holds(within: 20) { scratch.read("wire.errors").contains("listening on") }, "\(scratch.read("wire.errors"))")
    }

    /// Waits for the last packets, and ends it.
    func stop() throws {
        // They are in the file when its size stays.
        var size = -1
        _ = try eventually(within: 10) { () -> Bool? in
            usleep(200_000)
            let now = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
            defer { size = now }
            return now == size ? true : nil
        }
        child.send(SIGTERM)
        _ = child.waitForExit(within: 10)
    }
}
