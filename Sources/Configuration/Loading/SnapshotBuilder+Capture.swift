import ProxyCore
import Wire

extension SnapshotBuilder {
    /// What stands at the top.
    mutating func capture() -> CaptureSettings {
        var settings = CaptureSettings()
        guard let map = root.map("capture") else { return settings }
        settings.directory = map.text("directory")
        if let path = settings.directory, let written = map.any("directory") { check(.directory, path, at: written) }
        if let size = map.map("rotate")?.size("size") { settings.rotateSize = size }
        if let time = map.map("rotate")?.duration("time") { settings.rotateTime = time }
        if let size = map.size("total") { settings.total = size }
        settings.policy = capturePolicy(map, over: CapturePolicy())
        if settings.total < settings.rotateSize, let written = map.any("total") ?? map.map("rotate")?.any("size") {
            report(
                written,
                "files of \(SizeText.text(settings.rotateSize)) where all together may have \(SizeText.text(settings.total))",
                "capture.total of at least capture.rotate.size", "raise capture.total or lower capture.rotate.size")
        }
        if let mode = map.any("mode") { checkDirectory(settings.policy, mode) }
        return settings
    }

    /// A route's policy: what it says, in the place of what stands at the top.
    mutating func capturePolicy(ofRoute map: DecodedMap?) -> CapturePolicy {
        // Problems of the keys at the top are reported by `capture`.
        var silent = self
        let general = silent.root.map("capture").map { silent.capturePolicy($0, over: CapturePolicy()) } ?? CapturePolicy()
        guard let map else { return general }
        let policy = capturePolicy(map, over: general)
        if let mode = map.any("mode") { checkDirectory(policy, mode) }
        return policy
    }

    private mutating func checkDirectory(_ policy: CapturePolicy, _ mode: Decoded) {
        guard policy.mode != .off, root.map("capture")?.any("directory") == nil else { return }
        report(
            mode, "\(policy.mode.rawValue) without a place for the files", "capture.directory beside it", "add directory: captures")
    }

    private mutating func capturePolicy(_ map: DecodedMap, over base: CapturePolicy) -> CapturePolicy {
        var policy = base
        if let mode: CapturePolicy.Mode = map.word("mode") { policy.mode = mode }
        if let redacts = map.boolean("redact") { policy.redacts = redacts }
        if let size = map.size("ring") { policy.ring = Int(clamping: size) }
        if let sample = map.integer("sample") { policy.sample = sample }
        payload(map, into: &policy)
        guard let select = map.map("select") else { return policy }
        if let clients = select.list("clients") {
            policy.clients = clients.compactMap { if case .block(let block) = $0.value { block } else { nil } }
        }
        if select.any("users") != nil { policy.users = texts(select.list("users")).map { Array($0.utf8) } }
        if let causes = select.list("causes") {
            policy.causes = []
            for written in causes {
                guard case .text(let id) = written.value else { continue }
                if let cause = CapturePolicy.cause(id) {
                    policy.causes.insert(cause)
                } else {
                    report(written, Excerpt.quoted(id), "the id of a cause", "gatehouse explain lists them")
                }
            }
            if policy.mode == .always, !policy.causes.isEmpty, let written = select.any("causes") {
                report(
                    written, "causes beside mode: always", "mode: black-box",
                    "a cause is known when the session is over; only a black box waits for it")
            }
        }
        return policy
    }

    private mutating func payload(_ map: DecodedMap, into policy: inout CapturePolicy) {
        if let kind: PayloadRule.Kind = map.word("payload") { policy.payload.kind = kind }
        if let size = map.size("payload_limit") { policy.payload.limit = Int(clamping: size) }
        if let paths = map.list("mask") {
            policy.payload.paths = []
            for written in paths {
                guard case .text(let text) = written.value else { continue }
                if let path = MaskPath(text) {
                    policy.payload.paths.append(path)
                } else {
                    report(written, Excerpt.quoted(text), "a path such as $.user.name, $.items[*].text or $..token")
                }
            }
        }
        for (key, kind) in [("payload_limit", PayloadRule.Kind.cut), ("mask", .mask)] where policy.payload.kind != kind {
            if let written = map.any(key) {
                if case .list(let items) = written.value, items.isEmpty { continue }
                report(
                    written, "\(key) with payload: \(policy.payload.kind.rawValue)", "payload: \(kind.rawValue) beside it",
                    "set payload to \(kind.rawValue), or remove \(key)")
            }
        }
    }
}
