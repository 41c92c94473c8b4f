"""The classic: a WebSocket endpoint that allows one origin, and a page that is served under another.

    pip install -r requirements.txt
    uvicorn main:app --host 127.0.0.1 --port 8000
    gatehouse serve --listen 127.0.0.1:8080 --upstream http://127.0.0.1:8000

Open http://127.0.0.1:8080/. The browser's console says no more than that the connection failed: scripts never get to see the
handshake's status. Gatehouse's ledger says 403, who answered it, and why.

The fix, in ALLOWED: the origin as the browser sends it, scheme, host and port. Not: the check taken out.
"""

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse

app = FastAPI()

ALLOWED = {"https://app.example.com"}

PAGE = """<!doctype html>
<title>The classic 403</title>
<p id="state">connecting</p>
<script>
  const ws = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  const show = (text) => { document.getElementById("state").textContent = text; };
  ws.onopen = () => { show("open"); ws.send("hello"); };
  ws.onmessage = (event) => show(`the server says: ${event.data}`);
  ws.onclose = (event) => show(`closed with ${event.code}, and the page can't know why`);
</script>
"""


@app.get("/", response_class=HTMLResponse)
async def page():
    return PAGE


@app.websocket("/ws")
async def echo(ws: WebSocket):
    if ws.headers.get("origin") not in ALLOWED:
        await ws.close(code=1008)  # before accept(), so the client gets 403 and no close frame
        return
    await ws.accept()
    try:
        while True:
            await ws.send_text(await ws.receive_text())
    except WebSocketDisconnect:
        pass
