package load

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/gorilla/websocket"
)

// Target is a server to put under load.
type Target struct {
	// URL is its address: http://host:port.
	URL string
	// Direct is for servers that have no pages: who says `join` is in.
	Direct bool
}

// writeBuffers are shared: hardly any socket writes at the same time.
var writeBuffers sync.Pool

// dialer returns what the people of a room connect with. On this machine each
// room has a loopback address of its own, so that limits by address hold, as
// they do for people who do not sit in one office.
func (t Target) dialer(room int) (*net.Dialer, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil, err
	}
	d := &net.Dialer{Timeout: patience}
	if ip := net.ParseIP(u.Hostname()).To4(); ip != nil && ip.IsLoopback() {
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 77+byte(room>>14), byte(room>>7)&127, 1+byte(room)&127)}
	}
	return d, nil
}

// connect opens a Socket.IO connection with somebody's cookies.
func (t Target) connect(ctx context.Context, dialer *net.Dialer, cookies []*http.Cookie) (*websocket.Conn, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Origin": {t.URL}}
	request := http.Request{Header: header}
	for _, c := range cookies {
		request.AddCookie(c)
	}
	u.Scheme = map[string]string{"http": "ws", "https": "wss"}[u.Scheme]
	u.Path, u.RawQuery = "/socket.io/", "EIO=4&transport=websocket"
	ws := websocket.Dialer{
		NetDialContext:   dialer.DialContext,
		HandshakeTimeout: patience,
		ReadBufferSize:   4096,
		WriteBufferSize:  512,
		WriteBufferPool:  &writeBuffers,
	}
	conn, answer, err := ws.DialContext(ctx, u.String(), header)
	if answer != nil {
		defer answer.Body.Close()
	}
	if err != nil && answer != nil {
		return nil, fmt.Errorf("%w: %s", err, answer.Status)
	}
	return conn, err
}
