/// Which fields a trusted proxy keeps up to date, where a request has both kinds.
///
/// A proxy that keeps up one kind passes on what the client wrote in the other, so only one may be believed: the one that
/// nearly every proxy and platform writes, or the other where the operator says so.
public enum ForwardedFamily: String, Sendable, Hashable, CaseIterable {
    /// `X-Forwarded-For`, `-Proto` and `-Host`; `Forwarded` only where there is none of them.
    case extended = "x-forwarded"
    /// `Forwarded` (RFC 7239); the others only where it isn't there.
    case standard = "forwarded"
}
