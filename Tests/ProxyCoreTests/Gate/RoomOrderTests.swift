import ProxyCore
import Testing

@Suite struct RoomOrderTests {
    @Test func `who stays keeps the place before whoever came meanwhile`() {
        var line = RoomLine<Int>()
        for number in 1...3 { line.append(number) }
        let all = line.takeAll()
        #expect(line.isEmpty && all == [1, 2, 3])
        line.append(4)
        line.putBack(all.filter { $0 != 1 })
        #expect(line.count == 3 && line.takeAll() == [2, 3, 4])
    }

    @Test func `turns go by arrival, on whatever worker, and each route has its own line`() {
        var order = RoomOrder()
        let tickets = (0..<4).map { order.join("a", worker: $0 % 2) }
        let other = order.join("b", worker: 1)
        #expect(tickets.map { order.isTurn($0) } == [true, false, false, false] && order.isTurn(other))
        #expect(order.turn(on: "a") == 0 && order.turn(on: "b") == 1 && order.turn(on: "c") == nil)
        order.leave(tickets[0])
        #expect(order.turn(on: "a") == 1 && order.isTurn(tickets[1]) && !order.isTurn(tickets[0]))
        // One in the middle gives up.
        order.leave(tickets[2])
        order.leave(tickets[1])
        #expect(order.isTurn(tickets[3]) && order.count(on: "a") == 1)
        order.leave(tickets[3])
        #expect(order.turn(on: "a") == nil && order.count(on: "a") == 0)
    }

    @Test func `whose own limit is full doesn't hold up those behind, and is first again when it isn't`() {
        var order = RoomOrder()
        let (first, second, third) = (
            order.join("a", worker: 0), order.join("a", worker: 1), order.join("a", worker: 2)
        )
        order.tried(first, ownLimit: true)
        #expect(order.isTurn(first) && order.isTurn(second) && !order.isTurn(third) && order.turn(on: "a") == 1)
        order.tried(second, ownLimit: false)
        #expect(!order.isTurn(third), "no room for the second is none for the third")
        order.tried(first, ownLimit: false)
        #expect(order.turn(on: "a") == 0 && !order.isTurn(second))
        for ticket in [first, second, third] { order.tried(ticket, ownLimit: true) }
        #expect(order.turn(on: "a") == nil, "who comes need not go behind those who stand aside")
        order.tried(order.join("b", worker: 0), ownLimit: true)
        order.leave(first)
        order.tried(first, ownLimit: true)
        #expect(order.count(on: "a") == 2)
    }
}
