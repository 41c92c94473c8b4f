// The command line. What there is to call stands in Tools (`CommandTable`).
import Glibc
import Tools

exit(CommandTable.run(Array(CommandLine.arguments.dropFirst())))
