// A client with Node's `ws`: exchanges one after another, each told in one line of JSON.
//   ws_client.js URL [--do echo|listen|idle] [--origin O] [--subprotocol S] [--ca FILE] [--size N] [--next URL …]
'use strict';
const fs = require('fs');
const WebSocket = require('ws');

// The arguments, cut at `--next` into one list for each exchange.
const lists = [[]];
for (const word of process.argv.slice(2)) word === '--next' ? lists.push([]) : lists[lists.length - 1].push(word);

function exchange(words, done) {
  const args = { do: 'echo', size: '1048576' };
  for (let i = 1; i < words.length; i += 2) args[words[i].slice(2)] = words[i + 1];
  const told = {};
  const ws = new WebSocket(words[0], args.subprotocol ? [args.subprotocol] : [], {
    origin: args.origin, ca: args.ca ? fs.readFileSync(args.ca) : undefined, handshakeTimeout: 20000, maxPayload: 64 << 20,
  });

  const size = Number(args.size);
  const messages = [
    'hello', '', 'snö ☃', Buffer.from(Array.from({ length: 256 }, (_, i) => i)), 'x'.repeat(size),
    Buffer.from(Array.from({ length: size }, (_, i) => ((i * 7919) >> 3) & 255)),
  ];
  const received = [];
  let expected = 0;

  let isTold = false;
  function tell() {
    if (isTold) return;
    isTold = true;
    console.log(JSON.stringify(told));
    done();
  }

  ws.on('upgrade', (response) => {
    told.status = response.statusCode;
    told.extensions = response.headers['sec-websocket-extensions'] || null;
  });
  ws.on('unexpected-response', (request, response) => {
    told.status = response.statusCode;
    let body = '';
    response.on('data', (piece) => { body += piece; });
    response.on('end', () => { told.body = body; tell(); });
  });
  ws.on('open', () => {
    told.subprotocol = ws.protocol || null;
    if (args.do === 'echo') ws.send(messages[0]);
    // Says nothing for a while; what the library answers by itself is not told.
    if (args.do === 'idle') setTimeout(() => ws.send('still here'), Number(args.seconds || 2) * 1000);
  });
  ws.on('message', (data, binary) => {
    const message = binary ? data : data.toString();
    if (args.do === 'idle') { told.result = message; return ws.close(4000, 'done'); }
    if (args.do !== 'echo') return received.push(binary ? `${data.length} bytes` : message);
    const want = messages[expected++];
    const same = binary ? Buffer.isBuffer(want) && want.equals(data) : want === message;
    if (!same) { told.result = 'different'; return ws.close(4001, 'different'); }
    if (expected < messages.length) return ws.send(messages[expected]);
    ws.once('pong', () => { told.result = 'same'; ws.close(4000, 'done'); });
    return ws.ping('are you there');
  });
  ws.on('close', (code, reason) => {
    told.code = code;
    told.reason = reason.toString();
    if (args.do === 'listen') told.result = received;
    tell();
  });
  ws.on('error', (error) => { if (told.status === undefined) { told.error = error.message; tell(); } });
}

function next() {
  if (!lists.length) process.exit(0);
  exchange(lists.shift(), next);
}
next();
