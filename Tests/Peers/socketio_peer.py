"""A Socket.IO server that knows nothing of others: `socketio_peer.py PORT [--name NAME]`. What it doesn't know it refuses, as they all do."""

import argparse
import asyncio

import socketio
import uvicorn

import peer

parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
parser.add_argument("--name", default="")
arguments = parser.parse_args()

server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


@server.event
async def whoami(sid, data):
    return {"name": arguments.name, "said": data}


async def main():
    sock = peer.listen(arguments.port)
    config = uvicorn.Config(socketio.ASGIApp(server), log_level="error", ws="websockets", lifespan="off", timeout_graceful_shutdown=1)
    served = asyncio.create_task(uvicorn.Server(config).serve(sockets=[sock]))
    peer.announce(sock)
    await served


asyncio.run(main())
