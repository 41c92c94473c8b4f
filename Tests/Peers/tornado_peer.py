"""Tornado: `tornado_peer.py PORT`."""

import asyncio
import hashlib
import json
import sys

import tornado.httpserver
import tornado.web
import tornado.websocket

import peer


class Socket(tornado.websocket.WebSocketHandler):
    def get_compression_options(self):
        return {}  # permessage-deflate as it comes

    def check_origin(self, origin):
        return True


class Echo(Socket):
    def on_message(self, message):
        self.write_message(message, binary=isinstance(message, bytes))


class Origin(Socket):
    def check_origin(self, origin):
        return origin == peer.ALLOWED_ORIGIN

    def open(self):
        self.write_message("welcome")
        self.close(1000)


class Subprotocol(Socket):
    def select_subprotocol(self, subprotocols):
        return peer.SUBPROTOCOL if peer.SUBPROTOCOL in subprotocols else None

    def open(self):
        self.write_message("subprotocol")
        self.close(1000)


class Close(Socket):
    def open(self):
        self.close(peer.CLOSE_CODE, peer.CLOSE_REASON)


class GoingAway(Socket):
    def open(self):
        self.close(1001, "restarting")


class Ping(Socket):
    def open(self):
        self.ping(b"beat")

    def on_pong(self, data):
        self.write_message("PONG " + data.decode())
        self.close(1000)


class Big(Socket):
    def open(self):
        self.write_message(b"\xa5" * int(self.get_query_argument("size")), binary=True)
        self.close(1000)


class Slow(Socket):
    async def get(self):
        await asyncio.sleep(float(self.get_query_argument("seconds")))
        await super().get()

    def open(self):
        self.write_message("late")
        self.close(1000)


class Bytes(tornado.web.RequestHandler):
    def get(self):
        self.write(b"b" * int(self.get_query_argument("n")))


class Chunked(tornado.web.RequestHandler):
    async def get(self):
        for _ in range(int(self.get_query_argument("n"))):
            self.write(b"c" * int(self.get_query_argument("size", "1024")))
            await self.flush()


class Status(tornado.web.RequestHandler):
    def get(self, code):
        self.set_status(int(code))

    head = get


@tornado.web.stream_request_body
class Digest(tornado.web.RequestHandler):
    def prepare(self):
        self.request.connection.set_max_body_size(4 << 30)
        self.total, self.sha = 0, hashlib.sha256()

    def data_received(self, chunk):
        self.total += len(chunk)
        self.sha.update(chunk)

    def post(self):
        self.write(json.dumps({"length": self.total, "sha256": self.sha.hexdigest()}))


async def main():
    sock = peer.listen(int(sys.argv[1]))
    sock.setblocking(False)
    app = tornado.web.Application(
        [
            ("/echo", Echo),
            ("/origin", Origin),
            ("/subprotocol", Subprotocol),
            ("/close", Close),
            ("/going-away", GoingAway),
            ("/ping", Ping),
            ("/big", Big),
            ("/slow", Slow),
            ("/bytes", Bytes),
            ("/chunked", Chunked),
            ("/status/([0-9]+)", Status),
            ("/digest", Digest),
        ],
        websocket_max_message_size=64 << 20,
        log_function=lambda handler: None,
    )
    server = tornado.httpserver.HTTPServer(app)
    server.add_sockets([sock])
    peer.announce(sock)
    await asyncio.Event().wait()


asyncio.run(main())
