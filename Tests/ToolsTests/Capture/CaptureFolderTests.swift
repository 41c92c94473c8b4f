import CaptureFile
import Configuration
import Foundation
import Testing
import Wire

@testable import ProxyServer

/// When a capture begins another file.
@Suite struct CaptureFolderTests {
    @Test func `a clock that is set back ends no file, and its time goes on from where the clock stands`() throws {
        var settings = CaptureSettings()
        let path = NSTemporaryDirectory() + "/gatehouse-folder-\(UInt64.random(in: 0 ... .max))"
        settings.directory = path
        settings.rotateTime = .seconds(60)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let opened: UInt64 = 1_700_000_000_000_000_000
        let encoder = CaptureEncoder(capacity: 1 << 16)
        var folder = CaptureFolder(settings)
        try folder.open(opened)
        let back = (due: folder.isDue(opened - 1, encoder.buffer), hasty: folder.isHasty(opened - 1))
        let early = (due: folder.isDue(opened + 59_000_000_000, encoder.buffer), hasty: folder.isHasty(opened + 59_000_000_000))
        let late = folder.isDue(opened + 60_000_000_000, encoder.buffer)
        folder.close()
        #expect(back == (false, true))
        #expect(early == (false, false))
        #expect(late)
    }
}
