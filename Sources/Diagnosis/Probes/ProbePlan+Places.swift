/// What probes of places show: paths that can't exist, and plain requests.
///
/// None of them flips anything. They are read beside a control of their own, because what one place answers means something only if
/// another place, of which it is known that there is nothing, answers otherwise, and if the same program answers for both.
extension ProbePlan {
    mutating func readRandomPath(_ probe: ProbeRequest, _ outcome: ProbeOutcome) {
        followUp = nil
        guard outcome.likeness != control?.likeness else {
            learn(.randomPathSame, from: probe, outcome)
            return
        }
        // A hop picks by the path who answers. What its own page, or another server behind it, says of that path says nothing about the
        // routes of the one who refused: for that the path has to be taken by the same rule.
        let isForeign = outcome.isHopsOwn != (control?.isHopsOwn ?? false)
        let hasHop = signs.contains(.intermediaryOnPath) || signs.contains(.edgeOnPath)
        if isForeign { learn(.randomPathElsewhere, from: probe, outcome) }
        if probe.kind == .randomPath, isForeign || hasHop {
            followUp = .randomPathBelow
            return
        }
        guard !isForeign else { return }
        learn(.randomPathDiffers, from: probe, outcome)
        if outcome.status == 404 { learned.insert(.randomPathNotFound) }
    }

    mutating func readPlain(_ probe: ProbeRequest, _ outcome: ProbeOutcome) {
        plain = outcome
        guard outcome.likeness != control?.likeness else {
            learn(.plainSame, from: probe, outcome)
            return
        }
        guard let status = outcome.status else { return }
        // Where the handshake's connection was closed, a redirect of the plain request is most often one to a login.
        let works = signs.contains(.failedClosedAtOnce) ? 200..<300 : 200..<400
        learn(
            works.contains(status) ? .plainWorks : (502...504).contains(status) ? .plainUnavailable : .plainDiffers, from: probe,
            outcome)
        // A catch-all answers every path with a page, and a server without routes every path with 404.
        if works.contains(status) || status == 404 { followUp = .plainRandomPath }
    }

    mutating func readPlainControl(_ probe: ProbeRequest, _ outcome: ProbeOutcome) {
        followUp = nil
        guard let plain, let here = plain.status, let there = outcome.status, plain.isHopsOwn == outcome.isHopsOwn else { return }
        if here == 404 {
            if outcome.likeness == plain.likeness { learn(.plainNotFound, from: probe, outcome) }
        } else if (200..<400).contains(there) {
            learn(.plainAsNowhere, from: probe, outcome)
        } else if (400..<500).contains(there) {
            learn(.plainOnlyHere, from: probe, outcome)
        }
    }
}
