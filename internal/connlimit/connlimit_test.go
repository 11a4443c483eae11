package connlimit

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"securechat/internal/network"
)

// bench is a limiter with a listener, of which the test holds both ends of every
// connection.
type bench struct {
	t        *testing.T
	limiter  *Limiter
	listener net.Listener
	refused  int
}

func newBench(t *testing.T, limits Limits, proxy bool) *bench {
	t.Helper()
	b := &bench{t: t}
	b.limiter = New(limits, func(netip.Addr) bool { return proxy }, func() { b.refused++ })
	var err error
	b.listener, err = b.limiter.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.listener.Close() })
	return b
}

// connect opens a connection and returns both its ends; ours is nil if it was refused.
func (b *bench) connect() (ours *Conn, theirs net.Conn) {
	b.t.Helper()
	theirs, err := net.Dial("tcp", b.listener.Addr().String())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = theirs.Close() })
	inner := b.listener.(listener)
	tcp, err := inner.AcceptTCP()
	if err != nil {
		b.t.Fatal(err)
	}
	return b.limiter.admit(tcp), theirs
}

// open reports whether the other end is still there.
func (b *bench) open(theirs net.Conn) bool {
	b.t.Helper()
	_ = theirs.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	_, err := theirs.Read(make([]byte, 1))
	timeout, isNet := errors.AsType[net.Error](err)
	return isNet && timeout.Timeout()
}

func TestTheOneThatHasWaitedLongestWithoutPurposeGoes(t *testing.T) {
	b := newBench(t, Limits{Total: 4}, false)
	var ours []*Conn
	var theirs []net.Conn
	for range 4 {
		o, th := b.connect()
		ours, theirs = append(ours, o), append(theirs, th)
	}
	ours[0].Serve(Seated)
	ours[1].Serve(Waiting)
	ours[2].Serve(Busy)
	ours[3].Serve(Busy)
	for i, gone := range []int{2, 3, 1} {
		o, _ := b.connect()
		if o == nil {
			t.Fatalf("newcomer %d was refused", i)
		}
		o.Serve(Seated)
		if b.open(theirs[gone]) {
			t.Errorf("after newcomer %d, connection %d is still open", i, gone)
		}
	}
	if !b.open(theirs[0]) {
		t.Error("a member was put out")
	}
	if o, th := b.connect(); o != nil || b.open(th) {
		t.Error("one more was let in where all are seated")
	}
	if b.refused != 4 {
		t.Errorf("%d closed for the bound, want 4", b.refused)
	}
	// A place is free when a connection is closed, however often.
	_, _ = ours[0].Close(), ours[0].Close()
	if o, _ := b.connect(); o == nil {
		t.Error("there is a place, and it was refused")
	}
}

func TestBoundForAnAddress(t *testing.T) {
	b := newBench(t, Limits{Total: 10, PerAddress: 2}, false)
	_, first := b.connect()
	second, _ := b.connect()
	_, third := b.connect()
	if b.open(first) || !b.open(third) {
		t.Error("the first should have made room for the third")
	}
	// Behind a proxy that nobody told us of, all visitors share its address.
	second.FoundShared()
	for range 5 {
		if o, _ := b.connect(); o == nil {
			t.Error("refused behind a shared address")
		}
	}
	if !b.open(third) {
		t.Error("the bound of one address still holds for a shared one")
	}
	for range 5 {
		b.connect()
	}
	if got := b.limiter.all.count; got != 10 {
		t.Errorf("%d connections in all, want 10", got)
	}
}

// A proxy's connections count for those whose requests they carry, IPv6 by its networks.
func TestConnectionsOfAProxy(t *testing.T) {
	b := newBench(t, Limits{Total: 100, PerAddress: 1}, true)
	carry := func(address string) (*Conn, net.Conn) {
		o, th := b.connect()
		b.limiter.ConnState(o, http.StateActive)
		if !o.CarriesFor(network.Of(address)) {
			t.Errorf("%s was refused", address)
		}
		return o, th
	}
	ours, theirs := carry("192.0.2.1")
	if _, other := carry("192.0.2.2"); !b.open(theirs) || !b.open(other) {
		t.Error("two clients count as one")
	}
	if carry("192.0.2.1"); b.open(theirs) {
		t.Error("one address has two connections")
	}
	if ours.CarriesFor(network.Of("192.0.2.9")) {
		t.Error("a closed connection carries a request")
	}
	_, first := carry("2001:db8:0:1::1")
	for _, subnet := range []string{"2", "3", "4"} {
		carry("2001:db8:0:" + subnet + "::1")
	}
	if !b.open(first) {
		t.Error("a /56 may have four")
	}
	if carry("2001:db8:0:5::1"); b.open(first) {
		t.Error("a /56 has five")
	}
	// Between requests it is nobody's, and the next may be for somebody else.
	ours, theirs = carry("198.51.100.1")
	b.limiter.ConnState(ours, http.StateIdle)
	if carry("198.51.100.1"); !b.open(theirs) {
		t.Error("an idle connection counted for its last client")
	}
	ours.Serve(Seated)
	if !ours.CarriesFor(network.Of("198.51.100.2")) {
		t.Error("refused")
	}
	full, _ := b.connect()
	if full.CarriesFor(network.Of("198.51.100.2")) {
		t.Error("a member's place was given away")
	}
	for _, address := range []string{"192.0.2.1", "192.0.2.2", "198.51.100.1", "198.51.100.2"} {
		if g := b.limiter.networks[address]; g == nil || g.count != 1 {
			t.Errorf("%s: %+v", address, g)
		}
	}
}

func TestNothingIsKeptOfWhoIsGone(t *testing.T) {
	b := newBench(t, Limits{Total: 3, PerAddress: 1}, false)
	for range 10 {
		o, _ := b.connect()
		b.limiter.ConnState(o, http.StateActive)
		o.FoundShared()
		b.limiter.ConnState(o, http.StateIdle)
		_ = o.Close()
	}
	if len(b.limiter.networks) != 0 || b.limiter.all.count != 0 {
		t.Errorf("%d networks, %d connections are left", len(b.limiter.networks), b.limiter.all.count)
	}
}

// A header without end, and one of lines without number, must not be kept.
func TestHeaders(t *testing.T) {
	b := newBench(t, Limits{}, false)
	var first *Conn
	for range maxArriving + 1 {
		c := &Conn{limiter: b.limiter, TCPConn: &net.TCPConn{}}
		c.enterLocked(&b.limiter.all)
		b.limiter.arrive(c)
		if first == nil {
			first = c
		}
	}
	if len(first.places) != 0 || b.refused != 1 || b.limiter.arriving.Len() != maxArriving {
		t.Errorf("%d closed, %d arriving", b.refused, b.limiter.arriving.Len())
	}

	served := 0
	h := b.limiter.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
	for lines, want := range map[int]int{maxHeaderLines: http.StatusOK, maxHeaderLines + 1: http.StatusRequestHeaderFieldsTooLarge} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["X"] = make([]string, lines)
		next := b.limiter.arriving.Back().Value.(*Conn)
		r = r.WithContext(ConnContext(r.Context(), next))
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%d lines: %d, want %d", lines, w.Code, want)
		}
		if next.arrives != nil {
			t.Error("it has arrived")
		}
	}
	if served != 1 {
		t.Errorf("%d served", served)
	}
}
