// Node's `ws` and its HTTP server: `ws_peer.js PORT`. The only peer that sends trailers, 103 and its own
// 100. Its `/page` is what the browser's test opens; what the page tells to `/told` is printed. Its `/echo` is the
// conforming server of the Autobahn runs.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const path = require('path');
const { WebSocketServer } = require('ws');

const ALLOWED_ORIGIN = 'https://app.example';
const SUBPROTOCOL = 'chat.v2';

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://peer');
  const n = Number(url.searchParams.get('n') || 0);
  switch (url.pathname) {
    case '/bytes':
      return response.end(Buffer.alloc(n, 'b'));
    case '/chunked':
      for (let i = 0; i < n; i++) response.write(Buffer.alloc(Number(url.searchParams.get('size') || 1024), 'c'));
      return response.end();
    case '/page':
      response.setHeader('Content-Type', 'text/html');
      return response.end(fs.readFileSync(path.join(__dirname, 'page.html')));
    case '/told': {
      let told = '';
      request.on('data', (piece) => { told += piece; });
      return request.on('end', () => { console.log(told); response.end(); });
    }
    case '/trailers':
      response.setHeader('Trailer', 'X-Checksum');
      response.write('body');
      response.addTrailers({ 'X-Checksum': 'abc' });
      return response.end();
    case '/early-hints':
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      return response.end('hinted');
    case '/fields': {
      const fields = [];
      for (let i = 0; i < request.rawHeaders.length; i += 2) fields.push(request.rawHeaders.slice(i, i + 2));
      response.setHeader('Content-Type', 'application/json');
      return response.end(JSON.stringify({ method: request.method, target: request.url, fields }));
    }
    case '/digest': {
      const sha = crypto.createHash('sha256');
      let length = 0;
      request.on('data', (piece) => { length += piece.length; sha.update(piece); });
      return request.on('end', () => response.end(JSON.stringify({ length, sha256: sha.digest('hex') })));
    }
  }
  const status = url.pathname.match(/^\/status\/(\d+)$/);
  response.statusCode = status ? Number(status[1]) : 404;
  response.end();
});
server.maxHeadersCount = 0;
server.keepAliveTimeout = 60000;
server.requestTimeout = 0;

server.on('checkContinue', (request, response) => {
  if (request.url.startsWith('/refuse-upload')) {
    response.statusCode = 413;
    return response.end('too big');
  }
  response.writeContinue();
  server.emit('request', request, response);
});

const sockets = new WebSocketServer({
  noServer: true, perMessageDeflate: true, maxPayload: 64 << 20,
  handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
});

function accept(ws, url) {
  ws.on('error', () => {});
  switch (url.pathname) {
    case '/origin': ws.send('welcome'); return ws.close(1000);
    case '/subprotocol': ws.send('subprotocol'); return ws.close(1000);
    case '/close': return ws.close(4401, 'token expired');
    case '/going-away': return ws.close(1001, 'restarting');
    case '/ping':
      ws.on('pong', (data) => { ws.send(`PONG ${data}`); ws.close(1000); });
      return ws.ping('beat');
    case '/big': ws.send(Buffer.alloc(Number(url.searchParams.get('size')), 0xa5)); return ws.close(1000);
    case '/slow': ws.send('late'); return ws.close(1000);
    default: ws.on('message', (data, binary) => ws.send(data, { binary }));
  }
}

server.on('upgrade', (request, socket, head) => {
  const url = new URL(request.url, 'http://peer');
  if (url.pathname === '/origin' && request.headers.origin !== ALLOWED_ORIGIN) {
    return socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 18\r\n\r\norigin not allowed');
  }
  const upgrade = () => sockets.handleUpgrade(request, socket, head, (ws) => accept(ws, url));
  const delay = url.pathname === '/slow' ? 1000 * Number(url.searchParams.get('seconds')) : 0;
  return delay ? setTimeout(upgrade, delay) : upgrade();
});

server.listen(Number(process.argv[2] || 0), '127.0.0.1', () => {
  console.log('listening', server.address().port);
});
process.stdin.on('end', () => process.exit(0)).resume();
