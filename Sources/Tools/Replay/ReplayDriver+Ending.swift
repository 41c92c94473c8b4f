import CaptureFile
import EventLoop
import Wire

/// How a session ends, and what is told of it then.
extension ReplayDriver {
    func ended(_ session: ReplaySession, reset: Bool) {
        if var conversation = session.conversation {
            capture?.ended(&conversation, by: .responder, reset: reset, at: loop.now)
            session.conversation = conversation
        }
        if session.player == nil {
            session.played.fault =
                reset ? "handshake: the server reset the connection" : "handshake: the server closed the connection"
        } else {
            session.played.ending = .cut(reset: reset)
            session.played.closedFirst = session.hasClosed
        }
        finish(session)
    }

    func unreachable(_ session: ReplaySession, _ why: String) {
        figures.unreachable += 1
        figures.reason = why
        session.played.fault = "no connection: \(why)"
        finish(session)
    }

    func finish(_ session: ReplaySession) {
        guard !session.isOver else { return }
        session.isOver = true
        if let player = session.player { session.played.unsent = player.total - player.sent }
        if var conversation = session.conversation, session.isConnected {
            capture?.ended(&conversation, by: .initiator, reset: false, at: loop.now)
            capture?.ended(&conversation, by: .responder, reset: false, at: loop.now)
        }
        if session.isConnected, let security = session.security { put(session, security.close()) }
        if !session.id.isNone { loop.close(session.id, session.isConnected ? .afterSending : .now) }
        open[session.slot] = nil
        freeSlots.append(session.slot)
        take(session.recorded, session.played, session.learnt, session.index / scripts.count)
    }
}
