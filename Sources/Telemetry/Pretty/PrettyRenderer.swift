/// The log for people. (Being written: for now the JSON line itself.)
package struct PrettyRenderer: Sendable {
    let colour: Bool

    package init(colour: Bool) { self.colour = colour }

    package func render(lines: UnsafeRawBufferPointer) -> [UInt8] { [UInt8](lines) }
}
