"""The `websockets` server: `websockets_peer.py PORT [--certificate FILE --key FILE [--client-ca FILE]]`.

With a certificate it speaks TLS, with a client authority it demands a client's certificate too.
"""

import argparse
import asyncio
import http
import ssl
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

import peer


def refuse(connection, request):
    """Origin decides on `/origin`; the rest is open."""
    path = urlsplit(request.path).path
    if path == "/origin" and request.headers.get("Origin") != peer.ALLOWED_ORIGIN:
        return connection.respond(http.HTTPStatus.FORBIDDEN, "origin not allowed\n")
    return None


def select(connection, subprotocols):
    return peer.SUBPROTOCOL if peer.SUBPROTOCOL in subprotocols else None


async def slow_or_refuse(connection, request):
    url = urlsplit(request.path)
    if url.path == "/slow":
        await asyncio.sleep(float(parse_qs(url.query)["seconds"][0]))
    return refuse(connection, request)


async def handle(ws):
    url = urlsplit(ws.request.path)
    try:
        if url.path == "/origin":
            await ws.send("welcome")
        elif url.path == "/subprotocol":
            await ws.send("subprotocol")
        elif url.path == "/close":
            await ws.close(peer.CLOSE_CODE, peer.CLOSE_REASON)
        elif url.path == "/going-away":
            await ws.close(1001, "restarting")
        elif url.path == "/ping":
            await (await ws.ping(b"beat"))
            await ws.send("PONG beat")
        elif url.path == "/big":
            await ws.send(b"\xa5" * int(parse_qs(url.query)["size"][0]))
        elif url.path == "/slow":
            await ws.send("late")
        else:
            async for message in ws:
                await ws.send(message)
    except ConnectionClosed:
        pass


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--client-ca")
    arguments = parser.parse_args()
    secure = None
    if arguments.certificate:
        secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        secure.load_cert_chain(arguments.certificate, arguments.key)
        if arguments.client_ca:
            secure.load_verify_locations(arguments.client_ca)
            secure.verify_mode = ssl.CERT_REQUIRED
    sock = peer.listen(arguments.port)
    # Without pings of its own, so that a test counts only those it asked for.
    async with serve(
        handle, sock=sock, process_request=slow_or_refuse, select_subprotocol=select,
        subprotocols=[peer.SUBPROTOCOL], max_size=64 << 20, max_queue=(256, 64), ping_interval=None, server_header=None,
        ssl=secure,
    ) as server:
        peer.announce(sock)
        await server.serve_forever()


asyncio.run(main())
