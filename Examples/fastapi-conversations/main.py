"""A chat whose conversations are kept apart by Gatehouse: the application checks no token and no origin of its own.

    pip install -r requirements.txt
    export JWT_SECRET=$(openssl rand -hex 24)
    gatehouse serve --config gatehouse.yaml &
    uvicorn main:app --port 8000

A token for conversation 42:

    python main.py ann 42
"""

import base64
import hmac
import json
import os
import sys
import time

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
conversations: dict[str, set[WebSocket]] = {}


@app.websocket("/conversations/{conversation}/ws")
async def chat(ws: WebSocket, conversation: str):
    # Gatehouse removes X-User from what clients send and sets it from the token, so it can be believed here.
    user = ws.headers["x-user"]
    await ws.accept()
    members = conversations.setdefault(conversation, set())
    members.add(ws)
    try:
        while True:
            text = await ws.receive_text()
            for member in list(members):
                await member.send_text(f"{user}: {text}")
    except WebSocketDisconnect:
        pass
    finally:
        members.discard(ws)


def token(claims: dict) -> str:
    """An HS256 token; in a real application a library makes it where users log in."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    code = hmac.digest(os.environ["JWT_SECRET"].encode(), signed, "sha256")
    return (signed + b"." + base64.urlsafe_b64encode(code).rstrip(b"=")).decode()


if __name__ == "__main__":
    user, conversation = sys.argv[1:]
    print(token({"sub": user, "conversation": conversation, "aud": "chat", "exp": int(time.time()) + 3600}))
