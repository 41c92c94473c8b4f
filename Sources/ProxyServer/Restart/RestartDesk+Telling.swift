import CLinux
import EventLoop
import ProxyCore
import Synchronization

// What a successor is given: the sockets, and what the affinity learnt (`engine_io`, `application_cookie`), so that sessions of the
// application's which are under way reach their endpoint through the new process as well.
//
// Theory of operation. The successor asks just before it accepts. From then on there is a journal: what is learnt here is told at once,
// while both accept, and after that for as long as this process still serves what it accepted. A successor that doesn't listen, or is
// gone, is told nothing more and does without; nothing that is told can make the restart fail.

extension RestartDesk {
    /// Sends all sockets, as many with a packet as the kernel passes.
    func offer(on channel: ControlChannel) -> Bool {
        state.withLock { shared in
            guard !shared.isClosed else { return false }
            var listeners = held.map(\.listener)
            var descriptors = held.flatMap(\.descriptors)
            if let control {
                listeners.append(OfferedListener(.control, nil, count: 1))
                descriptors.append(control.descriptor)
            }
            if lineage >= 0 {
                listeners.append(OfferedListener(.lineage, nil, count: 1))
                descriptors.append(lineage)
            }
            let limit = Int(CLINUX_PACKET_DESCRIPTORS)
            let message = RestartMessage.offer(
                RestartOffer(
                    generation: generation, listeners: listeners, learntVersion: standings.learns ? LearntBatch.version : nil))
            guard channel.send(message, descriptors.prefix(limit)) else { return false }
            var rest = descriptors.dropFirst(limit)
            while !rest.isEmpty {
                guard channel.send(.more, rest.prefix(limit)) else { return false }
                rest = rest.dropFirst(limit)
            }
            return true
        }
    }

    /// Tells everything that is bound; false if that was in vain.
    func tell(_ channel: ControlChannel) -> Bool {
        standings.tell(LearntBatch.mostBindings, waker).allSatisfy { tell($0, channel) } && channel.send(.told)
    }

    /// Tells what was learnt since.
    @discardableResult
    func tellNews(_ channel: ControlChannel) -> Bool { standings.news().allSatisfy { tell($0, channel) } }

    private func tell(_ batch: LearntBatch, _ channel: ControlChannel) -> Bool {
        batch.parts.allSatisfy { channel.send(.learnt($0)) }
    }

    /// The successor serves: tells it what is still learnt here, until this process stops or the other one is gone.
    func tellOn(_ heir: ControlChannel) {
        while !state.withLock({ $0.isStopped }), tellNews(heir) {
            let ready = clinux_poll([waker.descriptor, heir.descriptor], 2, -1)
            if ready & 1 != 0 { clinux_eventfd_clear(waker.descriptor) }
            // It has nothing to say any more.
            if ready & 2 != 0 { break }
        }
        standings.endTelling()
    }
}
