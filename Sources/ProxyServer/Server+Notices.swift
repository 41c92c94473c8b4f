package import Configuration

extension Server {
    /// Settings that are read and checked, and that this version does nothing about yet: said at start and by `check-config`, so that
    /// nobody relies on them.
    package static func unserved(_ snapshot: Snapshot) -> [String] {
        var notices: [String] = []
        if snapshot.diagnosis.probes == .onRefusal {
            notices.append(
                "diagnosis.probes: on-refusal is not served by this version; verdicts rest on what was seen. "
                    + "`gatehouse diagnose` makes the probes.")
        }
        if !snapshot.diagnosis.explainInClose.isEmpty {
            notices.append("diagnosis.explain_in_close is not served by this version; refusals carry Gatehouse-Verdict.")
        }
        return notices
    }
}
