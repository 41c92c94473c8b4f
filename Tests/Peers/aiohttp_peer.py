"""aiohttp: `aiohttp_peer.py PORT`. It answers `Expect: 100-continue` by itself."""

import asyncio
import hashlib
import sys

from aiohttp import WSMsgType, web

import peer

routes = web.RouteTableDef()


async def opened(request, **options):
    ws = web.WebSocketResponse(max_msg_size=64 << 20, **options)
    await ws.prepare(request)
    return ws


@routes.get("/echo")
async def echo(request):
    ws = await opened(request)
    async for message in ws:
        if message.type == WSMsgType.TEXT:
            await ws.send_str(message.data)
        elif message.type == WSMsgType.BINARY:
            await ws.send_bytes(message.data)
    return ws


@routes.get("/origin")
async def origin(request):
    if request.headers.get("Origin") != peer.ALLOWED_ORIGIN:
        raise web.HTTPForbidden(text="origin not allowed")
    ws = await opened(request)
    await ws.send_str("welcome")
    await ws.close()
    return ws


@routes.get("/subprotocol")
async def subprotocol(request):
    ws = await opened(request, protocols=[peer.SUBPROTOCOL])
    await ws.send_str("subprotocol")
    await ws.close()
    return ws


@routes.get("/close")
async def close(request):
    ws = await opened(request)
    await ws.close(code=peer.CLOSE_CODE, message=peer.CLOSE_REASON.encode())
    return ws


@routes.get("/going-away")
async def going_away(request):
    ws = await opened(request)
    await ws.close(code=1001, message=b"restarting")
    return ws


@routes.get("/ping")
async def ping(request):
    ws = await opened(request, autoping=False)
    await ws.ping(b"beat")
    message = await ws.receive()
    await ws.send_str(f"{message.type.name} {bytes(message.data).decode()}")
    await ws.close()
    return ws


@routes.get("/big")
async def big(request):
    ws = await opened(request)
    await ws.send_bytes(b"\xa5" * int(request.query["size"]))
    await ws.close()
    return ws


@routes.get("/slow")
async def slow(request):
    await asyncio.sleep(float(request.query["seconds"]))
    ws = await opened(request)
    await ws.send_str("late")
    await ws.close()
    return ws


@routes.get("/bytes")
async def bytes_(request):
    return web.Response(body=b"b" * int(request.query["n"]))


@routes.get("/chunked")
async def chunked(request):
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for _ in range(int(request.query["n"])):
        await response.write(b"c" * int(request.query.get("size", 1024)))
    await response.write_eof()
    return response


@routes.get("/sse")
async def sse(request):
    """Sends an event, then waits for the client to have seen it: the next one goes out when `/sse-next` is asked."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    steps = request.app["sse"] = asyncio.Queue()
    for number in range(int(request.query.get("n", 3))):
        await response.write(f"data: {number}\n\n".encode())
        await asyncio.wait_for(steps.get(), 30)
    await response.write_eof()
    return response


@routes.get("/sse-next")
async def sse_next(request):
    request.app["sse"].put_nowait(None)
    return web.Response(text="next")


@routes.route("*", "/status/{code}")
async def status(request):
    return web.Response(status=int(request.match_info["code"]))


@routes.route("*", "/fields")
async def fields(request):
    pairs = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.raw_headers]
    return web.json_response({"method": request.method, "target": request.raw_path, "fields": pairs})


@routes.post("/digest")
async def digest(request):
    total, sha = 0, hashlib.sha256()
    async for piece in request.content.iter_any():
        total += len(piece)
        sha.update(piece)
    return web.json_response({"length": total, "sha256": sha.hexdigest()})


def main():
    sock = peer.listen(int(sys.argv[1]))
    app = web.Application(client_max_size=4 << 30)
    app.add_routes(routes)
    peer.announce(sock)
    web.run_app(app, sock=sock, print=None, access_log=None, handle_signals=False)


main()
