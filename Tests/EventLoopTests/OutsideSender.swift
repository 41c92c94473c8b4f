import CLinux
import Dispatch
import Foundation
import Glibc
import Wire

/// A peer outside the loop: a thread with a blocking socket that sends a payload, then FIN.
final class OutsideSender: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)

    init(to address: SocketAddress, _ payload: [UInt8]) {
        let thread = Thread { [done] in
            let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var raw = clinux_address_make(address.high, address.low, address.port)
            if clinux_connect(descriptor, &raw) == 0 {
                payload.withUnsafeBytes { bytes in
                    guard let start = bytes.baseAddress else { return }
                    var sent = 0
                    while sent < bytes.count {
                        let count = Glibc.send(descriptor, start + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
                        guard count > 0 else { break }
                        sent += count
                    }
                }
            }
            close(descriptor)
            done.signal()
        }
        thread.start()
    }

    /// Waits until the thread has sent everything.
    func join() { done.wait() }
}
