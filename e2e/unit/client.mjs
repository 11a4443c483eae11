// A Socket.IO client for what is tested without a page: it does what the test says, in the order of the real one.

/** `io` is for a Connection; `sent` has [event, fields, whether an answer was asked for], `answers` what to call for it. */
export function fakeClient() {
  const handlers = new Map();
  const any = [];
  const [sent, answers] = [[], []];
  const lost = new Set(); // what is told when the connection is lost
  const call = (event, ...values) => { for (const handle of handlers.get(event) ?? []) handle(...values); };
  const on = (event, handle) => handlers.set(event, [...handlers.get(event) ?? [], handle]);
  const emit = (event, fields, answered) => {
    // The real one would keep it, and say it when nobody means it any more.
    if (!socket.connected) throw new Error(`${event} without a connection`);
    sent.push([event, structuredClone(fields), answered !== undefined]);
    if (answered) answers.push(answered);
  };
  const socket = {
    connected: false,
    active: true,
    io: { on: (event, handle) => on(`manager ${event}`, handle), engine: { transport: { close() {} } } },
    on,
    onAny: (handle) => any.push(handle),
    emit,
    timeout: (most) => ({ emit(event, fields, answered) {
      const late = setTimeout(() => answered(new Error('operation has timed out')), most);
      const end = (error) => {
        clearTimeout(late);
        lost.delete(end);
        answered(error);
      };
      lost.add(end);
      emit(event, fields, end);
    } }),
    connect() {},
    disconnect: () => lose(),
  };
  const lose = () => {
    if (!socket.connected) return;
    socket.connected = false;
    call('disconnect', 'transport close');
    for (const end of lost) end(new Error('socket has been disconnected'));
  };
  return {
    io: () => socket,
    sent,
    answers,
    /** The names of what was sent since the last look. */
    take: () => sent.splice(0).map(([event]) => event),
    connect() {
      call('manager open');
      socket.connected = true;
      call('connect');
    },
    lose,
    receive(event, ...values) {
      for (const handle of any) handle(event, ...values);
      call(event, ...values);
    },
  };
}

/** Collects until the end of the test what is reported as an error that nobody has caught. */
export function reported(t) {
  const errors = [];
  const before = globalThis.reportError;
  globalThis.reportError = (error) => errors.push(error);
  t.after(() => { globalThis.reportError = before; });
  return errors;
}

/** A promise that the test settles: {promise, resolve, reject}. */
export function later() {
  const settle = {};
  const promise = new Promise((resolve, reject) => Object.assign(settle, { resolve, reject }));
  return { promise, ...settle };
}

/** Lets all that waits for settled promises go on. */
export const settled = () => new Promise((resolve) => { setImmediate(resolve); });

/** Numbers that look random, from 0 to below 1, and are the same for a seed. */
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
