"""Clients that do one wrong thing, in numbers: `misbehaving_client.py PORT BEHAVIOUR [--count N] [--seconds S]`.

Prints one line of JSON with what came of it. `--list` names the behaviours. For exact bytes the tests have a client of
their own; here is what needs many connections or a clock.
"""

import argparse
import base64
import json
import os
import selectors
import socket
import struct
import time

BEHAVIOURS = {}


def behaviour(function):
    BEHAVIOURS[function.__name__.replace("_", "-")] = function
    return function


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def upgrade(path="/echo"):
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: app.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def read_head(sock):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = sock.recv(4096)
        if not piece:
            break
        head += piece
    return head


def status(head):
    parts = head.split(b" ", 2)
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None


def masked(opcode, payload, final=True):
    key = os.urandom(4)
    head = bytes([(0x80 if final else 0) | opcode])
    length = len(payload)
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 65536:
        head += bytes([0x80 | 126]) + struct.pack(">H", length)
    else:
        head += bytes([0x80 | 127]) + struct.pack(">Q", length)
    return head + key + bytes(byte ^ key[i & 3] for i, byte in enumerate(payload))


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@behaviour
def idle_connections(port, count, seconds):
    """Opens connections and says nothing; tells how many were accepted and how many ended by themselves."""
    sockets, refused = [], 0
    for _ in range(count):
        try:
            sockets.append(connect(port))
        except OSError:
            refused += 1
    ended, deadline = 0, time.monotonic() + seconds
    selector = selectors.DefaultSelector()
    for sock in sockets:
        sock.setblocking(False)
        selector.register(sock, selectors.EVENT_READ)
    while selector.get_map() and time.monotonic() < deadline:
        for key, _ in selector.select(max(0.0, deadline - time.monotonic())):
            try:
                data = key.fileobj.recv(4096)
            except OSError:
                data = b""
            if not data:
                ended += 1
                selector.unregister(key.fileobj)
    return {"connected": len(sockets), "refused": refused, "ended": ended}


@behaviour
def slow_head(port, count, seconds):
    """One byte of a head every quarter of a second, until an answer comes or time is up."""
    sock = connect(port)
    start = time.monotonic()
    sock.settimeout(0.25)
    answer = b""
    for byte in b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 10000:
        if time.monotonic() - start > seconds:
            break
        try:
            sock.sendall(bytes([byte]))
            answer = sock.recv(4096)
            break
        except socket.timeout:
            continue
        except OSError:
            break
    return {"status": status(answer), "after": round(time.monotonic() - start, 2)}


@behaviour
def never_reads(port, count, seconds):
    """A session that sends echoes and reads none of them, until the other end stops taking more."""
    sock = connect(port)
    sock.sendall(upgrade())
    head = read_head(sock)
    sock.settimeout(1)
    frame, sent = masked(2, b"n" * 65536), 0
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            sock.sendall(frame)
            sent += len(frame)
        outcome = "everything was taken"
    except socket.timeout:
        outcome = "held back"
    except OSError as error:
        outcome = f"ended: {error.strerror}"
    return {"status": status(head), "sent": sent, "outcome": outcome}


@behaviour
def tiny_fragments(port, count, seconds):
    """Empty continuation frames, as many as are asked for."""
    sock = connect(port)
    sock.sendall(upgrade("/quiet"))
    head = read_head(sock)
    try:
        sock.sendall(masked(1, b"", final=False))
        block = masked(0, b"", final=False) * 1000
        for _ in range(count // 1000):
            sock.sendall(block)
        sock.settimeout(seconds)
        answer = sock.recv(4096)
    except OSError:
        answer = b""
    return {"status": status(head), "answer": answer.hex()}


@behaviour
def resets(port, count, seconds):
    """Sessions that each end with a reset in the middle of a frame."""
    for _ in range(count):
        sock = connect(port)
        sock.sendall(upgrade())
        read_head(sock)
        sock.sendall(masked(2, b"r" * 1000)[:500])
        reset(sock)
    return {"sessions": count}


@behaviour
def upgrades(port, count, seconds):
    """As many sessions at once as are asked for, and the statuses that came back."""
    sockets, statuses = [], {}
    for _ in range(count):
        try:
            sock = connect(port)
            sock.sendall(upgrade())
            sockets.append(sock)
        except OSError:
            statuses["refused"] = statuses.get("refused", 0) + 1
    for sock in sockets:
        try:
            sock.settimeout(seconds)
            code = str(status(read_head(sock)))
        except OSError:
            code = "none"
        statuses[code] = statuses.get(code, 0) + 1
    return {"statuses": statuses}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("port", type=int, nargs="?")
    parser.add_argument("behaviour", nargs="?", choices=sorted(BEHAVIOURS))
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(sorted(BEHAVIOURS)))
        return
    print(json.dumps(BEHAVIOURS[arguments.behaviour](arguments.port, arguments.count, arguments.seconds)))


main()
