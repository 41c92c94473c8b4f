/// The documentation of every key, from the definitions that decode it.
public enum ConfigurationReference {
    /// `Docs/Configuration.md`.
    public static func markdown() -> String {
        var lines = introduction
        lines += ["## Keys of the file", "", header, rule]
        for definition in Schema.root { write(definition, prefix: "", into: &lines) }
        lines += [
            "", "### Keys of a route", "",
            "In each entry of `routes`; those of one route may stand at the top of the file instead.", "", header, rule,
        ]
        for definition in Schema.route {
            // Those that stand at the top too are described there.
            let isShared =
                Schema.root.contains { $0.name == definition.name } && !["timeouts", "limits", "capture"].contains(definition.name)
            lines.append(isShared ? "| `\(definition.name)` | | | As at the top. |" : row(definition, path: definition.name))
            // Other limits than those at the top, which stand nowhere else.
            if definition.name == "limits" {
                for (inner, _) in children(of: definition.kind) { lines.append(row(inner, path: "limits.\(inner.name)")) }
            }
        }
        lines += ["", "## Flags and environment", "", "| key | flag of `serve` | variable |", "|---|---|---|"]
        for (path, definition) in Schema.settable {
            let flag = definition.flag.map { "`--\($0)`" } ?? ""
            let variable = definition.environment.map { "`\($0)`" } ?? ""
            lines.append("| `\(path.joined(separator: "."))` | \(flag) | \(variable) |")
        }
        lines += [
            "| the file itself | `--config` | `\(Snapshot.fileVariable)` |",
            "| the port of the default listener | | `PORT` |", "",
            "Lists are written with commas: `GATEHOUSE_TRUSTED_PROXIES=10.0.0.0/8,192.168.0.0/16`. An empty variable is as none.",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private static let introduction = [
        "# Configuration",
        "",
        "This file is generated from the definitions that decode the configuration. To write it anew:",
        "`GATEHOUSE_REGENERATE=1 swift test --filter ConfigurationReferenceTests`.",
        "",
        "One YAML file, and every key of it optional but a place to forward to:",
        "",
        "```yaml",
        "upstream: http://127.0.0.1:8000",
        "```",
        "",
        "Flags come before environment, environment before file, file before default. `gatehouse check-config FILE` shows every",
        "problem of a file with its line; `Config/` has commented examples. On SIGHUP the file is read again, and a file with a",
        "problem leaves the running configuration as it is.",
        "",
        "- **Times** have a unit: `250ms`, `10s`, `5m`, `1h30m`, `1d`.",
        "- **Sizes** are bytes, or have a unit of 1024: `512`, `8KiB`, `1MiB`, `2GiB`.",
        "- **Booleans** are `true` and `false`; `yes`, `on` and their like are refused.",
        "- **Files** are relative to the configuration's own directory.",
        "- **Variables** (`${NAME}`) are not expanded, and refused where they stand; the end of this page names the keys that the environment sets.",
        "- **IPv6 addresses and `*.` patterns** need quotes, because brackets and stars mean something to YAML.",
        "- Refused: the same key twice, several documents, tags (`!…`), tabs in the indentation, anything but UTF-8, more than 1 MiB.",
        "",
    ]

    private static let header = "| key | accepted | default | |"
    private static let rule = "|---|---|---|---|"

    private static func write(
        _ definition: KeyDefinition, prefix: String, into lines: inout [String]
    ) {
        let path = prefix + definition.name
        lines.append(row(definition, path: path))
        if definition.name == "routes" { return }
        for (inner, suffix) in children(of: definition.kind) {
            write(inner, prefix: path + suffix, into: &lines)
        }
    }

    private static func row(_ definition: KeyDefinition, path: String) -> String {
        var about = definition.about
        if let example = definition.example { about += " Example: `\(cell(example))`" }
        let standard = definition.defaultText.map { "`\($0)`" } ?? ""
        return "| `\(path)` | \(cell(accepted(definition.kind))) | \(standard) | \(cell(about)) |"
    }

    /// What stands below a key, and how its path goes on there.
    private static func children(of kind: ValueKind) -> [(KeyDefinition, String)] {
        switch kind {
        case .map(let keys): keys.map { ($0, ".") }
        case .named(let keys): keys.map { ($0, ".NAME.") }
        case .list(let kind): children(of: kind).map { ($0, "[]" + $1) }
        // A list of what may also stand alone is described once.
        case .shapes(let kinds): kinds.first { !children(of: $0).isEmpty }.map(children) ?? []
        default: []
        }
    }

    /// Shorter than in a message: the keys of a map follow in rows of their own.
    private static func accepted(_ kind: ValueKind) -> String {
        switch kind {
        case .map: "map"
        case .named: "map of names"
        case .list(let kind): "list; each: " + accepted(kind)
        case .shapes(let kinds): kinds.map(accepted).joined(separator: "; or ")
        case .duration(_, let word): (word.map { "`\($0)` or " } ?? "") + "time"
        case .size(let range) where range.lowerBound > 0:
            "size from \(SizeText.text(range.lowerBound)) to \(SizeText.text(range.upperBound))"
        case .size: "size"
        case .word(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        default: kind.accepted
        }
    }

    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
