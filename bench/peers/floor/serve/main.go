// Command serve runs the floor on a free port of this machine and says where.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"securechat/bench/peers/floor"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens until the process ends
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "http://%s\n", listener.Addr())
	server := &http.Server{Handler: new(floor.Server), ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(listener)
}
