import ProxyCore
import Testing

@testable import ProxyServer

/// What `payload: mask` leaves of a JSON text.
@Suite struct JSONMaskerTests {
    private func masked(_ text: String, _ paths: String...) throws -> String? {
        var bytes = Array(text.utf8)
        let mask = try paths.map { path in try #require(MaskPath(path)) }
        return JSONMasker.mask(&bytes, mask) ? String(decoding: bytes, as: UTF8.self) : nil
    }

    @Test func `a value is masked where its path leads`() throws {
        #expect(try masked(#"{"password":"ab","n":{"password":12}}"#, "$.password") == #"{"password":"**","n":{"password":12}}"#)
        #expect(try masked(#"{"n":[{"password":12}]}"#, "$..password") == #"{"n":[{"password":10}]}"#)
    }

    @Test(arguments: [#"{"p\u0061ssword":"ab"}"#, #"{"a":[{"\u0070assword":1}]}"#, #"{"\"":1,"password":"ab"}"#])
    func `a text with an escape in a name is none that can be masked`(_ text: String) throws {
        #expect(try masked(text, "$..password") == nil)
    }

    @Test func `an escape in a value is masked with it`() throws {
        #expect(try masked(#"{"password":"a\"b","b":"\n"}"#, "$.password") == #"{"password":"****","b":"\n"}"#)
    }
}
