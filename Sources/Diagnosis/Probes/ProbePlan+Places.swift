/// What probes of places show: paths that can't exist, and plain requests.
///
/// None of them flips anything. They are read beside a control of their own, because what one place answers means something only if
/// another place, of which it is known that there is nothing, answers otherwise, and if the same program answers for both.
extension ProbePlan {
    mutating func readRandomPath(_ probe: ProbeRequest, _ outcome: ProbeOutcome) {
        followUp = nil
        guard let same = isSame(outcome, as: probe.kind) else { return }
        guard !same else {
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
        guard let same = isSame(outcome, as: probe.kind) else { return }
        guard !same else {
            learn(.plainSame, from: probe, outcome)
            return
        }
        guard let status = outcome.status else { return }
        if outcome.isByNode { learn(.plainByNode, from: probe, outcome) }
        // Of the hop's own words none says that the backend is there.
        if !signs.isDisjoint(with: ProbePlan.missingAnswers), !(502...504).contains(status), !outcome.isHopsOwn {
            learn(.plainReached, from: probe, outcome)
        }
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
            // An endpoint for WebSockets alone knows no plain GET either, so this speaks for nothing; but it is worth to be seen.
            if outcome.likeness == plain.likeness { learn(.plainNotFound, from: probe, outcome) }
        } else if here / 100 == there / 100 {
            // A page here and a redirect there are two answers.
            learn(.plainAsNowhere, from: probe, outcome)
        } else if there == 404 || (400..<500).contains(there) && !signs.contains(.pathIsRoot) {
            // Below the root a gate may stand that the front page has not.
            learn(.plainOnlyHere, from: probe, outcome)
        }
    }

    /// Whether `outcome` is what the unchanged handshake got; nil where that can't be told, because the bodies of two answers to one and the
    /// same request differ as well: by a time, an id, a nonce.
    private func isSame(_ outcome: ProbeOutcome, as kind: ProbeKind) -> Bool? {
        guard let control else { return false }
        if outcome.likeness == control.likeness { return true }
        guard outcome.status == control.status else { return false }
        let isAlike = outcome.shape == control.shape
        if isAlike {
            // Whatever spelling of the path a page repeats, the part that can't exist is in it.
            if let place = choices?.standIn(kind) {
                let echoed = ProbeOutcome.replacing(place.name, in: outcome.body, by: place.original)
                // Of a long page only the start was kept, and a longer path pushes out its last words.
                let isLong = outcome.body.count >= HandshakeObservation.bodyLimit
                let count = isLong ? min(echoed.count, control.body.count) : control.body.count
                if echoed.count == control.body.count || isLong, echoed.prefix(count).elementsEqual(control.body.prefix(count)) {
                    return true
                }
            }
            if outcome.digitless == control.digitless { return nil }
        }
        guard let baseline, baseline.status == control.status, baseline.likeness != control.likeness else { return false }
        return isAlike || baseline.shape != control.shape ? nil : false
    }
}
