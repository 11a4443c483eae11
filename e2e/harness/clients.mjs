// The real Socket.IO clients the server is held to, side by side.
import { io as newest } from 'socket.io-client';
import original from 'socket.io-client-4.0.1';
import { PythonSocket } from './python.mjs';

/** @typedef {import('socket.io-client').Socket} Socket */
/** @typedef {Partial<import('socket.io-client').ManagerOptions & import('socket.io-client').SocketOptions> & Record<string, unknown>} ClientOptions those of the client, of any version */
/** @typedef {(url: string, options: ClientOptions) => Socket | PythonSocket} Connect */

/** @type {Record<string, (url: string, options: ClientOptions) => Socket>} the connect function of each client, by version */
export const clients = {
  '4.0.1': original.io ?? original,
  '4.8.4': newest,
};

/** The client that is not JavaScript, in the same form as far as the tests need it. */
export const python = 'python-socketio';

/** @type {Record<string, Connect>} */
const connectFunctions = { ...clients, [python]: (url, options) => new PythonSocket(url, options) };

/**
 * Begins a connection with the client of a version.
 *
 * @param {string} version
 * @param {string} url
 * @param {ClientOptions} options
 */
export function connect(version, url, options) {
  return connectFunctions[version](url, options);
}

/** @type {Record<string, string[]>} the ways a client may carry its packets */
export const transportSets = {
  polling: ['polling'],
  websocket: ['websocket'],
  upgrade: ['polling', 'websocket'],
};

/** Every client with every transport: {version, transports, label}. */
export const matrix = Object.keys(clients).flatMap((version) =>
  Object.entries(transportSets).map(([name, transports]) => ({ version, transports, label: `${version} ${name}` })));
