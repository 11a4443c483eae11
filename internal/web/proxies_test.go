package web

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestNetworks(t *testing.T) {
	prefixes := Proxies{Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for _, test := range []struct {
		name    string
		proxies Proxies
		peer    string
		xff     []string
		want    string
	}{
		{"direct", Proxies{}, "192.0.2.1:5", nil, "192.0.2.1"},
		{"direct, header ignored", Proxies{}, "192.0.2.1:5", []string{"198.51.100.1"}, "192.0.2.1"},
		{"direct IPv6 is a /64", Proxies{}, "[2001:db8:1:2:3:4:5:6]:5", nil, "2001:db8:1:2::"},
		{"mapped IPv4", Proxies{}, "[::ffff:192.0.2.1]:5", nil, "192.0.2.1"},

		{"one hop", Proxies{Hops: 1}, "10.0.0.1:5", []string{"192.0.2.1"}, "192.0.2.1"},
		{"one hop, forged entry in front", Proxies{Hops: 1}, "10.0.0.1:5", []string{"198.51.100.1, 192.0.2.1"}, "192.0.2.1"},
		{"one hop, forged header in front", Proxies{Hops: 1}, "10.0.0.1:5", []string{"198.51.100.1", "192.0.2.1"}, "192.0.2.1"},
		{"two hops", Proxies{Hops: 2}, "10.0.0.1:5", []string{"198.51.100.1, 192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		{"hop without header", Proxies{Hops: 1}, "10.0.0.1:5", nil, "10.0.0.1"},
		{"hop with garbage", Proxies{Hops: 1}, "10.0.0.1:5", []string{"unknown"}, "10.0.0.1"},
		{"hop with IPv6", Proxies{Hops: 1}, "10.0.0.1:5", []string{"2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::"},

		{"trusted peer", prefixes, "10.0.0.1:5", []string{"192.0.2.1"}, "192.0.2.1"},
		{"trusted chain", prefixes, "10.0.0.1:5", []string{"198.51.100.1, 192.0.2.1, 10.9.9.9"}, "192.0.2.1"},
		{"trusted IPv6 peer", prefixes, "[fd00::1]:5", []string{"192.0.2.1"}, "192.0.2.1"},
		// Somebody who found the way around the proxy cannot name an address.
		{"other peer", prefixes, "203.0.113.9:5", []string{"192.0.2.1"}, "203.0.113.9"},
		{"garbage in the chain", prefixes, "10.0.0.1:5", []string{"192.0.2.1, nonsense, 10.9.9.9"}, "10.0.0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got string
			h := newHandler(t, &fakeService{}, func(o *Options) {
				o.Proxies = test.proxies
				o.Socket = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = Networks(r)[0].Key })
			})
			b := newBrowser(t, h)
			b.get("/socket.io/", from(test.peer), func(r *http.Request) { r.Header["X-Forwarded-For"] = test.xff })
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestSecure(t *testing.T) {
	prefixes := Proxies{Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for _, test := range []struct {
		name    string
		proxies Proxies
		peer    string
		proto   string
		want    bool
	}{
		{"plain", Proxies{}, "192.0.2.1:5", "", false},
		{"nobody is trusted", Proxies{}, "10.0.0.1:5", "https", false},
		{"hop", Proxies{Hops: 1}, "192.0.2.1:5", "https", true},
		{"hop, plain", Proxies{Hops: 1}, "192.0.2.1:5", "http", false},
		{"hop, in capitals", Proxies{Hops: 1}, "192.0.2.1:5", "HTTPS", true},
		{"chain", Proxies{Hops: 2}, "192.0.2.1:5", "https, http", true},
		{"trusted peer", prefixes, "10.0.0.1:5", "https", true},
		{"mapped trusted peer", prefixes, "[::ffff:10.0.0.1]:5", "https", true},
		{"other peer", prefixes, "192.0.2.1:5", "https", false},
		{"no peer", prefixes, "", "https", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) { o.Proxies = test.proxies }))
			page := b.get("/", from(test.peer), header("X-Forwarded-Proto", test.proto))
			if got := page.Header.Get("Strict-Transport-Security") != ""; got != test.want {
				t.Errorf("Strict-Transport-Security: %v, want %v", got, test.want)
			}
			for _, c := range page.Cookies() {
				if c.Secure != test.want {
					t.Errorf("cookie %s: Secure %v, want %v", c.Name, c.Secure, test.want)
				}
			}
		})
	}
}
