public import Diagnosis
import Wire

/// Verdicts, findings and responders in JSON: in the ledger, in `diagnose --json` and in the admin API alike.
///
/// Everything quoted goes through the redaction once more: the analysers leave secrets out of their evidence, and this
/// is where a line is written (rule 14).
public enum VerdictJSON {
    /// One verdict as an object of its own, with a newline.
    public static func render(_ verdict: Verdict, _ redaction: LogRedaction) -> [UInt8] {
        var line = LineBuffer()
        line.beginObject()
        line.members(of: verdict, redaction)
        line.finish()
        return line.bytes()
    }
}

extension LineBuffer {
    public mutating func field(_ key: StaticString, _ verdict: Verdict, _ redaction: LogRedaction) {
        beginObject(key)
        members(of: verdict, redaction)
        endObject()
    }

    /// The members of a verdict in the open object.
    mutating func members(of verdict: Verdict, _ redaction: LogRedaction) {
        field("cause", verdict.cause.rawValue)
        field("title", redacted: verdict.title, redaction)
        field("confidence", verdict.confidence.rawValue)
        field("blame", verdict.blame.rawValue)
        if let responder = verdict.answeredBy { field("answered_by", responder, redaction) }
        field("evidence", verdict.evidence, redaction)
        beginArray("probes")
        for probe in verdict.probes {
            beginObject()
            field("change", redacted: probe.change, redaction)
            field("outcome", redacted: probe.outcome, redaction)
            endObject()
        }
        endArray()
        beginArray("fix")
        // Constants of the catalogue: `?token=...` in them is advice, not a secret.
        for step in verdict.fix { element(step) }
        endArray()
        beginArray("alternatives")
        for alternative in verdict.alternatives {
            beginObject()
            field("cause", alternative.cause.rawValue)
            field("confidence", alternative.confidence.rawValue)
            field("because", redacted: alternative.because, redaction)
            endObject()
        }
        endArray()
    }

    public mutating func field(_ key: StaticString, _ responder: Responder, _ redaction: LogRedaction) {
        beginObject(key)
        field("who", responder.who.rawValue)
        if let stack = responder.stack { field("stack", redacted: stack, redaction) }
        field("confidence", responder.confidence.rawValue)
        beginArray("because")
        for reason in responder.because { element(redacted: reason, redaction) }
        endArray()
        endObject()
    }

    /// The findings, if there are any.
    public mutating func field(_ key: StaticString, _ findings: [Finding], _ redaction: LogRedaction) {
        guard !findings.isEmpty else { return }
        beginArray(key)
        for finding in findings {
            beginObject()
            members(of: finding, redaction)
            endObject()
        }
        endArray()
    }

    mutating func members(of finding: Finding, _ redaction: LogRedaction) {
        field("id", finding.id)
        field("layer", finding.layer.rawValue)
        field("severity", finding.severity.rawValue)
        field("blame", finding.blame.rawValue)
        field("text", redacted: finding.text, redaction)
        field("evidence", finding.evidence, redaction)
    }

    private mutating func field(_ key: StaticString, _ evidence: [Evidence], _ redaction: LogRedaction) {
        beginArray(key)
        for piece in evidence {
            beginObject()
            field("what", redacted: piece.what, redaction)
            field("observed", redacted: piece.observed, redaction)
            if let expected = piece.expected { field("expected", redacted: expected, redaction) }
            if let location = piece.location {
                beginObject("at")
                field("side", location.side.name)
                field("offset", location.offset)
                field("length", location.length)
                endObject()
            }
            endObject()
        }
        endArray()
    }
}
