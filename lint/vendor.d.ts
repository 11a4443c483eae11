// What we use of other people's modules in static/vendor. They are minified, and
// not ours to check: noResolve keeps what is only imported out.

declare module '*/vendor/lean-qr/nano.mjs' {
  export function generate(text: string): { toCanvas(canvas: HTMLCanvasElement, options: { pad: number }): void };
}

declare module '*/vendor/socket.io/socket.io.esm.min.js' {
  // Its own types are for TypeScript's way of resolving packages. These are the parts that we use.
  export const io: import('../static/js/transport/connection.js').Client;
}
