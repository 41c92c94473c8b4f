"""An origin that does one wrong thing: `misbehaving_origin.py PORT`, and the request's path says which.

`GET /200-with-upgrade` gets that; `misbehaving_origin.py --list` names them all. A valid accept key is made from the
request, so that exactly one thing is wrong. Each request is told on stdout as one line of JSON, for tests that count
what arrived. Beside the tests: a program to point any proxy at.
"""

import base64
import hashlib
import json
import re
import socket
import struct
import sys
import threading
import time

import peer

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BEHAVIOURS = {}


def behaviour(function):
    BEHAVIOURS[function.__name__.strip("_").replace("_", "-")] = function
    return function


class Exchange:
    """One connection: its request's head, and what there is to send."""

    def __init__(self, connection, head, rest):
        self.connection, self.head, self.rest = connection, head, rest
        key = re.search(rb"(?im)^sec-websocket-key:[ \t]*([^\r\n]*?)[ \t]*\r$", head)
        self.accept = base64.b64encode(hashlib.sha1((key.group(1) if key else b"") + GUID).digest())

    def send(self, *parts):
        self.connection.sendall(b"".join(parts))

    def switch(self, *lines, accept=True, upgrade=True, connection=True):
        """A 101 that is right but for what the arguments leave out or add."""
        head = b"HTTP/1.1 101 Switching Protocols\r\n"
        head += b"Upgrade: websocket\r\n" if upgrade else b""
        head += b"Connection: Upgrade\r\n" if connection else b""
        head += b"Sec-WebSocket-Accept: " + self.accept + b"\r\n" if accept else b""
        return head + b"".join(line + b"\r\n" for line in lines) + b"\r\n"

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def wait_for_end(self):
        try:
            while self.connection.recv(65536):
                pass
        except OSError:
            pass


# --- Wrong answers to an upgrade ---------------------------------------------------------------------------------

@behaviour
def accept_missing(x):
    x.send(x.switch(accept=False))


@behaviour
def accept_wrong(x):
    other = base64.b64encode(hashlib.sha1(b"of another key" + GUID).digest())
    x.send(x.switch(b"Sec-WebSocket-Accept: " + other, accept=False))


@behaviour
def accept_twice(x):
    x.send(x.switch(b"Sec-WebSocket-Accept: " + x.accept))


@behaviour
def accept_lowercased(x):
    x.send(x.switch(b"Sec-WebSocket-Accept: " + x.accept.lower(), accept=False))


@behaviour
def no_upgrade(x):
    x.send(x.switch(upgrade=False))


@behaviour
def no_connection(x):
    x.send(x.switch(connection=False))


@behaviour
def upgrade_to_h2c(x):
    x.send(x.switch(b"Upgrade: h2c", upgrade=False))


@behaviour
def subprotocol_not_offered(x):
    x.send(x.switch(b"Sec-WebSocket-Protocol: never.offered"))


@behaviour
def subprotocol_twice(x):
    x.send(x.switch(b"Sec-WebSocket-Protocol: chat.v2", b"Sec-WebSocket-Protocol: chat.v2"))


@behaviour
def extension_not_offered(x):
    x.send(x.switch(b"Sec-WebSocket-Extensions: x-webkit-deflate-frame"))


@behaviour
def content_length_on_101(x):
    x.send(x.switch(b"Content-Length: 5"), b"hello")


@behaviour
def transfer_encoding_on_101(x):
    x.send(x.switch(b"Transfer-Encoding: chunked"), b"0\r\n\r\n")


@behaviour
def _101_twice(x):
    x.send(x.switch(), x.switch())
    x.wait_for_end()


@behaviour
def _200_with_upgrade(x):
    x.send(
        b"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ", x.accept,
        b"\r\nContent-Length: 2\r\n\r\nok",
    )
    x.wait_for_end()


@behaviour
def _426(x):
    x.send(b"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8\r\nContent-Length: 0\r\n\r\n")
    x.wait_for_end()


@behaviour
def _101_in_pieces(x):
    for byte in x.switch():
        x.send(bytes([byte]))
        time.sleep(0.001)  # each its own segment
    x.send(b"\x81\x05hello\x88\x02\x03\xe8")
    x.wait_for_end()


@behaviour
def frame_glued_to_101(x):
    x.send(x.switch(), b"\x81\x05hello\x88\x02\x03\xe8")
    x.wait_for_end()


@behaviour
def http_after_101(x):
    x.send(x.switch(), b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
    x.wait_for_end()


@behaviour
def torn_frame_fin(x):
    x.send(x.switch(), b"\x81\x7e\x10\x00", b"a" * 100)


@behaviour
def torn_frame_reset(x):
    x.send(x.switch(), b"\x81\x7e\x10\x00", b"a" * 100)
    x.connection.recv(1)  # the client says when
    x.reset()


@behaviour
def masked_frame(x):
    x.send(x.switch(), b"\x81\x85\x01\x02\x03\x04", bytes(c ^ k for c, k in zip(b"hello", b"\x01\x02\x03\x04\x01")))
    x.wait_for_end()


# --- Silence and cuts --------------------------------------------------------------------------------------------

@behaviour
def never_answers(x):
    x.wait_for_end()


@behaviour
def closes_at_once(x):
    pass


@behaviour
def resets_at_once(x):
    x.reset()


@behaviour
def closes_mid_head(x):
    x.send(b"HTTP/1.1 200 OK\r\nContent-Ty")


@behaviour
def resets_mid_head(x):
    x.send(b"HTTP/1.1 200 OK\r\nContent-Ty")
    time.sleep(0.05)
    x.reset()


@behaviour
def closes_mid_body(x):
    x.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")


@behaviour
def closes_mid_chunk(x):
    x.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nonly this")


@behaviour
def one_byte_a_second(x):
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
        x.send(bytes([byte]))
        time.sleep(1)


# --- Heads and bodies that must not be believed ------------------------------------------------------------------

@behaviour
def not_http(x):
    x.send(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    x.wait_for_end()


@behaviour
def huge_head(x):
    x.send(b"HTTP/1.1 200 OK\r\n")
    for number in range(4096):
        x.send(b"X-Filler-%d: " % number, b"f" * 1024, b"\r\n")
    x.send(b"Content-Length: 0\r\n\r\n")


@behaviour
def content_length_and_chunked(x):
    x.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    x.wait_for_end()


@behaviour
def two_content_lengths(x):
    x.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")
    x.wait_for_end()


@behaviour
def bad_content_length(x):
    x.send(b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello")
    x.wait_for_end()


@behaviour
def bad_chunk(x):
    x.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n")
    x.wait_for_end()


@behaviour
def nul_in_value(x):
    x.send(b"HTTP/1.1 200 OK\r\nX-Value: a\0b\r\nContent-Length: 0\r\n\r\n")
    x.wait_for_end()


@behaviour
def bare_cr(x):
    x.send(b"HTTP/1.1 200 OK\r\nX-Value: a\rSet-Cookie: forged=1\r\nContent-Length: 0\r\n\r\n")
    x.wait_for_end()


@behaviour
def folded_field(x):
    x.send(b"HTTP/1.1 200 OK\r\nX-Value: a\r\n b\r\nContent-Length: 0\r\n\r\n")
    x.wait_for_end()


@behaviour
def blank_before_colon(x):
    x.send(b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n")
    x.wait_for_end()


@behaviour
def informational_flood(x):
    for _ in range(1000):
        x.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
    x.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    x.wait_for_end()


@behaviour
def bytes_after_response(x):
    """A second response that nobody asked for, for the queue of the next request on this connection."""
    x.send(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"
        b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned"
    )
    x.wait_for_end()


@behaviour
def body_on_204(x):
    x.send(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello")
    x.wait_for_end()


@behaviour
def plain(x):
    x.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain")


@behaviour
def right(x):
    x.send(x.switch())
    x.wait_for_end()


# --- The server --------------------------------------------------------------------------------------------------

def serve(connection):
    buffer = b""
    with connection:
        try:
            while True:
                while b"\r\n\r\n" not in buffer:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    buffer += piece
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                line = head.split(b"\r\n", 1)[0].decode("latin-1")
                print(json.dumps({"request": line}), flush=True)
                target = line.split(" ")[1] if line.count(" ") >= 2 else ""
                chosen = BEHAVIOURS.get(target.split("?")[0].rstrip("/").rpartition("/")[2])
                if chosen is None:
                    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                    continue
                chosen(Exchange(connection, head + b"\r\n", buffer))
                if chosen is not plain:
                    return
        except OSError:
            pass


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(sorted(BEHAVIOURS)))
        return
    sock = peer.listen(int(sys.argv[1]))
    peer.announce(sock)
    while True:
        connection, _ = sock.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
