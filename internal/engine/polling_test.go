package engine

import (
	"context"
	"net/http"
	"testing"
)

// A tab that is closed while its poll waits says no goodbye: its request just
// ends. The others must not count it until its next ping is due.
func TestAbandonedPoll(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for range 20 {
		c := s.poll(t)
		c.connect()
		sock := s.socket(t)
		gone := make(chan string, 1)
		_ = sock.On("disconnect", func(args ...any) {
			reason, _ := args[0].(string)
			gone <- reason
		})

		ctx, abandon := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			if resp, err := s.web.Do(req); err == nil {
				_ = resp.Body.Close()
				t.Errorf("the poll was answered with %s", resp.Status)
			}
		}()
		eventually(t, "the poll waits", session(t, sock).waits)
		abandon()
		<-answered
		if reason := receive(t, gone); reason != "transport error" {
			t.Errorf("disconnected because of %q", reason)
		}
	}
}
