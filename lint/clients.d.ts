// Clients whose own types cannot be found by the way that their packages export them.

declare module 'socket.io-client-4.0.1' {
  const client: any;
  export default client;
}

declare module 'eslint-plugin-no-unsanitized' {
  const plugin: any;
  export default plugin;
}
