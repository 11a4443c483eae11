// Command enginetest serves what the official conformance suites of Engine.IO
// (protocol 4) and Socket.IO (protocol 5) expect of a server under test: echoes,
// with a short heartbeat. CONTRIBUTING.md says how to run the suites.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"

	"securechat/internal/engine"
)

// address is where the suites look for the server.
const address = "127.0.0.1:3000"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	events, err := echoEvents()
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/engine.io/", echo())
	mux.Handle("/socket.io/", events)
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}

func options() engine.Options {
	return engine.Options{
		PingInterval:   300 * time.Millisecond,
		PingTimeout:    200 * time.Millisecond,
		UpgradeTimeout: time.Second,
		ConnectTimeout: time.Second,
		WriteTimeout:   15 * time.Second,
		MaxPayload:     1_000_000,
	}
}

// echo is an Engine.IO server that sends every message back.
func echo() http.Handler {
	server := engine.New(options())
	server.OnSession(func(session *engine.Session) {
		s := session.Socket()
		_ = s.On("data", func(args ...any) { // cannot fail
			s.Write(args[0].(io.Reader), nil, nil) //nolint:forcetypeassert // what the event comes with
		})
	})
	return server
}

// echoEvents is a Socket.IO server that tells what it was told.
func echoEvents() (http.Handler, error) {
	server := engine.New(options())
	sio := server.Bind(socket.DefaultServerOptions())
	connected := func(args ...any) {
		s := args[0].(*socket.Socket) //nolint:forcetypeassert // what the event comes with
		auth := s.Handshake().Auth
		if auth == nil {
			auth = map[string]any{}
		}
		_ = s.Emit("auth", auth) // fails for reserved names only, as below
		_ = s.On("message", func(args ...any) { _ = s.Emit("message-back", args...) })
		_ = s.On("message-with-ack", func(args ...any) {
			if answer, ok := args[len(args)-1].(socket.Ack); ok {
				answer(args[:len(args)-1], nil)
			}
		})
	}
	if err := sio.On("connection", connected); err != nil {
		return nil, err
	}
	return server, sio.Of("/custom", nil).On("connection", connected)
}
