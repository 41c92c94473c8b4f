"""A shop's backend with two faults, and without them: `server.py PORT [--fixed]`.

It refuses the shop's new origin, and it fails on orders of more than one piece. Each session gets an id that is drawn anew.
"""

import argparse
import asyncio
import http
import json
import secrets
import time

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
parser.add_argument("--fixed", action="store_true")
args = parser.parse_args()
ALLOWED = {"https://shop.example.com"} | ({"https://new.shop.example.com"} if args.fixed else set())


def check(connection, request):
    if request.headers.get("Origin") not in ALLOWED:
        return connection.respond(http.HTTPStatus.FORBIDDEN, "origin not allowed\n")
    return None


def answer(order, session):
    if order.get("session") != session:
        return {"type": "error", "message": "no such session"}
    if order["pieces"] > 1 and not args.fixed:
        return {"type": "error", "message": "internal error"}
    return {"type": "total", "session": session, "total": order["pieces"] * 20, "at": time.time()}


async def handle(ws):
    session = secrets.token_hex(8)
    try:
        await ws.send(json.dumps({"type": "welcome", "session": session, "at": time.time()}))
        async for message in ws:
            await ws.send(json.dumps(answer(json.loads(message), session)))
    except ConnectionClosed:
        pass


async def main():
    async with serve(handle, "127.0.0.1", args.port, process_request=check) as server:
        print("listening", server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main())
