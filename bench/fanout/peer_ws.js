// npm's ws as a fan-out server: /sub/<room>, events as lines "<room> <text>" on a second port.
'use strict';
const net = require('node:net');
const { createRequire } = require('node:module');
const { WebSocketServer } = createRequire(process.argv[4] + '/')('ws');

const rooms = new Map();
new WebSocketServer({ port: Number(process.argv[2]), perMessageDeflate: false, backlog: 4096 })
  .on('connection', (socket, request) => {
    const name = request.url.split('/').pop();
    if (!rooms.has(name)) rooms.set(name, new Set());
    const room = rooms.get(name);
    room.add(socket);
    socket.on('close', () => room.delete(socket));
    socket.on('error', () => room.delete(socket));
  });

net.createServer((publisher) => {
  let rest = '';
  publisher.setEncoding('utf8');
  publisher.on('error', () => {});
  publisher.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const at = line.indexOf(' ');
      for (const socket of rooms.get(line.slice(0, at)) ?? []) socket.send(line.slice(at + 1));
    }
  });
}).listen(Number(process.argv[3]), '127.0.0.1');
