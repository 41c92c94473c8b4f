"""Sessions through a Gatehouse with `hold`, while its backends are killed, restarted and drained; then everybody's books are compared.

`hold_storm.py GATEHOUSE --sessions N --messages M --seconds S --seed X [--folder DIR] [--backends B]` starts a Gatehouse and its backends itself and
prints one JSON object. Exit code 0: no violation; 1: some.

Each session sends the numbered messages 1…M, spread over S seconds, and closes with 1000. What the ledger says of each (delivered, unconfirmed,
dropped) is held against what the backends wrote down (`hold_peer.py`), and what the backends sent against what the client read:

* delivered: arrived exactly once; dropped: never arrived; unconfirmed: arrived at most once; every message is one of the three;
* on each connection, and over all, the numbers of a session rise;
* the client read exactly as many messages as the ledger says, whole, none twice, rising.
"""

import argparse
import asyncio
import glob
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def text_frame(text):
    payload = text.encode()
    key = random.randbytes(4)
    return bytes([0x81, 0x80 | len(payload)]) + key + bytes(b ^ key[i & 3] for i, b in enumerate(payload))


def close_frame(code):
    key = random.randbytes(4)
    return bytes([0x88, 0x82]) + key + bytes(b ^ key[i & 3] for i, b in enumerate(struct.pack("!H", code)))


class Session:
    def __init__(self, name):
        self.name = name
        self.sent = 0
        self.got = []
        self.code = None
        self.error = None

    async def run(self, port, messages, seconds):
        try:
            await self._run(port, messages, seconds)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
            self.error = repr(error)

    async def _run(self, port, messages, seconds):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"GET /s/{self.name} HTTP/1.1\r\nHost: app.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head:
            raise OSError(head.split(b"\r\n")[0].decode())
        reading = asyncio.create_task(self._read(reader))
        began = time.monotonic()
        while self.sent < messages and self.code is None and not reading.done():
            count = min(random.choice([1, 1, 1, 2, 5]), messages - self.sent)
            frames = b"".join(text_frame(f"{self.name} {self.sent + i + 1}") for i in range(count))
            self.sent += count
            # Now and then a write ends in the middle of a frame.
            cut = random.randrange(len(frames)) if random.random() < 0.1 else len(frames)
            writer.write(frames[:cut])
            if cut < len(frames):
                await asyncio.sleep(random.random() * 0.02)
                writer.write(frames[cut:])
            await writer.drain()
            wait = began + seconds * self.sent / messages - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait * random.uniform(0.5, 1.5))
        if self.code is None and not reading.done():
            writer.write(close_frame(1000))
            await writer.drain()
        await asyncio.wait_for(reading, 60)
        writer.close()

    async def _read(self, reader):
        while True:
            head = await reader.readexactly(2)
            length = head[1] & 0x7F
            if length == 126:
                length = struct.unpack("!H", await reader.readexactly(2))[0]
            payload = await reader.readexactly(length)
            opcode = head[0] & 15
            if opcode == 8:
                self.code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                return
            if opcode == 1 and head[0] & 0x80:
                name, number = payload.decode().split()
                self.got.append(int(number) if name == self.name else -1)
            else:
                self.got.append(-1)


class Backend:
    def __init__(self, folder, number):
        self.record = os.path.join(folder, f"record-{number}")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "hold_peer.py"), str(self.port), self.record], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)

    async def ready(self):
        await asyncio.get_running_loop().run_in_executor(None, self.process.stdout.readline)

    async def stop(self, sig):
        self.process.send_signal(sig)
        await asyncio.get_running_loop().run_in_executor(None, self.process.wait)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


async def post(port, target):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    status = (await reader.readline()).split()[1]
    writer.close()
    return int(status)


async def storm(backends, admin, until, pause, counts):
    """Kills, restarts and drains at random; leaves all backends running."""
    while time.monotonic() < until:
        await asyncio.sleep(random.uniform(0.5, 1.5) * pause)
        backend = random.choice(backends)
        what = random.choice(["killed", "killed", "restarted", "drained"])
        counts[what] += 1
        if what == "drained":
            await post(admin, f"/api/drain?endpoint={backend.url}&window=200ms&timeout=30s")
            await asyncio.sleep(random.uniform(0.3, 1.2))
            await post(admin, f"/api/drain?endpoint={backend.url}&resume=true")
        else:
            await backend.stop(signal.SIGKILL if what == "killed" else signal.SIGTERM)
            await asyncio.sleep(random.uniform(0, 0.6))
            backend.start()
            await backend.ready()


def ranges(value):
    numbers = set()
    for item in value.get("ranges", []):
        first, last = item.split("-")
        numbers.update(range(int(first), int(last) + 1))
    return numbers


def compare(sessions, folder, ledger):
    """The violations, and the figures."""
    bad = []
    arrivals = {session.name: [] for session in sessions}
    for path in sorted(glob.glob(os.path.join(folder, "record-*"))):
        for line in open(path):
            life, connection, name, number = line.split()
            arrivals[name].append(((life, connection), int(number)))
    names, closed = {}, {}
    for line in open(ledger):
        entry = json.loads(line)
        if entry["event"] == "session.opened":
            names[entry["session"]] = entry["request"]["line"].split()[1].rsplit("/", 1)[-1]
        elif entry["event"] == "session.closed":
            closed[names.get(entry["session"])] = entry
    figures = dict.fromkeys(
        ["sent", "received", "delivered", "unconfirmed", "unconfirmed_arrived", "dropped", "resumptions", "from_backend", "gave_up"], 0)
    for session in sessions:
        entry = closed.get(session.name)
        if entry is None or "hold" not in entry:
            bad.append(f"{session.name}: no session.closed with hold ({session.error})")
            continue
        hold = entry["hold"]
        delivered, unconfirmed = ranges(hold["delivered"]), ranges(hold["unconfirmed"])
        dropped = set().union(*(ranges(reason) for reason in hold["dropped"]["by_reason"]))
        numbers = [number for _, number in arrivals[session.name]]
        times = {}
        for number in numbers:
            times[number] = times.get(number, 0) + 1
        if hold["received"] != session.sent:
            # What was still in a socket when the session ended never came to Gatehouse.
            if hold["received"] > session.sent or session.code == 1000:
                bad.append(f"{session.name}: sent {session.sent}, the ledger received {hold['received']}")
        if len(delivered) + len(unconfirmed) + len(dropped) != hold["received"] or len(
                delivered | unconfirmed | dropped) != hold["received"]:
            bad.append(f"{session.name}: not each message has one end")
        for number in delivered:
            if times.get(number) != 1:
                bad.append(f"{session.name}: {number} is delivered and arrived {times.get(number, 0)} times")
        for number in unconfirmed:
            if times.get(number, 0) > 1:
                bad.append(f"{session.name}: {number} is unconfirmed and arrived {times[number]} times")
        for number in times:
            if number not in delivered and number not in unconfirmed:
                bad.append(f"{session.name}: {number} arrived and isn't named")
        by_connection = {}
        for connection, number in arrivals[session.name]:
            by_connection.setdefault(connection, []).append(number)
        for connection, got in by_connection.items():
            if got != sorted(got):
                bad.append(f"{session.name}: out of order on {connection}")
        if hold["from_backend"] != len(session.got):
            bad.append(f"{session.name}: the client read {len(session.got)}, the ledger says {hold['from_backend']}")
        if any(a >= b for a, b in zip(session.got, session.got[1:])) or -1 in session.got:
            bad.append(f"{session.name}: the client read pieces, or out of order")
        figures["sent"] += session.sent
        figures["received"] += hold["received"]
        figures["delivered"] += len(delivered)
        figures["unconfirmed"] += len(unconfirmed)
        figures["unconfirmed_arrived"] += sum(1 for number in unconfirmed if number in times)
        figures["dropped"] += len(dropped)
        figures["resumptions"] += hold["resumptions"]
        figures["from_backend"] += hold["from_backend"]
        figures["gave_up"] += 1 if hold.get("end") else 0
    return bad, figures


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatehouse")
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--backends", type=int, default=2)
    parser.add_argument("--pause", type=float, default=0.5, help="between two faults")
    parser.add_argument("--io", default="auto")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder")
    options = parser.parse_args()
    random.seed(options.seed)
    folder = options.folder or tempfile.mkdtemp(prefix="hold-storm-")
    ledger = os.path.join(folder, "ledger.jsonl")
    backends = [Backend(folder, number) for number in range(options.backends)]
    for backend in backends:
        backend.start()
    configuration = os.path.join(folder, "gatehouse.yaml")
    with open(configuration, "w") as file:
        file.write(
            f"listen: 127.0.0.1:0\nadmin: {{listen: 127.0.0.1:0}}\nlog: {{format: json, output: {ledger}}}\nio: {options.io}\n"
            f"limits: {{sessions: 20000, upgrades_in_flight: 20000}}\n"
            f"clusters: {{app: {{endpoints: [{', '.join(backend.url for backend in backends)}]}}}}\ncluster: app\n"
            "hold: {attempts: 200, backoff: 50ms, backoff_max: 500ms, deadline: 60s}\n")
    gatehouse = subprocess.Popen([options.gatehouse, "serve", "--config", configuration, "--workers", "1"])
    try:
        await asyncio.gather(*(backend.ready() for backend in backends))
        ports = {}
        while len(ports) < 2:
            await asyncio.sleep(0.02)
            if gatehouse.poll() is not None:
                sys.exit("gatehouse ended")
            for line in open(ledger).readlines() if os.path.exists(ledger) else []:
                entry = json.loads(line)
                if entry["event"] in ("listener.ready", "admin.ready"):
                    ports[entry["event"]] = int(entry["address"].rsplit(":", 1)[1])
        sessions = [Session(f"s{number}") for number in range(options.sessions)]
        counts = {"killed": 0, "restarted": 0, "drained": 0}
        began = time.monotonic()
        faults = asyncio.create_task(
            storm(backends, ports["admin.ready"], began + options.seconds * 0.9, options.pause, counts))

        async def start(session, delay):
            await asyncio.sleep(delay)
            await session.run(ports["listener.ready"], options.messages, options.seconds - delay)

        # Opened over the first part of the time, before which no backend falls over only by chance.
        await asyncio.gather(
            *(start(session, 0.0005 * number) for number, session in enumerate(sessions)))
        await faults
        took = time.monotonic() - began
        gatehouse.send_signal(signal.SIGTERM)
        await asyncio.get_running_loop().run_in_executor(None, gatehouse.wait)
        bad, figures = compare([session for session in sessions if session.sent], folder, ledger)
        refused = sum(1 for session in sessions if not session.sent)
        print(json.dumps({
            "sessions": len(sessions), "not_opened": refused, "seconds": round(took, 1), **counts, **figures,
            "violations": len(bad), "first_violations": bad[:10], "folder": folder}))
        return 1 if bad else 0
    finally:
        for process in [gatehouse] + [backend.process for backend in backends]:
            if process and process.poll() is None:
                process.kill()


sys.exit(asyncio.run(main()))
