import ProxyCore
import Testing
import Wire

@Suite struct SelfBeatingTests {
    private func recognise(_ path: String, _ query: String = "", _ subprotocol: String = "") -> SelfBeating? {
        let (path, query, subprotocol) = (Array(path.utf8), Array(query.utf8), Array(subprotocol.utf8))
        return SelfBeating(path: path.span.bytes, query: query.span.bytes, subprotocol: subprotocol.span.bytes)
    }

    @Test func `protocols with a heartbeat of their own show in the handshake`() {
        #expect(recognise("/socket.io/", "EIO=4&transport=websocket") == .engineIO)
        #expect(recognise("/x", "transport=websocket&EIO=3&sid=a") == .engineIO)
        #expect(recognise("/echo/123/abcdefgh/websocket") == .sockJS)
        #expect(recognise("/000/s/websocket") == .sockJS)
        #expect(recognise("/socket/websocket", "token=a&vsn=2.0.0") == .phoenix)
        #expect(recognise("/graphql", "", "graphql-transport-ws") == .graphQL)
        #expect(recognise("/graphql", "", "graphql-ws") == .graphQLKeepAlive)
        #expect(recognise("/cable", "", "actioncable-v1-json") == .actionCable)
    }

    @Test(arguments: [
        ("/", "", ""), ("/ws", "MYEIO=4", ""), ("/ws", "a=EIO=4", ""), ("/websocket", "", ""), ("/echo/12/abc/websocket", "", ""),
        ("/echo/1234/abc/websocket", "", ""), ("/echo/12a/abc/websocket", "", ""), ("/echo/123//websocket", "", ""),
        ("123/abc/websocket", "", ""), ("/ws", "vsn=2.0.0", ""), ("/graphql", "", "graphql"), ("/graphql", "", "graphql-wss"),
        ("", "", ""),
    ])
    func `what only looks like one is none`(path: String, query: String, subprotocol: String) {
        #expect(recognise(path, query, subprotocol) == nil)
    }

    @Test func `who speaks in a beat`() {
        for kind in SelfBeating.allCases { #expect(kind.speaks(.upstream)) }
        #expect(SelfBeating.allCases.filter { !$0.speaks(.downstream) } == [.sockJS, .graphQLKeepAlive, .actionCable])
    }
}
