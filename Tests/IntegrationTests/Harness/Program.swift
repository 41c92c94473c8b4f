/// Runs a program to its end: how it ended (nil: not within `seconds`, and it was killed), and what it said.
func run(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], within seconds: Double = 60
) throws -> (exit: ChildProcess.Exit?, output: String, errors: String) {
    let scratch = try ScratchFolder()
    let child = try ChildProcess(
        program, arguments, output: scratch.file("out"), errors: scratch.file("errors"), environment: environment)
    let exit = child.waitForExit(within: seconds)
    return (exit, scratch.read("out"), scratch.read("errors"))
}
