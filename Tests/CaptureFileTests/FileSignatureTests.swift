import CaptureFile
import Foundation
import TestSupport
import Testing

@Suite struct FileSignatureTests {
    /// Why a file of these bytes isn't read.
    private func fault(_ bytes: [UInt8]) throws -> CaptureFault? {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("gatehouse-\(UUID().uuidString)").path
        #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
        defer { unlink(path) }
        return try CaptureStream(path: path).read { _, _ in }.fault
    }

    @Test(arguments: [
        (bytes(0x1F, 0x8B, 8, 0), "gunzip it first"), (bytes(0x28, 0xB5, 0x2F, 0xFD), "unzstd it first"),
        (bytes("PK", 3, 4), "unzip it first"), (bytes("BZh91AY"), "bunzip2 it first"), (bytes(0x89, "PNG", 13, 10), "a PNG image"),
        (bytes("\n  <!DOCTYPE html><html>"), "an HTML page"), (bytes("<?xml version"), "XML or HTML"),
        (bytes("%PDF-1.7"), "a PDF document"),
        (bytes("[1, 2]"), "a JSON array"), (bytes("{\"log\":"), "not from the standard input"),
        (bytes("CLIENT_RANDOM 0011"), "a TLS key log"), (bytes("snoop", 0, 0, 0, 0, 2), "editcap -F pcapng"),
        (bytes("14:02:31.250000 IP 10.0.0.1.5 > 10.0.0.2.6"), "-w FILE"), (bytes("GET / HTTP/1.1\r\n"), "an HTTP request's text"),
        (bytes("hello there"), "like text;"), (bytes(" \n\n  "), "nothing but blanks"), (bytes("ab"), "like text;"),
    ])
    func `a file that is no capture is told by its first bytes`(first: [UInt8], words: String) throws {
        let fault = try #require(try fault(first))
        #expect(fault.description.contains(words), "\(fault)")
    }

    @Test func `what isn't read names every format that is`() throws {
        for first in [[], bytes("hello there"), bytes(0, 1, 2, 3, 4)] {
            let words = try #require(try fault(first)).description
            #expect(words.contains("pcap") && words.contains("pcapng") && words.contains("HAR") && words.contains("ledger"))
        }
        #expect(CaptureFault.notACapture(first: [0, 1, 2, 3]).description.contains("begins with 00 01 02 03; expected"))
    }
}
