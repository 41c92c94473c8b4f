"""Many Socket.IO clients that begin with polling and upgrade: `socketio_clients.py URL --count N --together M`.

One line of JSON: how many connected, upgraded and were answered, by whom, and what went wrong with the others.
"""

import argparse
import asyncio
import collections
import json

import socketio

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("--count", type=int, default=100)
parser.add_argument("--together", type=int, default=10)
arguments = parser.parse_args()

tally = collections.Counter()
names = collections.Counter()
errors = []


async def one(number, gate):
    async with gate:
        client = socketio.AsyncClient(reconnection=False)
        try:
            await client.connect(arguments.url, transports=["polling", "websocket"], wait_timeout=30)
            tally["connected"] += 1
            deadline = asyncio.get_running_loop().time() + 30
            while client.transport() != "websocket" and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(0.005)
            tally["upgraded"] += client.transport() == "websocket"
            answer = await client.call("whoami", number, timeout=30)
            if answer["said"] == number:
                tally["answered"] += 1
                names[answer["name"]] += 1
        except Exception as error:  # noqa: BLE001: whatever it is belongs into the report
            errors.append(repr(error)[:200])
        finally:
            await client.disconnect()
            if client.eio.http is not None and not client.eio.http.closed:
                await client.eio.http.close()


async def main():
    gate = asyncio.Semaphore(arguments.together)
    await asyncio.gather(*(one(number, gate) for number in range(arguments.count)))
    print(json.dumps({**tally, "names": names, "errors": errors[:5], "failed": len(errors)}))


asyncio.run(main())
