// A chat server on Node's Socket.IO with the same way of a message through it
// as ours, and nothing besides: no pages, no votes, no limits.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };
const escape = (text) => text.replace(/[&<>"']/g, (character) => entities[character]);

const http = createServer();
const io = new Server(http, { serveClient: false });
const lastIds = new Map();

io.on('connection', (socket) => {
  const member = randomUUID();
  let name = '';

  socket.on('join', ({ room, display_name: displayName }) => {
    name = displayName;
    socket.join(room);
    socket.emit('join_success', { count: io.sockets.adapter.rooms.get(room).size });
  });

  socket.on('message', ({ room, message }) => {
    if (!socket.rooms.has(room)) return;
    const id = (lastIds.get(room) ?? 0) + 1;
    lastIds.set(room, id);
    const now = new Date();
    io.to(room).emit('message', {
      sender: escape(name),
      content: escape(message),
      timestamp: now.toTimeString().slice(0, 8),
      id,
      member,
      name,
      at: now.getTime(),
    }, `${room}:${id}`);
  });
});

http.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${http.address().port}`));
