import CLinux
import Glibc
import Tools

// gatehouse-load: the echo backend and the load client of `make bench`.

clinux_ignore_sigpipe()
_ = clinux_raise_descriptor_limit()

do {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case "serve":
        let backend = try EchoBackend(try ServeOptions(arguments.dropFirst()))
        backend.run()
    case "run":
        let options = try RunOptions(arguments.dropFirst())
        let report =
            if let file = options.recording { try RecordedLoad.run(options, from: file) } else { try LoadClient(options).run() }
        print(report.json)
        exit(report.errors == 0 ? 0 : 1)
    case "capture":
        var maker = CaptureMaker(try CaptureOptions(arguments.dropFirst()))
        print("{\"messages\":\(try maker.run())}")
    case "--help", "-h", "help":
        print(Usage.text)
    default:
        throw Usage.Mistake("no command given: expected serve, run or capture; see gatehouse-load --help")
    }
} catch let mistake as Usage.Mistake {
    Usage.complain(mistake.sentence)
    exit(2)
} catch let fault as ReplayTraffic.Fault {
    Usage.complain(fault.sentence)
    exit(2)
} catch {
    Usage.complain("\(error)")
    exit(3)
}
