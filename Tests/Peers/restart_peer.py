"""Somebody on the control socket who isn't what it should be, or a service manager that passes sockets.

restart_peer.py talk PATH MODE       one conversation; prints a line of JSON for what came back
restart_peer.py pretend PATH MODE    a running process that answers wrongly
restart_peer.py activate COUNT COMMAND…   binds COUNT sockets on loopback, prints their ports, and becomes COMMAND with them
"""
import array
import json
import os
import socket
import sys
import time


def connect(path):
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    peer.settimeout(10)
    peer.connect(path)
    return peer


def receive(peer):
    """The packet's text and how many descriptors came with it; text is None at the end."""
    try:
        text, passed, _, _ = socket.recv_fds(peer, 65536, 253)
    except OSError as error:
        return "error " + str(error.errno), 0
    for descriptor in passed:
        os.close(descriptor)
    return (text.decode("utf-8", "replace") if text else None), len(passed)


def tell(**values):
    print(json.dumps(values), flush=True)


def talk(path, mode):
    if mode == "other-user":
        os.setgid(65534)
        os.setuid(65534)
    peer = connect(path)
    take = b"gatehouse-restart 1 take\n"
    if mode == "silence":
        began = time.monotonic()
        text, _ = receive(peer)
        return tell(text=text, seconds=time.monotonic() - began)
    if mode == "descriptors":
        with open("/dev/null") as file:
            peer.sendmsg([take], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno()] * 20))])
        text, passed = receive(peer)
        return tell(text=text, passed=passed)
    first = {
        "garbage": os.urandom(300), "half": take[:14], "version": b"gatehouse-restart 2 take\n", "empty-lines": b"\n\n\n",
        "large": b"gatehouse-restart 1 " + b"x" * 60000, "ready-first": b"gatehouse-restart 1 ready\n",
        "verb": b"gatehouse-restart 1 steal\n", "other-user": take, "take": take, "hang": take, "crash": take, "twice": take,
        "refuse": take,
    }[mode]
    try:
        peer.send(first)
    except BrokenPipeError:
        pass  # Turned away already; why is there to be read.
    text, passed = receive(peer)
    if mode == "crash":
        os.abort()
    if mode == "twice":
        peer.send(take)
        text, passed = receive(peer)
    if mode == "refuse":
        peer.send(b"gatehouse-restart 1 refused\nno certificate here\n")
        return tell(text=text, passed=passed)
    second = None
    if mode == "hang":
        second, _ = receive(peer)
    if mode == "take":
        peer.send(b"gatehouse-restart 1 ready\n")
        second, _ = receive(peer)
    return tell(text=text, passed=passed, second=second)


def activate(count, command):
    listeners = []
    for _ in range(count):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        listeners.append(listener)
    ports = [listener.getsockname()[1] for listener in listeners]
    with open(os.environ.pop("PORTS_FILE"), "w") as file:
        file.write(" ".join(map(str, ports)) + "\n")
    for index, listener in enumerate(listeners):
        os.dup2(listener.fileno(), 200 + index, inheritable=False)
    for index in range(count):
        os.dup2(200 + index, 3 + index, inheritable=True)
    os.environ["LISTEN_FDS"] = str(count)
    os.environ["LISTEN_PID"] = os.environ.pop("WRONG_PID", str(os.getpid()))
    os.execv(command[0], command)


def pretend(path, mode):
    """A running process that isn't one: answers the first that asks, and says what it heard."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server.bind(path)
    server.listen(1)
    tell(ready=True, port=listener.getsockname()[1])
    peer, _ = server.accept()
    peer.settimeout(10)
    asked, _ = receive(peer)
    if mode in ("mute", "gone"):
        # A real listener, and an offer to tell what was learnt that comes to nothing.
        offer = "gatehouse-restart 1 offer\ngeneration 0\nlearnt 1\nplain 127.0.0.1:%d 1\n" % listener.getsockname()[1]
        socket.send_fds(peer, [offer.encode()], [listener.fileno()])
        heard = [receive(peer)[0]]
        if mode == "mute":
            heard.append(receive(peer)[0])
            peer.send(b"gatehouse-restart 1 yours\n")
        peer.close()
        return tell(asked=asked, heard=heard)
    with open("/dev/null") as file:
        null = file.fileno()
        count, answer = {
            "garbage": (0, os.urandom(300)),
            "version": (0, b"gatehouse-restart 2 offer\ngeneration 0\n"),
            "missing": (0, b"gatehouse-restart 1 offer\ngeneration 0\nplain 127.0.0.1:1 1\n"),
            "more": (3, b"gatehouse-restart 1 offer\ngeneration 0\nplain 127.0.0.1:1 1\n"),
            "no-socket": (1, b"gatehouse-restart 1 offer\ngeneration 0\nplain 127.0.0.1:1 1\n"),
            "end": (0, None),
        }[mode]
        if answer:
            passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [null] * count))] if count else []
            peer.sendmsg([answer], passed)
        if mode == "missing":
            peer.send(b"gatehouse-restart 1 more\n")
    if mode == "end":
        peer.close()
        return tell(asked=asked)
    tell(asked=asked, heard=receive(peer)[0])


if sys.argv[1] == "talk":
    talk(sys.argv[2], sys.argv[3])
elif sys.argv[1] == "pretend":
    pretend(sys.argv[2], sys.argv[3])
else:
    activate(int(sys.argv[2]), sys.argv[3:])
