import CLinux
import ProxyCore
import Synchronization

// A successor of our own: started with a channel that it inherits, ended if it comes to nothing.

extension RestartDesk {
    /// Starts a successor, for `asker` if that is an operator's command.
    func begin(asker: ControlChannel?) -> Conversation? {
        func fail(_ why: String) -> Conversation? {
            asker?.send(.refused(why))
            failed(why, pid: 0)
            return nil
        }
        guard let executable = surroundings.executable else { return fail("this process doesn't know how it was started") }
        var pair: [Int32] = [-1, -1]
        let made = clinux_control_pair(&pair)
        guard made >= 0 else { return fail("socketpair failed: errno \(-made)") }
        let channel = ControlChannel(descriptor: pair[0])
        var environment = surroundings.environment
        environment[ProcessSurroundings.channelVariable] = "\(pair[1]):\(clinux_pid())"
        // Under the lock, so that nobody takes it off the kernel's table before it is known.
        let pid = state.withLock { [environment] shared in
            let pid = SuccessorProcess.start(executable, surroundings.command, environment, channel: pair[1])
            if pid > 0 { shared.child = pid }
            return pid
        }
        _ = clinux_close(pair[1])
        guard pid > 0 else { return fail("\(executable) can't be started: errno \(-pid)") }
        return Conversation(
            channel: channel,
            dialogue: PredecessorDialogue(isOwnSuccessor: true, timeout: timeout.withLock { $0 }, now: RestartDesk.now),
            pid: pid, isOwn: true, asker: asker)
    }

    /// It came to nothing, and may hang: so that two never accept for long.
    func endChild(_ pid: Int32) {
        state.withLock { shared in
            guard shared.child == pid else { return }
            shared.child = nil
            _ = clinux_signal_process(pid, 9)
        }
    }
}
