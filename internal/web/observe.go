package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// Metrics counts what the web server does. Its methods are called from many
// goroutines at once.
type Metrics interface {
	// ObserveHTTP tells of an answered request. Route is the pattern of a
	// route, such as /room/{id}, or /* if no route had the path.
	ObserveHTTP(route string, status int, d time.Duration)
	// Refused tells of a refusal. Where and reason are constants in lower case,
	// such as "join" and "rate limit".
	Refused(where, reason string)
}

type noMetrics struct{}

func (noMetrics) ObserveHTTP(string, int, time.Duration) {}
func (noMetrics) Refused(string, string)                 {}

// observe is a middleware that tells the log and the metrics of each request. It tells
// the route and not the path, since paths have ids in them.
func (s *server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		routes := chi.NewRouteContext()
		r = r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, routes))
		observed := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			status, route, elapsed := observed.Status(), routes.RoutePattern(), time.Since(start)
			if status == 0 {
				status = http.StatusOK
			}
			if route == "" {
				route = "/*"
			}
			s.metrics.ObserveHTTP(route, status, elapsed)
			s.log.Debug("request", "method", method(r), "route", route, "status", status, "duration", elapsed)
		}()
		next.ServeHTTP(observed, r)
	})
}

// method returns the request's method, unless it is one of the client's own invention.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return r.Method
	}
	return "other"
}

// recoverPages is a middleware that turns a panic into an error page.
func (s *server) recoverPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.recovered(func() {
			p := internalProblem
			p.where = "page"
			s.refuse(w, r, p)
		})
		next.ServeHTTP(w, r)
	})
}

// recoverSocket is a middleware that ends the connection of a request whose handler
// panics. The handler may have taken the connection over, so that no answer is possible.
func (s *server) recoverSocket(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.recovered(func() { panic(http.ErrAbortHandler) })
		next.ServeHTTP(w, r)
	})
}

// recovered logs a panic with its stack. Defer it. The panic's value may hold anything,
// so it is logged only if it is the runtime's own.
func (s *server) recovered(then func()) {
	value := recover()
	if value == nil {
		return
	}
	what := fmt.Sprintf("%T", value)
	if err, ok := value.(error); ok {
		if errors.Is(err, http.ErrAbortHandler) {
			panic(value)
		}
		if own := runtime.Error(nil); errors.As(err, &own) {
			what = own.Error()
		}
	}
	s.log.Error("a handler panicked", "panic", what, "stack", string(debug.Stack()))
	then()
}
