"""A backend for the tests of `gatehouse run`: speaks enough WebSocket, and behaves as badly as it is told. Standard library only.

run_backend.py [BEHAVIOUR...]   listens on 127.0.0.1 and PORT, unless a behaviour says otherwise
"""
import asyncio, base64, hashlib, os, signal, socket, subprocess, sys, time

behaviours = dict(word.partition("=")[::2] for word in sys.argv[1:])
port = int(behaviours.get("port") or os.environ["PORT"])
address = behaviours.get("address", "127.0.0.1")


def say(text):
    os.write(1, text if isinstance(text, bytes) else text.encode() + b"\n")


async def serve(reader, writer):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    path = head.split(" ")[1]
    fields = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head.split("\r\n")[1:])}
    if path == "/refuse":
        say("%s is not an accepted origin." % fields.get("origin"))
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    elif "sec-websocket-key" in fields:
        accept = base64.b64encode(hashlib.sha1((fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        await writer.drain()
        while await reader.read(4096):
            if path == "/die":
                os.write(2, b"Error: the database is gone\n")
                os._exit(3)
    else:
        body = ("PORT=%s pid=%d" % (os.environ.get("PORT"), os.getpid())).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
    await writer.drain()
    writer.close()


async def main():
    for name in ("HUP", "USR1", "QUIT"):
        if "tells-" + name in behaviours:
            signal.signal(getattr(signal, "SIG" + name), lambda *_: say("got a signal"))
    if "ignores-term" in behaviours:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "forks" in behaviours:
        code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
        say("grandchild %d" % subprocess.Popen([sys.executable, "-c", code]).pid)
        await asyncio.sleep(0.3)
    if "writes" in behaviours:
        os.write(1, b"\xff\xfe not text\n")
        for _ in range(16):
            os.write(1, b"x" * 65536)
        os.write(1, b"\nlast line\n")
    if "closes-output" in behaviours:
        os.close(1)
        os.close(2)
    if "waits" in behaviours:
        while not os.path.exists(behaviours["waits"]):
            await asyncio.sleep(0.01)
    if "listens-nowhere" in behaviours:
        return await asyncio.sleep(600)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind((address, port))
    server = await asyncio.start_server(serve, sock=listener)
    if "chatters" in behaviours:
        async def chatter():
            for number in range(400):
                os.write(1, b"half %d" % number)
                await asyncio.sleep(0.002)
                os.write(1, b" line\n")
        asyncio.get_running_loop().create_task(chatter())
    await server.serve_forever()

asyncio.run(main())
