"""A client with the `websockets` library: exchanges one after another, each told in one line of JSON.

  websockets_client.py URL [--do echo|listen|idle] [--origin O] [--subprotocol S] [--field 'Name: value'] [--ca FILE]
                           [--certificate FILE --key FILE] [--no-compression] [--size N] [--next URL …]
"""

import argparse
import asyncio
import json
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus


async def echo(ws, size):
    """Every kind of message there and back: text, binary, a fragmented one, big ones that compress and that don't."""
    messages = ["hello", "", "snö ☃", bytes(range(256)), "x" * size, bytes((i * 7919 >> 3) & 255 for i in range(size))]
    for message in messages:
        await ws.send(message)
        if await ws.recv() != message:
            return "different"
    await ws.send(["frag", "men", "ted"])
    if await ws.recv() != "fragmented":
        return "different"
    await asyncio.wait_for(await ws.ping(b"are you there"), 10)
    await ws.close(4000, "done")
    return "same"


async def idle(ws, seconds):
    """Says nothing for a while; what the library answers by itself is not told."""
    await asyncio.sleep(seconds)
    await ws.send("still here")
    answer = await ws.recv()
    await ws.close(4000, "done")
    return answer


async def listen(ws):
    received = []
    try:
        async for message in ws:
            received.append(message if isinstance(message, str) else f"{len(message)} bytes")
    except ConnectionClosed:
        pass
    return received


async def exchange(words):
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--do", default="echo")
    parser.add_argument("--origin")
    parser.add_argument("--subprotocol", action="append")
    parser.add_argument("--field", action="append", default=[])
    parser.add_argument("--ca")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--no-compression", action="store_true")
    parser.add_argument("--size", type=int, default=1 << 20)
    parser.add_argument("--seconds", type=float, default=2)
    arguments = parser.parse_args(words)
    options = {"max_size": 64 << 20, "proxy": None, "open_timeout": 20, "ping_interval": None}
    if arguments.no_compression:
        options["compression"] = None
    if arguments.ca:
        options["ssl"] = ssl.create_default_context(cafile=arguments.ca)
        if arguments.certificate:
            options["ssl"].load_cert_chain(arguments.certificate, arguments.key)
    fields = [tuple(part.strip() for part in field.split(":", 1)) for field in arguments.field]
    told = {}
    try:
        async with connect(
            arguments.url, origin=arguments.origin, subprotocols=arguments.subprotocol, additional_headers=fields,
            **options,
        ) as ws:
            told["status"] = 101
            told["subprotocol"] = ws.subprotocol
            told["extensions"] = ws.response.headers.get("Sec-WebSocket-Extensions")
            told["fields"] = [[name, value] for name, value in ws.response.headers.raw_items()]
            if arguments.do == "idle":
                told["result"] = await idle(ws, arguments.seconds)
            else:
                told["result"] = await (echo(ws, arguments.size) if arguments.do == "echo" else listen(ws))
        told["code"], told["reason"] = ws.close_code, ws.close_reason
    except InvalidStatus as refusal:
        told["status"] = refusal.response.status_code
        told["fields"] = [[name, value] for name, value in refusal.response.headers.raw_items()]
        told["body"] = (refusal.response.body or b"").decode("utf-8", "replace")
    except Exception as error:  # the test reads what it was
        told["error"] = f"{type(error).__name__}: {error}"
    print(json.dumps(told), flush=True)


async def main():
    words = []
    for word in sys.argv[1:] + ["--next"]:
        if word == "--next":
            await exchange(words)
            words = []
        else:
            words.append(word)


asyncio.run(main())
