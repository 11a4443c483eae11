// Package load puts a chat server under load and measures it from outside.
//
// A [Crowd] comes in through the public face of the server: the forms, the
// founder's approval, and Socket.IO over websockets. Then it talks, in a closed
// loop or on a schedule, and everything that it says is checked to arrive, once
// and in the order of its sender, with everybody in the room.
//
// A delivery is one message received by one connection.
package load
