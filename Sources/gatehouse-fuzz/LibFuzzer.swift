#if GATEHOUSE_LIBFUZZER
import Glibc

/// The target that `GATEHOUSE_FUZZ_TARGET` names; read once.
private let target: FuzzTarget = {
    let name = unsafe getenv("GATEHOUSE_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        fatalError(
            "GATEHOUSE_FUZZ_TARGET is \"\(name)\"; expected one of "
                + FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))
    }
    return target
}()

/// What libFuzzer calls with each input. Built by `Tests/Scripts/fuzz`.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe target.run([UInt8](UnsafeBufferPointer(start: start, count: count)))
    return 0
}
#endif
