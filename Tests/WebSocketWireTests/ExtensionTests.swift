import TestSupport
import Testing
import Wire

@testable import WebSocketWire

@Suite("Extensions (RFC 6455 §9.1, RFC 7692 §7.1)") struct ExtensionTests {
    private func list(_ values: String...) -> ExtensionList {
        var list = ExtensionList()
        for value in values {
            let value = bytes(value)
            list.append(value.span.bytes)
        }
        return list
    }

    private func agreement(_ offer: String, _ answer: String) -> ExtensionAgreement {
        ExtensionAgreement(offered: list(offer), answered: list(answer))
    }

    @Test func `a browser's offer is read as it was spelled`() {
        let list = list("permessage-deflate; client_max_window_bits, x-webkit-deflate-frame ,foo;a=1; b=\"two\"")
        #expect(list.malformed.isEmpty)
        #expect(list.offers.map(\.name) == ["permessage-deflate", "x-webkit-deflate-frame", "foo"])
        #expect(list.offers[0].parameters == [.init(name: "client_max_window_bits", value: nil)])
        #expect(list.offers[2].parameters == [.init(name: "a", value: "1"), .init(name: "b", value: "two")])
        #expect(list.offers.map(\.range) == [0..<42, 44..<66, 68..<84])
    }

    /// C11: the value, the names that are read, and how many elements are malformed.
    static let grammar: [(value: String, names: [String], malformed: Int)] = [
        ("", [], 0), (" \t", [], 0), (",, ,", [], 0),
        ("a", ["a"], 0), (" a , b\t", ["a", "b"], 0), (",a,,b,", ["a", "b"], 0),
        ("a;p", ["a"], 0), ("a ; p = 1", ["a"], 0),
        ("a;p=\"q\"", ["a"], 0), ("a;p=\"\\q\"", ["a"], 0),
        ("a;p=\"x,y\", b", ["b"], 1),  // a comma in quotes ends nothing, and is no token
        ("a;p=\"x\\\"y\", b", ["b"], 1),
        ("a;p=\"\", b", ["b"], 1), ("a;p=, b", ["b"], 1), ("a;=1, b", ["b"], 1), ("a;, b", ["b"], 1),
        ("a;;p, b", ["b"], 1),
        ("a b, c", ["c"], 1), ("a;p q, c", ["c"], 1), ("a;p=1 2, c", ["c"], 1), ("=, c", ["c"], 1),
        ("a/b, c", ["c"], 1),
        ("a;p=\"open", [], 1), ("a;p=\"open\\", [], 1), ("\"a\", c", ["c"], 1), ("a\u{0}b, c", ["c"], 1),
        ("é, c", ["c"], 1),
    ]

    @Test(arguments: grammar.indices)
    func `an element that breaks the grammar is left out and noted`(index: Int) {
        let row = ExtensionTests.grammar[index]
        let list = list(row.value)
        #expect(list.offers.map(\.name) == row.names, "\(row.value)")
        #expect(list.malformed.count == row.malformed, "\(row.value)")
    }

    @Test func `several fields are one list`() {
        #expect(list("a", "b;p", "").offers.map(\.name) == ["a", "b"])
    }

    /// C11: parameters of an offer, and what is wrong with them.
    static let offers: [(parameters: String, fault: ExtensionFault?)] = [
        ("", nil), ("; server_no_context_takeover", nil), ("; client_no_context_takeover", nil),
        ("; client_max_window_bits", nil), ("; client_max_window_bits=8", nil),
        ("; client_max_window_bits=\"15\"", nil),
        ("; server_max_window_bits=10; client_max_window_bits; server_no_context_takeover", nil),
        ("; server_max_window_bits", .valueMissing),
        ("; server_max_window_bits=7", .windowBitsInvalid), ("; server_max_window_bits=16", .windowBitsInvalid),
        ("; server_max_window_bits=08", .windowBitsInvalid), ("; server_max_window_bits=+9", .windowBitsInvalid),
        ("; server_max_window_bits=1e1", .windowBitsInvalid), ("; client_max_window_bits=0", .windowBitsInvalid),
        ("; client_max_window_bits=18446744073709551624", .windowBitsInvalid),
        ("; client_no_context_takeover=1", .valueUnexpected), ("; server_no_context_takeover=true", .valueUnexpected),
        ("; client_max_window_bits; client_max_window_bits", .duplicateParameter),
        ("; server_max_window_bits=9; server_max_window_bits=9", .duplicateParameter),
        ("; mux", .unknownParameter), ("; Client_Max_Window_Bits", .unknownParameter),
    ]

    @Test(arguments: offers.indices)
    func `an offer's parameters are judged by RFC 7692`(index: Int) {
        let row = ExtensionTests.offers[index]
        let element = list("permessage-deflate" + row.parameters).offers[0]
        do throws(ExtensionFault) {
            _ = try PermessageDeflateTerms(element)
            #expect(row.fault == nil, "\(row.parameters)")
        } catch {
            #expect(error == row.fault, "\(row.parameters)")
        }
    }

    /// C10, C11: offer, answer, faults.
    static let answers: [(offer: String, answer: String, faults: [ExtensionFault])] = [
        ("permessage-deflate", "", []), ("", "", []),
        ("permessage-deflate", "permessage-deflate", []),
        ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=12", []),
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover", []),
        ("permessage-deflate", "permessage-deflate; server_max_window_bits=10", []),
        ("permessage-deflate; server_max_window_bits=10, permessage-deflate", "permessage-deflate", []),
        ("x-foo, permessage-deflate", "x-foo; any=thing", []),
        ("", "permessage-deflate", [.notOffered]),
        ("x-foo", "permessage-deflate", [.notOffered]),
        ("permessage-deflate", "x-bar", [.notOffered]),
        ("permessage-deflate", "permessage-deflate, permessage-deflate", [.answeredTwice]),
        ("permessage-deflate", "permessage-deflate; client_max_window_bits=12", [.parametersDoNotFit]),
        (
            "permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=12",
            [.parametersDoNotFit]
        ),
        ("permessage-deflate; server_max_window_bits=10", "permessage-deflate", [.parametersDoNotFit]),
        (
            "permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=11",
            [.parametersDoNotFit]
        ),
        ("permessage-deflate; server_no_context_takeover", "permessage-deflate", [.parametersDoNotFit]),
        ("permessage-deflate; mux", "permessage-deflate", [.parametersDoNotFit]),
        ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits", [.valueMissing]),
        ("permessage-deflate", "permessage-deflate; server_max_window_bits=7", [.windowBitsInvalid]),
        ("permessage-deflate", "permessage-deflate; foo", [.unknownParameter]),
        ("permessage-deflate", "permessage-deflate;;, x-bar", [.malformed, .notOffered]),
    ]

    @Test(arguments: answers.indices)
    func `an answer is held against the offers`(index: Int) {
        let row = ExtensionTests.answers[index]
        #expect(agreement(row.offer, row.answer).findings.map(\.fault) == row.faults, "\(row.offer) → \(row.answer)")
    }

    @Test func `what was agreed on says which bits, windows and contexts`() {
        #expect(agreement("permessage-deflate", "").allowedReservedBits == 0)
        let agreed = agreement(
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=11; server_no_context_takeover")
        #expect(agreed.allowedReservedBits == 0b100)
        #expect(agreed.deflate?.windowBits(.clientToServer) == 9)
        #expect(agreed.deflate?.windowBits(.serverToClient) == 11)
        #expect(agreed.deflate?.takesOverContext(.clientToServer) == true)
        #expect(agreed.deflate?.takesOverContext(.serverToClient) == false)
        #expect(agreement("x-foo", "x-foo").allowedReservedBits == 0b111)
    }

    @Test func `a faulty answer still says how its frames will look`() {
        #expect(agreement("", "permessage-deflate").allowedReservedBits == 0b100)
        #expect(agreement("permessage-deflate", "permessage-deflate; foo").allowedReservedBits == 0b100)
    }

    @Test func `a thousand offers, and 64 KiB of anything, cost what their length costs`() {
        let clock = ContinuousClock()
        for value in [
            String(repeating: "permessage-deflate;client_max_window_bits,", count: 1000),
            String(repeating: "a;b=\"\\\\\",", count: 8000), String(repeating: ";", count: 65_536),
            "a;b=\"" + String(repeating: "\\\"", count: 32_768), "a" + String(repeating: ";p=\"q\"", count: 10_000),
            String(repeating: " ", count: 65_536), String(repeating: ",", count: 65_536),
        ] {
            let value = bytes(value)
            let spent = clock.measure {
                let list = ExtensionList(value.span.bytes)
                #expect(list.offers.count + list.malformed.count <= ExtensionList.longest)
            }
            #expect(spent < .milliseconds(500), "a quadratic reader needs minutes; this build is not optimised")
        }
        #expect(list(String(repeating: "a,", count: 65)).isCut)
    }

    @Test func `every fault has a name of its own and a sentence`() {
        #expect(Set(ExtensionFault.allCases.map(\.name)).count == ExtensionFault.allCases.count)
        #expect(ExtensionFault.allCases.allSatisfy { $0.sentence.hasSuffix(".") })
    }
}
