// Asks endpoints whether they are fit, for the whole process.
//
// Theory of operation. One thread keeps the calendar: each endpoint of a cluster with checks has its next time, spread at the start so that a
// hundred aren't asked at once. A check blocks (a connection, TLS, a request, an answer), so each is made on a short-lived thread of
// its own, at most `most` at a time: an endpoint that hangs costs its own timeout and nobody else's. What came of it goes to the
// endpoint's standing, which workers read at each choice. The same thread lets ejections end when their time is over, so that the
// ledger says so also where no request comes.
//
// With two kinds of checks both must be good. A check uses a connection of its own and what the endpoint's name resolves to now.
import CLinux
import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import Probing
import ProxyCore
import Synchronization
import TLSEngine
import Telemetry
import Wire

/// See above.
final class HealthChecker: Sendable {
    /// How often the calendar is looked at.
    private static let pace: UInt64 = 50_000_000
    /// Checks at a time.
    private static let most = 32

    /// One endpoint of a cluster.
    private struct Patient: Sendable {
        let cluster: String
        let standing: EndpointStanding
        let rule: HealthRule
        let context: TLSContext?
        var due: UInt64
        var isBeingChecked = false
    }

    private struct State {
        var patients: [Patient] = []
        var underWay = 0
        var isRunning = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let standings: Standings
    private let ledgers: LedgerSource
    /// What the loops' time is ahead of the monotonic clock.
    private let epoch = clinux_realtime() &- clinux_monotonic()

    init(standings: Standings, ledgers: LedgerSource) {
        self.standings = standings
        self.ledgers = ledgers
    }

    /// Looks after these clusters' endpoints from now on.
    func adopt(_ server: ServerState) {
        let begin = clinux_monotonic()
        standings.keep(server.snapshot.clusters)
        var patients: [Patient] = []
        for (index, cluster) in server.snapshot.clusters.enumerated() {
            guard let rule = cluster.health else { continue }
            for standing in standings.of(cluster, now: now).endpoints {
                patients.append(
                    Patient(
                        cluster: cluster.name, standing: standing, rule: rule, context: server.clusterTLS[index], due: begin))
            }
        }
        // The first checks within a second, or an interval if that is shorter: who is down is found out early.
        for place in patients.indices {
            let span = min(patients[place].rule.check?.interval.nanoseconds ?? 0, 1_000_000_000)
            patients[place].due += span / UInt64(max(patients.count, 1)) * UInt64(place)
        }
        let starts = state.withLock { state in
            state.patients = patients
            guard !state.isRunning, !patients.isEmpty else { return false }
            state.isRunning = true
            return true
        }
        if starts { _ = WorkerThread.start(name: "gh-health") { [self] in run() } }
    }

    func stop() { state.withLock { $0.isStopped = true } }

    private var now: Timestamp { Timestamp(nanoseconds: clinux_monotonic() &+ epoch) }

    private func run() {
        while true {
            let time = clinux_monotonic()
            let (patients, due, isStopped) = state.withLock { state -> ([Patient], [Patient], Bool) in
                var due: [Patient] = []
                for place in state.patients.indices {
                    let patient = state.patients[place]
                    guard patient.rule.check != nil, !patient.isBeingChecked, patient.due <= time,
                        state.underWay < HealthChecker.most
                    else { continue }
                    state.patients[place].isBeingChecked = true
                    state.underWay += 1
                    due.append(patient)
                }
                return (state.patients, due, state.isStopped)
            }
            if isStopped { return }
            for patient in patients {
                if case .ready? = patient.standing.note(.timePassed, patient.rule, now: now) {
                    ledgers.ledger.endpointReady(
                        patient.standing.name, cluster: patient.cluster, slowStart: patient.rule.slowStart, at: now)
                }
            }
            for patient in due where WorkerThread.start(name: "gh-check", { [self] in examine(patient) }) == nil {
                // No thread to be had: the endpoint is not to blame, and is asked again later.
                done(patient)
            }
            clinux_sleep(HealthChecker.pace)
        }
    }

    private func examine(_ patient: Patient) {
        guard let check = patient.rule.check else { return done(patient) }
        let limit = Deadline.after(check.timeout)
        var fault: String?
        for kind in check.kinds where fault == nil {
            fault = HealthCheck.fault(kind, check, patient.standing.endpoint, patient.context, until: limit)
        }
        let change = patient.standing.note(fault == nil ? .probeSucceeded : .probeFailed, patient.rule, now: now)
        switch change {
        case .ready?:
            ledgers.ledger.endpointReady(
                patient.standing.name, cluster: patient.cluster, slowStart: patient.rule.slowStart, at: now)
        case .unhealthy?:
            ledgers.ledger.endpointUnhealthy(
                patient.standing.name, cluster: patient.cluster, observed: fault ?? "", at: now)
        case .ejected?, nil: break
        }
        done(patient)
    }

    /// The check of this endpoint is over; its next one is entered.
    private func done(_ patient: Patient) {
        let next = clinux_monotonic()
        state.withLock { state in
            state.underWay -= 1
            for place in state.patients.indices
            where state.patients[place].standing === patient.standing && state.patients[place].cluster == patient.cluster {
                let check = state.patients[place].rule.check
                let pause = check?.pause(isFit: state.patients[place].standing.state.isFit) ?? .seconds(1)
                state.patients[place].due = next &+ pause.nanoseconds
                state.patients[place].isBeingChecked = false
            }
        }
    }
}

/// One check of one endpoint.
enum HealthCheck {
    /// What is wrong with the endpoint, in words; nil if nothing is.
    static func fault(
        _ kind: HealthRule.Check.Kind, _ check: HealthRule.Check, _ endpoint: Endpoint, _ context: TLSContext?,
        until limit: Deadline
    ) -> String? {
        let (addresses, failure) = Resolver.lookUp(endpoint)
        if let failure { return failure }
        let performer = HandshakePerformer(
            place: DiagnosePlace(host: endpoint.host, port: endpoint.port, isSecure: endpoint.isSecure), context: context,
            timeout: check.timeout)
        let host = check.host ?? endpoint.authority
        let head: String
        switch kind {
        case .http(let target):
            head = "GET \(target) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: gatehouse-check\r\nConnection: close\r\n\r\n"
        case .webSocket(let target):
            head =
                "GET \(target) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: gatehouse-check\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: \(HandshakeKey.fresh())\r\nSec-WebSocket-Version: 13\r\n\r\n"
        }
        let performed = performer.perform(
            Array(head.utf8), addresses: addresses, isSecure: endpoint.isSecure, bodyWait: .zero, limit: limit)
        let observation = performed.observation
        if let failure = observation.failure { return failure.name }
        guard let status = observation.response?.status else { return "no answer" }
        switch kind {
        case .http: return (200..<300).contains(status) ? nil : "the answer \(status), not 2xx"
        case .webSocket:
            if observation.isValid101 { return nil }
            return status == 101 ? "a 101 that is no valid answer to the handshake" : "the answer \(status), not 101"
        }
    }
}
