"""A backend whose sessions can start afresh: `hold_peer.py PORT RECORD`.

Each text message `SESSION NUMBER` is written to the file RECORD before it is answered with the same text, so that what was taken
survives a SIGKILL. aiohttp answers a ping when the handler asks for the message behind it: its pong proves that the handler has taken
all before. SIGTERM closes all sessions with 1001 or 1012 and leaves.
"""

import asyncio
import os
import random
import signal
import sys

from aiohttp import WSMsgType, web

import peer

record = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
life = os.getpid()
sockets = set()
connections = 0


async def session(request):
    global connections
    connections += 1
    connection = connections
    ws = web.WebSocketResponse(timeout=1.0)
    await ws.prepare(request)
    sockets.add(ws)
    try:
        async for message in ws:
            if message.type == WSMsgType.TEXT:
                os.write(record, f"{life} {connection} {message.data}\n".encode())
                await ws.send_str(message.data)
    except ConnectionError:
        pass
    finally:
        sockets.discard(ws)
    return ws


async def main():
    app = web.Application()
    app.router.add_get("/{tail:.*}", session)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    sock = peer.listen(int(sys.argv[1]), backlog=4096)
    await web.SockSite(runner, sock).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    peer.announce(sock)
    await stop.wait()
    sock.close()
    code = random.choice([1001, 1012])
    await asyncio.gather(*(ws.close(code=code) for ws in list(sockets)), return_exceptions=True)
    os._exit(0)


asyncio.run(main())
