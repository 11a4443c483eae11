// Package engine makes github.com/zishang520/socket.io fit to stand in the
// open, from outside of the library.
//
// The library's own transports are used, each in a thin shell that
//
//   - keeps a client from ending the process or losing its connection through
//     the library's start-up races: frames wait until somebody listens;
//   - keeps account of what a client is known to have received, without its
//     cooperation: see [Link];
//   - closes in an orderly way, waiting polling requests included, and gives
//     back the goroutines and buffers that the library would keep.
//
// [Hub] ties these together.
package engine
