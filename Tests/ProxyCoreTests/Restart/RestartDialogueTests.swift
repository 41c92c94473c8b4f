import ProxyCore
import TestSupport
import Testing
import Wire

/// What each side does, message by message, and what it does when one doesn't come.
struct RestartDialogueTests {
    private static let listener = OfferedListener(.plain, SocketAddress(v4: 0x7F00_0001, port: 8080), count: 2)
    private static let offer = RestartOffer(generation: 0, listeners: [listener])
    private static let begin = Timestamp(nanoseconds: 1_000_000_000)

    private func predecessor(own: Bool = false) -> PredecessorDialogue {
        PredecessorDialogue(isOwnSuccessor: own, timeout: .seconds(30), now: RestartDialogueTests.begin)
    }

    private func say(_ dialogue: inout PredecessorDialogue, _ message: RestartMessage) -> [PredecessorDialogue.Action] {
        dialogue.received(message.bytes, descriptors: 0, now: RestartDialogueTests.begin)
    }

    @Test func `take, ready: the listeners are offered and then handed over`() {
        var dialogue = predecessor()
        #expect(say(&dialogue, .take) == [.offer])
        #expect(dialogue.deadline == RestartDialogueTests.begin + .seconds(30))
        #expect(say(&dialogue, .ready) == [.handOver])
        #expect(dialogue.ended() == [])
    }

    @Test func `nothing but ready after an offer hands anything over`() {
        for message in [RestartMessage.ready, .yours, .more, .offer(RestartDialogueTests.offer), .done(pid: 1)] {
            var dialogue = predecessor()
            let actions = say(&dialogue, message)
            #expect(actions.contains(.close) && !actions.contains(.handOver) && !actions.contains(.offer), "\(message)")
            #expect(say(&dialogue, .take) == [], "\(message): over is over")
        }
        for message in [RestartMessage.take, .yours, .more, .restart] {
            var dialogue = predecessor()
            _ = say(&dialogue, .take)
            #expect(say(&dialogue, message).last == .close)
            #expect(say(&dialogue, .ready) == [])
        }
    }

    @Test func `garbage, another version and descriptors are refused with what was observed`() {
        for text in ["\u{0}\u{1}", "gatehouse-restart 1 ta", "gatehouse-restart 9 take\n", "GET / HTTP/1.1\n"] {
            var dialogue = predecessor()
            let actions = dialogue.received(Array(text.utf8), descriptors: 0, now: RestartDialogueTests.begin)
            guard actions.count == 3, case .answer(.refused) = actions[0], case .refused = actions[1], actions[2] == .close else {
                Issue.record("\(text.debugDescription): \(actions)")
                continue
            }
        }
        var dialogue = predecessor()
        #expect(dialogue.received(RestartMessage.take.bytes, descriptors: 1, now: RestartDialogueTests.begin).last == .close)
    }

    @Test func `who says nothing has five seconds, who was offered has the configured time`() {
        var silent = predecessor()
        #expect(silent.deadline == RestartDialogueTests.begin + .seconds(5))
        #expect(silent.deadlinePassed().last == .close)
        var slow = predecessor()
        _ = say(&slow, .take)
        let actions = slow.deadlinePassed()
        #expect(actions.contains(.failed("the new process was not ready within 30 s (restart.timeout)")))
        #expect(say(&slow, .ready) == [], "too late is too late")
    }

    @Test func `a successor that ends or refuses leaves everything as it was and is told of`() {
        var crashed = predecessor()
        _ = say(&crashed, .take)
        #expect(crashed.ended() == [.failed("the new process ended before it was ready"), .close])
        var refused = predecessor()
        _ = say(&refused, .take)
        #expect(say(&refused, .refused("no certificate")) == [.failed("no certificate"), .close])
        var own = predecessor(own: true)
        #expect(own.deadline == RestartDialogueTests.begin + .seconds(30))
        #expect(own.ended() == [.failed("the new process ended before it asked for the listeners"), .close])
        var passerBy = predecessor()
        #expect(passerBy.ended() == [.close])
    }

    @Test func `an operator's command may ask for a restart, a successor of ours may not`() {
        var command = predecessor()
        #expect(say(&command, .restart) == [.startSuccessor])
        #expect(command.deadline == .never)
        #expect(command.ended() == [.close])
        var own = predecessor(own: true)
        #expect(say(&own, .restart).last == .close)
    }

    @Test func `another user is no peer`() {
        #expect(PredecessorDialogue.refusal(ofUser: 1000, own: 1000) == nil)
        #expect(PredecessorDialogue.refusal(ofUser: 0, own: 1000) != nil)
        #expect(
            PredecessorDialogue.refusal(ofUser: 1001, own: 1000) == "a peer of user 1001; expected user 1000, whose process this is"
        )
    }

    @Test func `a successor adopts when every descriptor is there`() {
        var dialogue = SuccessorDialogue()
        #expect(dialogue.received(RestartMessage.offer(RestartDialogueTests.offer).bytes, descriptors: 1) == .wait)
        #expect(dialogue.received(RestartMessage.more.bytes, descriptors: 1) == .adopt(RestartDialogueTests.offer))
        #expect(dialogue.received(RestartMessage.yours.bytes, descriptors: 0) == .handedOver)
    }

    @Test func `a successor takes nothing that doesn't add up`() {
        func outcome(_ steps: (RestartMessage, Int)...) -> SuccessorDialogue.Outcome {
            var dialogue = SuccessorDialogue()
            return steps.map { dialogue.received($0.0.bytes, descriptors: $0.1) }.last ?? .wait
        }
        let offer = RestartMessage.offer(RestartDialogueTests.offer)
        #expect(outcome((offer, 3)) == .failed("it passes 3 descriptors and names 2"))
        #expect(outcome((offer, 1), (.more, 0)) == .failed("it passes fewer descriptors than it offers"))
        #expect(outcome((.yours, 0)) == .failed("it answers out of turn"))
        #expect(outcome((.refused("busy"), 0)) == .failed("it refuses: busy"))
        var dialogue = SuccessorDialogue()
        guard case .failed = dialogue.received(bytes(0, 1, 2), descriptors: 0) else {
            Issue.record("garbage was taken")
            return
        }
    }

    @Test func `a predecessor that goes before the offer fails the start, one that goes after ready leaves the listeners to us`() {
        var early = SuccessorDialogue()
        #expect(early.ended() == .failed("it ended before it had passed its listeners"))
        var late = SuccessorDialogue()
        _ = late.received(RestartMessage.offer(RestartDialogueTests.offer).bytes, descriptors: 2)
        #expect(late.ended() == .predecessorGone)
        var refused = SuccessorDialogue()
        _ = refused.received(RestartMessage.offer(RestartDialogueTests.offer).bytes, descriptors: 2)
        #expect(refused.received(RestartMessage.refused("too late").bytes, descriptors: 0) == .failed("it refuses: too late"))
    }

    private static let batch = LearntBatch(cluster: "a", rule: "engine_io", bindings: [.init(key: bytes("sid"), endpoint: 7)])

    @Test func `who was offered the listeners may ask once for what was learnt, and nobody else may`() {
        var dialogue = predecessor()
        _ = say(&dialogue, .take)
        #expect(say(&dialogue, .learn) == [.tell])
        #expect(dialogue.deadline == RestartDialogueTests.begin + .seconds(30), "it has no more time for it")
        #expect(say(&dialogue, .ready) == [.handOver])
        var curious = predecessor()
        #expect(say(&curious, .learn).last == .close)
        var greedy = predecessor()
        _ = say(&greedy, .take)
        _ = say(&greedy, .learn)
        #expect(say(&greedy, .learn).last == .close && say(&greedy, .ready) == [])
        for message in [RestartMessage.told, .learnt(RestartDialogueTests.batch)] {
            var talkative = predecessor()
            _ = say(&talkative, .take)
            #expect(say(&talkative, message).last == .close)
        }
    }

    @Test func `a successor takes what was learnt before and after it accepts, to the end of its predecessor`() {
        var dialogue = SuccessorDialogue()
        func hear(_ message: RestartMessage) -> SuccessorDialogue.Outcome { dialogue.received(message.bytes, descriptors: 0) }
        _ = dialogue.received(RestartMessage.offer(RestartDialogueTests.offer).bytes, descriptors: 2)
        #expect(hear(.learnt(RestartDialogueTests.batch)) == .learnt(RestartDialogueTests.batch))
        #expect(hear(.told) == .told)
        #expect(hear(.learnt(RestartDialogueTests.batch)) == .learnt(RestartDialogueTests.batch))
        #expect(hear(.yours) == .handedOver)
        #expect(hear(.learnt(RestartDialogueTests.batch)) == .learnt(RestartDialogueTests.batch))
        #expect(dialogue.ended() == .predecessorGone)
        var early = SuccessorDialogue()
        guard case .failed = early.received(RestartMessage.learnt(RestartDialogueTests.batch).bytes, descriptors: 0) else {
            Issue.record("taken before the listeners")
            return
        }
    }
}
