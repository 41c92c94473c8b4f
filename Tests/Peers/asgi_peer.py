"""FastAPI on uvicorn: `asgi_peer.py PORT --ws websockets|wsproto`."""

import argparse
import asyncio
import hashlib

import uvicorn
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, Response, StreamingResponse

import peer

app = FastAPI()


@app.websocket("/echo")
async def echo(ws: WebSocket):
    await ws.accept()
    try:
        while True:
            message = await ws.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("text") is not None:
                await ws.send_text(message["text"])
            else:
                await ws.send_bytes(message["bytes"])
    except WebSocketDisconnect:
        pass


@app.websocket("/origin")
async def origin(ws: WebSocket):
    if ws.headers.get("origin") != peer.ALLOWED_ORIGIN:
        await ws.close(1008)  # before accept: uvicorn answers 403
        return
    await ws.accept()
    await ws.send_text("welcome")
    await ws.close(1000)


@app.websocket("/subprotocol")
async def subprotocol(ws: WebSocket):
    await ws.accept(subprotocol=peer.SUBPROTOCOL if peer.SUBPROTOCOL in ws.scope["subprotocols"] else None)
    await ws.send_text("subprotocol")
    await ws.close(1000)


@app.websocket("/close")
async def close(ws: WebSocket):
    await ws.accept()
    await ws.close(peer.CLOSE_CODE, peer.CLOSE_REASON)


@app.websocket("/going-away")
async def going_away(ws: WebSocket):
    await ws.accept()
    await ws.close(1001, "restarting")


@app.websocket("/big")
async def big(ws: WebSocket):
    await ws.accept()
    await ws.send_bytes(b"\xa5" * int(ws.query_params["size"]))
    await ws.close(1000)


@app.websocket("/slow")
async def slow(ws: WebSocket):
    await asyncio.sleep(float(ws.query_params["seconds"]))
    await ws.accept()
    await ws.send_text("late")
    await ws.close(1000)


@app.get("/bytes")
async def bytes_(n: int):
    return Response(b"b" * n, media_type="application/octet-stream")


@app.get("/chunked")
async def chunked(n: int, size: int = 1024):
    async def pieces():
        for _ in range(n):
            yield b"c" * size

    return StreamingResponse(pieces(), media_type="application/octet-stream")


@app.get("/sse")
async def sse(n: int = 3, interval: float = 0.05):
    async def events():
        for number in range(n):
            yield f"data: {number}\n\n"
            await asyncio.sleep(interval)

    return StreamingResponse(events(), media_type="text/event-stream")


@app.api_route("/status/{code}", methods=["GET", "HEAD"])
async def status(code: int):
    return Response(status_code=code)


@app.api_route("/fields", methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"])
async def fields(request: Request):
    pairs = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.headers.raw]
    return JSONResponse({"method": request.method, "target": str(request.url.path), "fields": pairs})


@app.post("/digest")
async def digest(request: Request):
    total, sha = 0, hashlib.sha256()
    async for piece in request.stream():
        total += len(piece)
        sha.update(piece)
    return JSONResponse({"length": total, "sha256": sha.hexdigest()})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--ws", default="websockets")
    arguments = parser.parse_args()
    sock = peer.listen(arguments.port)
    config = uvicorn.Config(app, ws=arguments.ws, log_level="warning", ws_max_size=64 << 20, http="h11")
    peer.announce(sock)
    uvicorn.Server(config).run(sockets=[sock])


main()
