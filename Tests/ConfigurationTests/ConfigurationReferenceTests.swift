import Configuration
import Glibc
import Testing

struct ConfigurationReferenceTests {
    @Test func `the documentation is what the definitions say`() throws {
        let path = "\(packageRoot)/Docs/Configuration.md"
        let generated = ConfigurationReference.markdown()
        if getenv("GATEHOUSE_REGENERATE") != nil {
            let stream = try #require(fopen(path, "w"))
            fputs(generated, stream)
            fclose(stream)
        }
        #expect(
            TemporaryDirectory.read(path) == generated,
            "write it anew: GATEHOUSE_REGENERATE=1 swift test --filter ConfigurationReferenceTests")
    }

    @Test func `no sentence of the documentation breaks its table`() {
        for line in ConfigurationReference.markdown().split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.replacing("\\|", with: "").split(separator: "|", omittingEmptySubsequences: false).count - 2
            #expect(cells == 4 || cells == 3, "\(line)")
        }
    }
}
