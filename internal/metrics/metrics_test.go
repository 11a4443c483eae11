package metrics

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"securechat/internal/version"
)

func none() (rooms, members int) { return 0, 0 }

// expect compares the metrics of these names with the text format.
func expect(t *testing.T, m *Metrics, want string, names ...string) {
	t.Helper()
	if err := testutil.GatherAndCompare(m.registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

func TestPopulation(t *testing.T) {
	rooms, members := 2, 5
	m := New(func() (int, int) { return rooms, members })
	const format = `
# HELP securechat_members Members of all rooms.
# TYPE securechat_members gauge
securechat_members %d
# HELP securechat_rooms Rooms that are open.
# TYPE securechat_rooms gauge
securechat_rooms %d
`
	expect(t, m, fmt.Sprintf(format, 5, 2), "securechat_rooms", "securechat_members")
	rooms, members = 0, 0
	expect(t, m, fmt.Sprintf(format, 0, 0), "securechat_rooms", "securechat_members")
}

func TestSocketsAndMessages(t *testing.T) {
	m := New(none)
	m.SocketOpened()
	m.SocketOpened()
	m.SocketOpened()
	m.SocketClosed()
	m.MessageRelayed()
	m.MessageRelayed()
	expect(t, m, `
# HELP securechat_messages_total Chat messages that were relayed, each counted once.
# TYPE securechat_messages_total counter
securechat_messages_total 2
# HELP securechat_sockets Socket.IO connections that are open.
# TYPE securechat_sockets gauge
securechat_sockets 2
# HELP securechat_sockets_opened_total Socket.IO connections that were opened.
# TYPE securechat_sockets_opened_total counter
securechat_sockets_opened_total 3
`, "securechat_sockets", "securechat_sockets_opened_total", "securechat_messages_total")
}

func TestRefused(t *testing.T) {
	m := New(none)
	expect(t, m, `
# HELP securechat_refusals_total What was refused, by where and why.
# TYPE securechat_refusals_total counter
securechat_refusals_total{reason="other",where="other"} 0
`, "securechat_refusals_total")
	m.Refused("join", "rate limit")
	m.Refused("join", "rate_limit")
	m.Refused("create", "too_many_rooms")
	// Threat: what a client sent becomes a label, and shows in every scrape.
	m.Refused("/room/6f1ed002-ab5a-4b62-9f3e-0d7a1c2b3d4e", "code 482915")
	m.Refused("", "Ana")
	expect(t, m, `
# HELP securechat_refusals_total What was refused, by where and why.
# TYPE securechat_refusals_total counter
securechat_refusals_total{reason="other",where="other"} 2
securechat_refusals_total{reason="rate_limit",where="join"} 2
securechat_refusals_total{reason="too_many_rooms",where="create"} 1
`, "securechat_refusals_total")
}

func TestObserveHTTP(t *testing.T) {
	m := New(none)
	m.ObserveHTTP("/room/{id}", 200, 3*time.Millisecond)
	m.ObserveHTTP("/room/{id}", 200, 40*time.Second)
	m.ObserveHTTP("/static/*", 404, 0)
	m.ObserveHTTP("/room/6f1ed002-ab5a-4b62-9f3e-0d7a1c2b3d4e", 200, 0)
	m.ObserveHTTP("", 0, 0)
	m.ObserveHTTP("/", 1000, 0)
	got := scrape(t, m)
	for _, line := range []string{
		`securechat_http_request_duration_seconds_bucket{route="/room/{id}",status="200",le="0.0025"} 0`,
		`securechat_http_request_duration_seconds_bucket{route="/room/{id}",status="200",le="0.005"} 1`,
		`securechat_http_request_duration_seconds_bucket{route="/room/{id}",status="200",le="+Inf"} 2`,
		`securechat_http_request_duration_seconds_count{route="/static/*",status="404"} 1`,
		`securechat_http_request_duration_seconds_count{route="other",status="200"} 1`,
		`securechat_http_request_duration_seconds_count{route="other",status="other"} 1`,
		`securechat_http_request_duration_seconds_count{route="/",status="other"} 1`,
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("the scrape lacks %s", line)
		}
	}
	if strings.Contains(got, "6f1ed002") {
		t.Error("the scrape shows a room")
	}
}

func TestObserveEvent(t *testing.T) {
	m := New(none)
	m.ObserveEvent("join", 2*time.Millisecond)
	m.ObserveEvent("message", 30*time.Microsecond)
	// Threat: the name of an event is the client's choice.
	for i := range 1000 {
		m.ObserveEvent(fmt.Sprintf("made up %d", i), 0)
	}
	if n := testutil.CollectAndCount(m.events); n != len(knownEvents) {
		t.Errorf("%d series of events, want %d", n, len(knownEvents))
	}
	got := scrape(t, m)
	for _, line := range []string{
		`securechat_event_duration_seconds_count{event="join"} 1`,
		`securechat_event_duration_seconds_bucket{event="message",le="2.5e-05"} 0`,
		`securechat_event_duration_seconds_bucket{event="message",le="5e-05"} 1`,
		`securechat_event_duration_seconds_count{event="other"} 1000`,
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("the scrape lacks %s", line)
		}
	}
}

func TestSeriesAreBounded(t *testing.T) {
	m := New(none)
	for i := range 26 * 26 {
		word := string([]rune{rune('a' + i/26), rune('a' + i%26)})
		m.Refused(word, "x")
		m.Refused("x", word)
		m.ObserveHTTP("/"+word, 200, 0)
	}
	for _, test := range []struct {
		name string
		got  int
		most int
	}{
		{"refusals", testutil.CollectAndCount(m.refused), 21 + 51 + 1},
		{"requests", testutil.CollectAndCount(m.requests), 51},
	} {
		if test.got > test.most {
			t.Errorf("%d series of %s, want at most %d", test.got, test.name, test.most)
		}
	}
	before := testutil.CollectAndCount(m.refused)
	m.Refused("zz", "zz")
	if after := testutil.CollectAndCount(m.refused); after > before+1 {
		t.Errorf("one more refusal made %d series", after-before)
	}
}

// A server without metrics passes nil around.
func TestNil(t *testing.T) {
	var m *Metrics
	m.SocketOpened()
	m.SocketClosed()
	m.MessageRelayed()
	m.Refused("join", "x")
	m.ObserveHTTP("/", 200, 0)
	m.ObserveEvent("join", 0)
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusNotFound {
		t.Errorf("status %d, want 404", answer.Code)
	}
}

// Two servers in one process, as tests have them, must not share numbers or
// fail to register.
func TestNoGlobals(t *testing.T) {
	one, two := New(none), New(none)
	one.MessageRelayed()
	if got := testutil.ToFloat64(two.messages); got != 0 {
		t.Errorf("the other counts %v messages", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	m := New(none)
	var done sync.WaitGroup
	for i := range 8 {
		done.Go(func() {
			for range 200 {
				m.SocketOpened()
				m.MessageRelayed()
				m.Refused("join", strings.Repeat("x", 1+i))
				m.ObserveHTTP("/", 200, 0)
				m.ObserveEvent("join", 0)
				m.SocketClosed()
			}
		})
	}
	for range 5 {
		scrape(t, m)
	}
	done.Wait()
	if got := testutil.ToFloat64(m.messages); got != 1600 {
		t.Errorf("counted %v messages, want 1600", got)
	}
	if got := testutil.ToFloat64(m.sockets); got != 0 {
		t.Errorf("%v sockets are open, want 0", got)
	}
}

func TestLint(t *testing.T) {
	m := New(none)
	m.Refused("join", "x")
	m.ObserveHTTP("/", 200, 0)
	m.ObserveEvent("join", 0)
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// scrape returns what Prometheus gets.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Errorf("status %d, want 200", answer.Code)
	}
	return answer.Body.String()
}

func TestServe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := New(func() (int, int) { return 7, 9 })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- m.Serve(ctx, l, log.New(io.Discard, "", 0)) }()

	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, test := range []struct {
		method, path string
		status       int
		part         string
	}{
		{http.MethodGet, "/metrics", http.StatusOK, "securechat_rooms 7\n"},
		{http.MethodGet, "/metrics", http.StatusOK, "go_goroutines "},
		{http.MethodPost, "/metrics", http.StatusMethodNotAllowed, ""},
		{http.MethodGet, "/", http.StatusNotFound, ""},
	} {
		request, err := http.NewRequestWithContext(ctx, test.method, "http://"+l.Addr().String()+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != test.status || !strings.Contains(string(body), test.part) {
			t.Errorf("%s %s: status %d with %q; want %d with %q", test.method, test.path, response.StatusCode, body, test.status, test.part)
		}
	}

	cancel()
	select {
	case err := <-served:
		if err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Serve did not return")
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
}

// A scrape that never ends must not keep the server from ending.
func TestServeCutsOff(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	inside, release := make(chan struct{}), make(chan struct{})
	m := New(func() (int, int) { close(inside); <-release; return 0, 0 })
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- m.Serve(ctx, l, log.New(io.Discard, "", 0)) }()

	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-inside
	cancel()
	select {
	case err := <-served:
		if err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Serve did not return")
	}
}

func TestServeReportsABrokenListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := New(none).Serve(t.Context(), l, log.New(io.Discard, "", 0)); err == nil {
		t.Error("Serve on a closed listener returned nil")
	}
}

func BenchmarkObserveEvent(b *testing.B) {
	m := New(none)
	b.ReportAllocs()
	for b.Loop() {
		m.ObserveEvent("message", time.Millisecond)
	}
}

func BenchmarkRefused(b *testing.B) {
	m := New(none)
	b.ReportAllocs()
	for b.Loop() {
		m.Refused("message", "rate_limit")
	}
}

func TestBuildInfo(t *testing.T) {
	expect(t, New(none), fmt.Sprintf(`
# HELP securechat_build_info Which Secure Chat this is: its value is 1.
# TYPE securechat_build_info gauge
securechat_build_info{commit=%q,version=%q} 1
`, version.Commit(), version.Number), "securechat_build_info")
}
