"""Ten local ports for everything: `unshare -n scarce_ports.py GATEHOUSE CONFIG IO`, in a network of its own.

Opens sessions through a Gatehouse until no port is left towards the backend, then measures and lets go of them. Prints one line
of JSON: the statuses that came back, the processor time of a second without ports, and what a new session gets afterwards. Then asks 100 times for a backend that is down and whose
port is one of the ten: the kernel connects some of those attempts with themselves, which must look like the refusal that it is.
"""
import base64
import fcntl
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time


def interface_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", 1))


def backend(listener):
    """Takes every upgrade and ends a session when its client does."""

    def serve(peer):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = peer.recv(4096)
            if not piece:
                return
            head += piece
        key = [line.split(b": ", 1)[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")][0]
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        peer.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        while peer.recv(4096):
            pass
        peer.close()

    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve, args=(peer,), daemon=True).start()


def upgrade(port, own):
    """A session from the local port `own`, which doesn't count; its socket and status."""
    peer = socket.socket()
    peer.settimeout(10)
    peer.bind(("127.0.0.1", own))
    peer.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    peer.sendall(
        f"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        piece = peer.recv(4096)
        if not piece:
            break
        head += piece
    retry = b"retry-after" in head.lower()
    return peer, int(head.split(b" ", 2)[1]) if head else 0, retry


def processor_time(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


interface_up()
with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as file:
    file.write("40000 40009")
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 18000))
listener.listen(64)
threading.Thread(target=backend, args=(listener,), daemon=True).start()
with open(sys.argv[2], "w") as file:
    file.write("listen: 127.0.0.1:18080\nadmin: off\nupstream: http://127.0.0.1:18000\nlog: {format: json}\n")
with open(sys.argv[2] + ".log", "w") as log:
    gatehouse = subprocess.Popen([sys.argv[1], "serve", "--config", sys.argv[2], "--io", sys.argv[3], "--workers", "1"], stdout=log)
try:
    deadline = time.monotonic() + 20
    while "listener.ready" not in open(sys.argv[2] + ".log").read():
        if time.monotonic() > deadline:
            raise SystemExit("gatehouse did not start")
        time.sleep(0.02)
    sessions, statuses, retries = [], [], 0
    for index in range(20):
        peer, status, retry = upgrade(18080, 20000 + index)
        statuses.append(status)
        retries += retry
        sessions.append(peer)
    before = processor_time(gatehouse.pid)
    time.sleep(1)
    spent = processor_time(gatehouse.pid) - before
    for peer in sessions:
        peer.close()
    later, deadline = 0, time.monotonic() + 10
    own = 21000
    while later != 101 and time.monotonic() < deadline:
        own += 1
        peer, later, _ = upgrade(18080, own)
        peer.close()
        time.sleep(0.02)
    with open(sys.argv[2], "w") as file:
        file.write("listen: 127.0.0.1:18080\nadmin: off\nupstream: http://127.0.0.1:40005\nlog: {format: json}\n")
    gatehouse.send_signal(1)
    deadline = time.monotonic() + 10
    while "config.reloaded" not in open(sys.argv[2] + ".log").read() and time.monotonic() < deadline:
        time.sleep(0.02)
    down = []
    for index in range(100):
        peer, status, _ = upgrade(18080, 25000 + index)
        down.append(status)
        peer.close()
    print(json.dumps({"statuses": statuses, "retries": retries, "spent": spent, "later": later, "down": sorted(set(down))}))
finally:
    gatehouse.kill()
