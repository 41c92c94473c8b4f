import HTTPWire
import TestSupport
import Wire

/// A request head from text whose lines end in LF in the test and in CRLF on the wire, the empty line added.
func request(_ text: String) -> RequestHead { RequestHead(copy: wire(text)) }

/// A response head in the same way.
func response(_ text: String) -> ResponseHead { ResponseHead(copy: wire(text)) }

func wire(_ text: String) -> [UInt8] {
    Array(text.utf8).flatMap { $0 == 0x0A ? bytes(0x0D, 0x0A) : [$0] } + bytes("\r\n\r\n")
}

extension MessageHead {
    var kinds: [HeadFault.Kind] { faults.map(\.kind) }
}
