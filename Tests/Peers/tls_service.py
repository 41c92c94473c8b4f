"""A service of the operator's behind TLS: a judge for forward-auth at /check, a key set at /jwks.json.
A backend, too: the body at /whole ends with close_notify, that at /cut with FIN alone.

tls_service.py CERTIFICATE KEY [CLIENT_CA]     prints a line of JSON with its port
"""
import json
import socket
import ssl
import sys
import threading

KEY_SET = {"keys": [{"kty": "oct", "kid": "a", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]}


def serve(context, connection):
    try:
        with context.wrap_socket(connection, server_side=True) as secured:
            head = b""
            while b"\r\n\r\n" not in head:
                more = secured.recv(65536)
                if not more:
                    return
                head += more
            if head.startswith((b"GET /whole ", b"GET /cut ")):
                secured.sendall(b"HTTP/1.1 200 OK\r\n\r\npart")
                if head.startswith(b"GET /whole "):
                    secured.unwrap()
                return
            body = json.dumps(KEY_SET).encode() if head.startswith(b"GET /jwks.json ") else b""
            lines = "HTTP/1.1 200 OK\r\nX-User: ann\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
            secured.sendall(lines.encode() + body)
    except OSError:
        connection.close()


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    if len(sys.argv) > 3:
        context.load_verify_locations(sys.argv[3])
        context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(context, connection), daemon=True).start()


main()
