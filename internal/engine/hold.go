package engine

import (
	"context"
	"net/http"
)

// hold keeps from the library that the client of a request went away, until the
// library has taken the request in: it does both at once without a lock.
type hold struct {
	client context.Context // ends when the client goes away
	tell   context.CancelFunc
}

type holdKey struct{}

// held returns the request with a hold on it, and a function to call when it
// is over.
func held(r *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	h := &hold{client: r.Context(), tell: cancel}
	return r.WithContext(context.WithValue(ctx, holdKey{}, h)), cancel
}

// holdOf returns the request's hold.
func holdOf(r *http.Request) *hold {
	h, _ := r.Context().Value(holdKey{}).(*hold)
	return h
}

// gone is closed when the client has gone away.
func (h *hold) gone() <-chan struct{} {
	if h == nil {
		return nil
	}
	return h.client.Done()
}

// release lets the library know when the client goes away, or went.
func (h *hold) release() {
	if h != nil {
		context.AfterFunc(h.client, h.tell)
	}
}
