package engine

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// A poll that comes between the probe and the move is not left waiting after the move.
func TestAPollIsAnsweredWhenTheSessionMoves(t *testing.T) {
	echoBubble(t, func(t *testing.T, s *server) {
		c := s.poll(t)
		w := s.dial(t, "&sid="+c.sid())
		w.send("2probe")
		w.expect("3probe")
		answered := make(chan int, 1)
		go func() {
			status, _ := c.do(http.MethodGet, "")
			answered <- status
		}()
		synctest.Wait()
		moved := time.Now()
		w.send("5")
		if got := receive(t, answered); got != http.StatusBadRequest || !time.Now().Equal(moved) {
			t.Errorf("it was answered with %d, %v after the move", got, time.Since(moved))
		}
	})
}
