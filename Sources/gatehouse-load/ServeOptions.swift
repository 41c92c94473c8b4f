import EventLoop

/// `gatehouse-load serve …`
struct ServeOptions {
    var port: UInt16 = 0
    var backend: EventLoop.Backend?

    init(_ arguments: ArraySlice<String>) throws(Usage.Mistake) {
        var flags = Flags(arguments)
        while let flag = flags.next() {
            switch flag {
            case "--port": port = UInt16(try flags.number(of: flag, in: 0...65_535))
            case "--io": backend = try flags.backend(of: flag)
            default: throw Usage.Mistake("serve doesn't know \(flag): expected --port or --io")
            }
        }
    }
}
