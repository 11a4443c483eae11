package metrics

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// goodbye is how long scrapes under way may take once the server ends.
const goodbye = time.Second

// Handler answers scrapes. On a nil *Metrics it answers 404.
func (m *Metrics) Handler() http.Handler {
	if m == nil {
		return http.NotFoundHandler()
	}
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Serve answers GET /metrics on l until ctx ends, and then returns nil. It
// closes l. Errors of single connections go to errorLog, with the addresses of
// clients. Everybody who reaches l sees the numbers, so keep it private.
func (m *Metrics) Serve(ctx context.Context, l net.Listener, errorLog *log.Logger) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          errorLog,
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		stopped <- server.Shutdown(limited)
	})
	err := server.Serve(l)
	if stop() { // it ended before ctx did
		return err
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	if <-stopped != nil { // a scrape takes too long: cut it off
		return server.Close()
	}
	return nil
}
