// The real Socket.IO clients the server is held to, side by side.
import { io as newest } from 'socket.io-client';
import original from 'socket.io-client-4.0.1';
import { PythonSocket } from './python.mjs';

/** The connect function of each client, by version. */
export const clients = {
  '4.0.1': original.io ?? original,
  '4.8.4': newest,
};

/** The client that is not JavaScript, in the same form as far as the tests need it. */
export const python = 'python-socketio';

const connectFunctions = { ...clients, [python]: (url, options) => new PythonSocket(url, options) };

/** Begins a connection with the client of a version. */
export function connect(version, url, options) {
  return connectFunctions[version](url, options);
}

/** The ways a client may carry its packets. */
export const transportSets = {
  polling: ['polling'],
  websocket: ['websocket'],
  upgrade: ['polling', 'websocket'],
};

/** Every client with every transport: {version, transports, label}. */
export const matrix = Object.keys(clients).flatMap((version) =>
  Object.entries(transportSets).map(([name, transports]) => ({ version, transports, label: `${version} ${name}` })));
