package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"securechat/internal/connlimit"
)

// Behind a trusted proxy the bound of an address is for those whom it brings; behind one that
// nobody configured it must not lock everybody out.
func TestConnectionsOfAnAddress(t *testing.T) {
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	for name, test := range map[string]struct {
		proxies Proxies
		headers []string // of three requests, each by a connection of its own, all open at once
		want    []int
	}{
		"trusted, one client": {Proxies{Prefixes: []netip.Prefix{loopback}}, []string{"192.0.2.1", "192.0.2.1", "192.0.2.1"}, []int{200, 200, 429}},
		"trusted, three":      {Proxies{Hops: 1}, []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, []int{200, 200, 200}},
		"not trusted":         {Proxies{}, []string{"192.0.2.1", "192.0.2.1", "192.0.2.1"}, []int{200, 200, 200}},
	} {
		t.Run(name, func(t *testing.T) {
			limiter := connlimit.New(connlimit.Limits{Total: 100, PerAddress: 2}, test.proxies.Trust, func() {})
			listener, err := limiter.Listen(t.Context(), "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			release := make(chan struct{})
			server := &http.Server{
				Handler: newHandler(t, &fakeService{}, func(o *Options) {
					o.Proxies = test.proxies
					o.Socket = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						connlimit.Of(r).Serve(connlimit.Seated)
						w.WriteHeader(http.StatusOK)
						_ = http.NewResponseController(w).Flush()
						<-release
					})
				}),
				ConnState: limiter.ConnState, ConnContext: connlimit.ConnContext,
			}
			go func() { _ = server.Serve(listener) }()
			t.Cleanup(func() { close(release); _ = server.Close() })
			for i, address := range test.headers {
				client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, network, listener.Addr().String())
				}}}
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://chat.example/socket.io/?EIO=4", nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("X-Forwarded-For", address)
				answer, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer answer.Body.Close()
				if answer.StatusCode != test.want[i] {
					t.Errorf("request %d: %d, want %d", i, answer.StatusCode, test.want[i])
				}
			}
		})
	}
}
