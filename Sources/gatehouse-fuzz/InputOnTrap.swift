#if !GATEHOUSE_LIBFUZZER
import Glibc

/// Names the input that was being run when a trap or a broken rule stops the process; the report itself can't know.
enum InputOnTrap {
    /// Set before each run and read by the handler, on the one thread that there is.
    nonisolated(unsafe) private static var line: UnsafeMutablePointer<CChar>?

    /// Begins to listen for the signals of a trap.
    static func install() {
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE] {
            signal(number) { number in
                // Only what a signal handler may call. Afterwards the fault repeats, and ends the process its own way.
                if let line = InputOnTrap.line { _ = write(STDERR_FILENO, line, strlen(line)) }
                signal(number, SIG_DFL)
            }
        }
    }

    /// Says which input runs next.
    static func name(_ path: String) {
        free(line)
        line = strdup("gatehouse-fuzz: stopped by \(path)\n")
    }
}
#endif
