import HTTPWire
import TestSupport
import Testing

@testable import Tools

@Suite struct SecretMaskTests {
    private let request = RequestHead(
        copy: bytes(
            "GET /ws?token=qu3ry-s3cret&room=lobby HTTP/1.1\r\nHost: app.example\r\nAuthorization: Bearer b3arer-s3cret\r\n",
            "Cookie: session=c00kie-s3cret; theme=dark\r\nX-Api-Key: k3y-s3cret\r\nX-Page: plain\r\n\r\n"))

    @Test func `what a server repeats of the request's secrets is left out`() {
        let mask = SecretMask(request)
        #expect(mask("token qu3ry-s3cret is invalid") == "token «redacted» is invalid")
        #expect(mask("b3arer-s3cret, c00kie-s3cret, k3y-s3cret") == "«redacted», «redacted», «redacted»")
        #expect(mask("Bearer b3arer-s3cret!") == "«redacted»!")
    }

    @Test func `what a redirect's one-time values are is left out where a server repeats it`() {
        let mask = SecretMask(
            RequestHead(copy: bytes("GET /cb?code=0ne-c0de&state=one-time-state HTTP/1.1\r\nHost: a\r\n\r\n")))
        #expect(mask("0ne-c0de of one-time-state was used") == "«redacted» of «redacted» was used")
        let other = SecretMask(RequestHead(copy: bytes("GET /ws?state=open HTTP/1.1\r\nHost: a\r\n\r\n")))
        #expect(other("the door is open") == "the door is open", "a state of a few letters is a word")
    }

    @Test func `what is no secret stays`() {
        #expect(SecretMask(request)("lobby of app.example, plain: ünïcode") == "lobby of app.example, plain: ünïcode")
    }
}
