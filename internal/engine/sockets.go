package engine

import (
	"slices"
	"sync"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"
)

// connectPatience is how long messages wait for the Socket.IO connection that
// they belong to.
const connectPatience = 10 * time.Second

// sockets are a session's Socket.IO connections, and the client's requests for them, which
// the library answers on a goroutine of its own. Its methods are safe for concurrent use.
type sockets struct {
	mu            sync.Mutex
	requested     int              // connections
	answered      int              // of these: made or refused
	allAnswered   chan struct{}    // closed when all are answered; nil if nobody waits
	made          []*socket.Socket // the latest of each namespace
	goodbye       bool             // the client disconnected one
	disconnecting bool             // the library is being told so
}

// in returns the open socket of a namespace, nil if there is none.
func (c *sockets) in(namespace string) *socket.Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.made {
		if s.Nsp().Name() == namespace && s.Connected() {
			return s
		}
	}
	return nil
}

// any reports whether there ever was one.
func (c *sockets) any() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made != nil
}

// request notes a request to connect.
func (c *sockets) request() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requested++
}

// awaitAnswers waits until every request to connect is answered, but not for long, and not
// when done is closed.
func (c *sockets) awaitAnswers(done <-chan struct{}) {
	c.mu.Lock()
	if c.answered >= c.requested {
		c.mu.Unlock()
		return
	}
	if c.allAnswered == nil {
		c.allAnswered = make(chan struct{})
	}
	all := c.allAnswered
	c.mu.Unlock()
	late := time.NewTimer(connectPatience)
	defer late.Stop()
	select {
	case <-all:
	case <-late.C:
	case <-done:
	}
}

func (c *sockets) answeredLocked() {
	c.answered++
	if c.answered >= c.requested && c.allAnswered != nil {
		close(c.allAnswered)
		c.allAnswered = nil
	}
}

// add notes a socket that the library has made.
func (c *sockets) add(s *socket.Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made = append(slices.DeleteFunc(c.made, (*socket.Socket).Disconnected), s)
	c.goodbye = false // it is of an earlier one
	c.answeredLocked()
}

// disconnect tells the library that the client disconnected a socket. The library knows no
// other way than to disconnect it as well; its packet is not sent, see suppresses.
func (c *sockets) disconnect(s *socket.Socket) {
	c.setDisconnecting(true)
	defer c.setDisconnecting(false)
	s.Disconnect(false)
}

// setDisconnecting notes whether a goodbye of the client's is being told to the library.
func (c *sockets) setDisconnecting(now bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disconnecting = now
	c.goodbye = true
}

func (c *sockets) saidGoodbye() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.goodbye
}

// suppresses looks at what the library sends, and reports whether it is not to be
// sent: a goodbye to a client that has said it. A refusal to connect is noted.
func (c *sockets) suppresses(text []byte) bool {
	if len(text) == 0 || text[0] != sioDisconnect && text[0] != sioConnectError {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if text[0] == sioConnectError {
		c.answeredLocked()
		return false
	}
	return c.disconnecting
}
