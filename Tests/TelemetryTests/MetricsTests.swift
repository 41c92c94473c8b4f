import Diagnosis
import Foundation
import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import Telemetry

@Suite struct Metrics {
    private let process = MetricsRegistry.Process(version: "1.2.3", io: "epoll", started: .zero)

    private func text(_ workers: [WorkerMetrics]) -> String {
        String(decoding: MetricsRegistry.render(workers, process: process), as: UTF8.self)
    }

    private func value(_ sample: String, in text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix(sample + " ") }.map { String($0.dropFirst(sample.count + 1)) }
    }

    @Test func `are summed over the workers`() {
        let workers = [WorkerMetrics(), WorkerMetrics(), WorkerMetrics()]
        for worker in workers { worker.handshakes[.refused].add(2) }
        workers[0].liveSessions.add(5)
        workers[1].liveSessions.add(-2)
        let text = text(workers)
        #expect(value("gatehouse_handshakes_total{outcome=\"refused\"}", in: text) == "6")
        #expect(value("gatehouse_handshakes_total{outcome=\"opened\"}", in: text) == "0")
        #expect(value("gatehouse_sessions_live", in: text) == "3")
        #expect(value("gatehouse_workers", in: text) == "3")
        #expect(value("gatehouse_build_info{version=\"1.2.3\",io=\"epoll\"}", in: text) == "1")
    }

    @Test func `keep every cell apart`() {
        let worker = WorkerMetrics()
        var expected: [String: Int] = [:]
        var next = 1
        for who in Responder.Who.allCases {
            for status in StatusClass.allCases {
                worker.requests[who, status].add(UInt64(next))
                expected["gatehouse_requests_total{answered_by=\"\(who.rawValue)\",status=\"\(status.rawValue)\"}"] = next
                next += 1
            }
        }
        for cause in Cause.allCases {
            worker.refusals[cause].add(UInt64(next))
            expected["gatehouse_handshake_refusals_total{cause=\"\(cause.rawValue)\"}"] = next
            next += 1
        }
        for ender in Ender.allCases {
            for code in CloseCodeClass.allCases {
                worker.closes[ender, code].add(UInt64(next))
                expected["gatehouse_sessions_closed_total{first=\"\(ender.rawValue)\",code=\"\(code.label)\"}"] = next
                next += 1
            }
        }
        for timeout in Timeout.allCases {
            worker.timeouts[timeout].add(UInt64(next))
            expected["gatehouse_timeouts_total{timeout=\"\(timeout.rawValue)\"}"] = next
            next += 1
        }
        let text = text([worker])
        for (sample, count) in expected { #expect(value(sample, in: text) == String(count), "\(sample)") }
    }

    @Test func `leave out the causes that never were`() {
        let worker = WorkerMetrics()
        #expect(!text([worker]).contains("cause="))
        worker.refusals[.originNotAllowed].add()
        #expect(text([worker]).contains("{cause=\"origin-not-allowed\"} 1"))
    }

    @Test(
        arguments: [
            (nil, "none"), (1000, "1000"), (1005, "1005"), (1014, "1014"), (1006, "invalid"), (1015, "invalid"),
            (999, "invalid"), (0, "invalid"), (2999, "invalid"), (3000, "3xxx"), (3999, "3xxx"), (4000, "4xxx"),
            (4999, "4xxx"), (5000, "invalid"), (65535, "invalid"),
        ] as [(UInt16?, String)])
    func `know a close code by its class`(code: UInt16?, label: String) {
        #expect(CloseCodeClass(code: code).label == label)
    }

    @Test func `have cumulative buckets with bounds in seconds`() {
        let worker = WorkerMetrics()
        for milliseconds: UInt64 in [0, 1, 3, 20_000] { worker.connectTime.observe(.milliseconds(milliseconds)) }
        let text = text([worker])
        let name = "gatehouse_upstream_connect_seconds"
        #expect(value(name + "_bucket{le=\"0.0001\"}", in: text) == "1")
        #expect(value(name + "_bucket{le=\"0.001\"}", in: text) == "2")
        #expect(value(name + "_bucket{le=\"0.0025\"}", in: text) == "2")
        #expect(value(name + "_bucket{le=\"10\"}", in: text) == "3")
        #expect(value(name + "_bucket{le=\"+Inf\"}", in: text) == "4")
        #expect(value(name + "_count", in: text) == "4")
        #expect(value(name + "_sum", in: text) == "20.004")
        #expect(worker.connectTime.count == 4)
    }

    @Test func `take what a session relayed since they last did`() {
        let worker = WorkerMetrics()
        var counts = FrameCounts()
        for (index, opcode) in [Opcode.continuation, .text, .binary, .close, .ping, .pong].enumerated() {
            counts[opcode] = FrameCount(frames: UInt64(index + 1), bytes: UInt64(index + 1) * 100)
        }
        worker.add(counts, bytes: 3000, .serverToClient)
        let before = counts
        counts.text = FrameCount(frames: 5, bytes: 777)
        worker.add(counts, since: before, bytes: 580, .serverToClient)
        let text = text([worker])
        for (index, name) in ["continuation", "text", "binary", "close", "ping", "pong"].enumerated() {
            let labels = "{direction=\"server_to_client\",opcode=\"\(name)\"}"
            let isText = name == "text"
            #expect(value("gatehouse_frames_total" + labels, in: text) == String(isText ? 5 : index + 1))
            #expect(
                value("gatehouse_frame_payload_bytes_total" + labels, in: text)
                    == String(isText ? 777 : (index + 1) * 100))
        }
        #expect(value("gatehouse_session_bytes_total{direction=\"server_to_client\"}", in: text) == "3580")
        #expect(value("gatehouse_session_bytes_total{direction=\"client_to_server\"}", in: text) == "0")
    }

    @Test func `give an endpoint the same cells again, and escape its name`() {
        let workers = [WorkerMetrics(), WorkerMetrics()]
        workers[0].endpoint(cluster: "a\"\\\n", endpoint: "http://127.0.0.1:1").sessions.add(2)
        workers[0].endpoint(cluster: "a\"\\\n", endpoint: "http://127.0.0.1:1").sessions.add(1)
        workers[1].endpoint(cluster: "a\"\\\n", endpoint: "http://127.0.0.1:1").sessions.add(4)
        workers[1].endpoint(cluster: "b", endpoint: "http://127.0.0.1:2").connects[.failure].add()
        let text = text(workers)
        #expect(
            value(#"gatehouse_endpoint_sessions{cluster="a\"\\\n",endpoint="http://127.0.0.1:1"}"#, in: text) == "7")
        #expect(
            value(
                #"gatehouse_endpoint_connects_total{cluster="b",endpoint="http://127.0.0.1:2",outcome="failure"}"#,
                in: text) == "1")
        #expect(text.components(separatedBy: "# TYPE gatehouse_endpoint_sessions ").count == 2)
    }

    @Test func `tell an endpoint that no worker uses any more once, and then forget it`() throws {
        let workers = [WorkerMetrics(), WorkerMetrics()]
        let sample = #"gatehouse_endpoint_connects_total{cluster="app",endpoint="http://127.0.0.1:1",outcome="success"}"#
        // What a configuration and the sessions under it refer to.
        var held = workers.map { $0.endpoint(cluster: "app", endpoint: "http://127.0.0.1:1") }
        let other = workers[0].endpoint(cluster: "app", endpoint: "http://127.0.0.1:2")
        for cells in held { cells.connects[.success].add(2) }
        for _ in 0..<3 { #expect(value(sample, in: text(workers)) == "4") }
        // A session of one worker is left: the sum stays what it was.
        held.removeFirst()
        for _ in 0..<3 { #expect(value(sample, in: text(workers)) == "4") }
        held.removeAll()
        #expect(value(sample, in: text(workers)) == "4")
        #expect(value(sample, in: text(workers)) == nil)
        #expect(workers.allSatisfy { worker in !worker.namedEndpoints.contains { $0.endpoint == "http://127.0.0.1:1" } })
        #expect(workers[0].namedEndpoints.contains { $0 === other })
        // Named again, it begins anew.
        held = [workers[1].endpoint(cluster: "app", endpoint: "http://127.0.0.1:1")]
        #expect(value(sample, in: text(workers)) == "0")
        #expect(held.count == 1)
    }

    @Test func `are text that Prometheus reads`() throws {
        let worker = WorkerMetrics()
        _ = worker.endpoint(cluster: "app", endpoint: "http://127.0.0.1:1")
        var types: [Substring: Substring] = [:]
        var seen: Set<Substring> = []
        for line in text([worker]).split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.hasPrefix("# ") {
                let parts = line.split(separator: " ", maxSplits: 3)
                #expect(parts.count == 4)
                if parts[1] == "TYPE" {
                    #expect(types.updateValue(parts[3], forKey: parts[2]) == nil, "one TYPE for \(parts[2])")
                    #expect(["counter", "gauge", "histogram"].contains(parts[3]))
                    #expect((parts[3] == "counter") == parts[2].hasSuffix("_total"))
                }
                continue
            }
            let sample = try #require(line.wholeMatch(of: /([a-z_]+)(\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? [0-9.+-]+/))
            let name = sample.1
            let family = types[name] != nil ? name : name.replacing(/_(bucket|sum|count)$/, with: "")[...]
            #expect(types[family] != nil, "\(name) has a TYPE before it")
            #expect(seen.insert(line.prefix(upTo: line.lastIndex(of: " ")!)).inserted, "\(line) once")
        }
        #expect(types.count > 30)
    }
}
