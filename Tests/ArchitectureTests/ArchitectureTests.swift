import Testing

/// Holds the package's declaration and the import lines against `House`.
@Suite struct ArchitectureTests {
    let sources: [Checkout.SourceFile]

    init() throws {
        sources = try Checkout.sources()
        try #require(sources.count > 20, "the sources were not found under \(Checkout.root)")
    }

    @Test func `every dependency that the package declares points down`() throws {
        let targets = try Checkout.targets().filter {
            $0.type != "test" && !["TestSupport", "CAllocationCounter"].contains($0.name)
        }
        #expect(targets.count > 15)
        for target in targets {
            #expect(
                House.floor(of: target.name) != nil,
                "\(target.name) stands on no floor of the house: add it to House.floors")
            for dependency in target.target_dependencies ?? [] {
                #expect(
                    House.allows(target.name, toImport: dependency),
                    "Package.swift lets \(target.name) depend on \(dependency), which is not below it")
            }
        }
    }

    @Test func `every import of a module of ours points down`() {
        let ours = Set(House.floors.flatMap(\.targets))
        for file in sources {
            for module in Set(file.imports) where ours.contains(module) {
                #expect(
                    House.allows(file.target, toImport: module),
                    "\(file.path) imports \(module), which is not below \(file.target)")
            }
        }
    }

    @Test func `the core imports nothing that does I/O, tells time or keeps globals`() {
        let ours = Set(House.floors.flatMap(\.targets))
        for file in sources where House.core.contains(file.target) {
            for module in file.imports where !ours.contains(module) {
                #expect(House.coreModules.contains(module), "\(file.path) imports \(module)")
            }
        }
    }

    @Test func `the core names no clock and no chance`() {
        for file in sources where House.core.contains(file.target) {
            for (number, line) in file.lines.enumerated() {
                // A comment may speak of what the code must not do.
                let code = line.prefix { $0 != "/" }
                for name in House.coreMustNotName where code.contains(name) {
                    Issue.record("\(file.path):\(number + 1) names \(name)")
                }
            }
        }
    }

    @Test func `no file is called after nothing in particular`() {
        for file in sources {
            for word in ["Utils", "Utilities", "Helper", "Manager", "Common", "Misc"] {
                #expect(!file.name.contains(word), "\(file.path): name it by what it is")
            }
        }
    }

    @Test func `a file over 400 lines is reported`() {
        for file in sources where file.lines.count > 400 {
            Issue.record("\(file.path) has \(file.lines.count) lines: is it one thing?", severity: .warning)
        }
    }

    @Test func `an import line is read whatever stands around it`() {
        let lines: [Substring] = [
            "import A", "package import B", "@testable import C", "@preconcurrency internal import D",
            "import struct E.F",
            "// import G", "let important = 1", "    importer()",
        ]
        let file = Checkout.SourceFile(target: "", path: "", lines: lines)
        #expect(file.imports == ["A", "B", "C", "D", "E"])
    }

    @Test func `the table refuses an arrow that points up or across`() {
        #expect(House.allows("ProxyCore", toImport: "Diagnosis"))
        #expect(!House.allows("Diagnosis", toImport: "ProxyCore"))
        #expect(!House.allows("HTTPWire", toImport: "WebSocketWire"))
        #expect(!House.allows("Wire", toImport: "CLinux"))
        #expect(!House.allows("EventLoop", toImport: "TLSEngine"))
        #expect(!House.allows("EventLoop", toImport: "ProxyServer"))
    }
}
