"""What the Python peers share: a listening socket on loopback, its port on stdout, an end with the parent.

A peer prints `listening PORT` as its first line and leaves when its standard input ends, so that none outlives
the test run that started it.
"""

import os
import socket
import sys
import threading

ALLOWED_ORIGIN = "https://app.example"
SUBPROTOCOL = "chat.v2"
CLOSE_CODE, CLOSE_REASON = 4401, "token expired"


def listen(port=0, backlog=512):
    """A listening socket on 127.0.0.1."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(backlog)
    return sock


def announce(sock):
    """Says which port it is, and from now on leaves with the parent."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    print("listening", sock.getsockname()[1], flush=True)


def _leave_with_parent():
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)
