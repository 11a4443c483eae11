package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"securechat/room"
	"securechat/room/memstore"
)

// wait bounds every wait of the tests; only a failing test waits that long.
const wait = time.Minute

// server is a gateway over the real use cases. The cookie "session" of a test's
// requests is the session itself.
type server struct {
	*httptest.Server
	t       testing.TB
	gateway *Gateway
	rooms   *room.Service
	store   room.Store
}

func newServer(t testing.TB, configure ...func(*Options, *room.Terms)) *server {
	t.Helper()
	o := Options{
		Session: func(r *http.Request) (string, bool) {
			c, err := r.Cookie("session")
			if err != nil {
				return "", false
			}
			return c.Value, true
		},
		Accept: func(r *http.Request) bool { return r.Header.Get("Origin") != "http://evil.example" },
	}
	terms := room.DefaultTerms()
	for _, c := range configure {
		c(&o, &terms)
	}
	s := &server{t: t, store: memstore.New()}
	s.rooms = room.NewService(room.Options{
		Store: s.store, Terms: terms,
		Capacity: room.Capacity{Rooms: 1000, RoomsPerAddress: 1000},
		Clean: func(t room.RawText) (string, room.Kind, error) {
			if len(t.Text) > 1<<20 {
				return "", 0, room.ErrMessageTooLong
			}
			return strings.TrimSpace(t.Text), room.KindText, nil
		},
	})
	o.Service = s.rooms
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.gateway = g
	s.Server = httptest.NewServer(g)
	t.Cleanup(s.Server.Close)
	t.Cleanup(func() { _ = g.Close(t.Context()) }) // the sockets; ctx is done: no need to wait
	return s
}

// talk is a room of two, each with a page in it that has confirmed all that it was sent.
type talk struct {
	alice, bob room.Seat
	a, b       *client
}

func newTalk(t *testing.T) (*server, talk) {
	t.Helper()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	m := talk{alice, bob, s.connect(visit{session: "alice"}).join(alice), s.connect(visit{session: "bob"}).join(bob)}
	s.settled(m.a)
	s.settled(m.b)
	return s, m
}

// create makes a room and returns the founder's seat and the code.
func (s *server) create(session, name string) (seat room.Seat, code string) {
	s.t.Helper()
	seat, err := s.rooms.Create(s.t.Context(), room.Creation{Session: session, Name: name})
	if err != nil {
		s.t.Fatal(err)
	}
	page, err := s.rooms.Page(s.t.Context(), session, seat.Path)
	if err != nil {
		s.t.Fatal(err)
	}
	return page.Seat, page.Code
}

// as does something in the name of a member, by the oldest of their connections or, if they have
// none, as one that was lost this moment.
func (s *server) as(member room.Seat, do func(r *room.Room, c room.Caller) ([]room.Event, error)) {
	s.t.Helper()
	_, err := s.store.Update(s.t.Context(), member.Room, func(r *room.Room, _ room.Log) ([]room.Event, error) {
		c := room.Caller{Room: member.Room, Member: member.ID, Conn: "lost"}
		i := slices.IndexFunc(r.Members, func(m room.Member) bool { return m.ID == member.ID })
		if i >= 0 && len(r.Members[i].Conns) > 0 {
			c.Conn = r.Members[i].Conns[0].ID
			return do(r, c)
		}
		if i >= 0 {
			r.Members = slices.Clone(r.Members)
			r.Members[i].Conns = []room.Conn{{ID: c.Conn}}
		}
		events, err := do(r, c)
		if i >= 0 {
			r.Members[i].Conns = nil
		}
		return events, err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) approve(member, knock room.Seat) {
	s.t.Helper()
	s.as(member, func(r *room.Room, c room.Caller) ([]room.Event, error) { return r.Approve(time.Now(), c, knock.ID) })
}

// post says something in the name of a member, without the bounds of the gateway.
func (s *server) post(member room.Seat, text string) {
	s.t.Helper()
	s.as(member, func(r *room.Room, c room.Caller) ([]room.Event, error) {
		posted, err := r.Post(time.Now(), c, room.KindText, text, "")
		return []room.Event{posted}, err
	})
}

// dismiss ends a membership.
func (s *server) dismiss(member room.Seat) {
	s.t.Helper()
	if err := s.rooms.Leave(s.t.Context(), room.Caller{Room: member.Room, Member: member.ID}, 0, true); err != nil {
		s.t.Fatal(err)
	}
}

// knock asks to be let in.
func (s *server) knock(session, name, code string) room.Seat {
	s.t.Helper()
	seat, err := s.rooms.RequestJoin(s.t.Context(), room.Application{Session: session, Name: name, Code: code})
	if err != nil {
		s.t.Fatal(err)
	}
	return seat
}

// admit lets somebody in whom the members approve of, and renders their page.
func (s *server) admit(session, name, code string, members ...room.Seat) room.Seat {
	s.t.Helper()
	seat := s.knock(session, name, code)
	for _, m := range members {
		s.approve(m, seat)
	}
	s.load(session, seat)
	return seat
}

func (s *server) load(session string, seat room.Seat) {
	s.t.Helper()
	if _, err := s.rooms.Page(s.t.Context(), session, seat.Path); err != nil {
		s.t.Fatal(err)
	}
}

// state returns all that there is to a room.
func (s *server) state(roomID string) room.Room {
	s.t.Helper()
	r, err := s.store.Snapshot(s.t.Context(), roomID)
	if err != nil {
		s.t.Fatal(err)
	}
	return *r
}

// event is one that a client received.
type event struct {
	name string
	args []json.RawMessage
}

func (e event) String() string { return fmt.Sprintf("%s %s", e.name, e.args) }

// field returns a field of the payload as JSON.
func (e event) field(key string) string {
	if len(e.args) == 0 {
		return ""
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(e.args[0], &fields) != nil {
		return ""
	}
	return string(fields[key])
}

// client is a Socket.IO client of the simplest kind, over a websocket.
type client struct {
	t    testing.TB
	conn *websocket.Conn
	done chan struct{} // closed at the end of the connection

	mu     sync.Mutex
	sid    string
	silent bool // does not answer pings
	log    []event
	acks   []string
	err    error
	news   chan struct{} // closed and replaced when something has come
}

// visit says how somebody connects.
type visit struct {
	session string
	page    string // path of the page, sent as the Referer
	query   string // "&key=value"
	auth    string // JSON
	origin  string
	address string
	quiet   bool // say nothing of one's own
}

func (v visit) header() http.Header {
	h := http.Header{}
	if v.session != "" {
		h.Set("Cookie", "session="+v.session)
	}
	if v.page != "" {
		h.Set("Referer", "http://chat.example"+v.page)
	}
	if v.origin != "" {
		h.Set("Origin", v.origin)
	}
	if v.address != "" {
		h.Set("X-Address", v.address)
	}
	return h
}

// connect connects and waits until the server has said what it says at once.
func (s *server) connect(v visit) *client {
	s.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket"+v.query, v.header())
	if err != nil {
		s.t.Fatal(err)
	}
	c := &client{t: s.t, conn: conn, done: make(chan struct{}), news: make(chan struct{})}
	s.t.Cleanup(func() { _ = conn.Close() })
	go c.read()
	c.write("40" + v.auth)
	if !v.quiet {
		c.barrier()
	}
	return c
}

func (c *client) read() {
	defer close(c.done)
	for {
		_, frame, err := c.conn.ReadMessage()
		if err != nil {
			c.note(func() { c.err = err })
			return
		}
		switch f := string(frame); {
		case f == "2":
			c.mu.Lock()
			if !c.silent {
				_ = c.conn.WriteMessage(websocket.TextMessage, []byte("3"))
			}
			c.mu.Unlock()
		case strings.HasPrefix(f, "40{"):
			var hello struct{ Sid string }
			if json.Unmarshal(frame[2:], &hello) == nil {
				c.note(func() { c.sid = hello.Sid })
			}
		case strings.HasPrefix(f, "42"):
			var args []json.RawMessage
			var name string
			if json.Unmarshal(frame[2:], &args) == nil && json.Unmarshal(args[0], &name) == nil {
				c.note(func() { c.log = append(c.log, event{name, args[1:]}) })
			}
		case strings.HasPrefix(f, "43"):
			c.note(func() { c.acks = append(c.acks, f) })
		}
	}
}

func (c *client) note(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	close(c.news)
	c.news = make(chan struct{})
}

// write sends a frame. A connection that is closed is noticed by its reader.
func (c *client) write(frame string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.conn.WriteMessage(websocket.TextMessage, []byte(frame))
}

// emit sends an event with a payload of JSON.
func (c *client) emit(name, payload string) {
	if payload == "" {
		c.write(fmt.Sprintf("42[%q]", name))
		return
	}
	c.write(fmt.Sprintf("42[%q,%s]", name, payload))
}

// until waits for a condition on what was received.
func (c *client) until(what string, condition func() bool) {
	c.t.Helper()
	late := time.After(wait)
	for {
		c.mu.Lock()
		ok, news, log, err := condition(), c.news, c.log, c.err
		c.mu.Unlock()
		if ok {
			return
		}
		log = log[max(0, len(log)-10):]
		if err != nil {
			c.t.Fatalf("waiting for %s: %v; got at last %v", what, err, log)
		}
		select {
		case <-news:
		case <-late:
			c.t.Fatalf("waited in vain for %s; got at last %v", what, log)
		}
	}
}

// expect waits for an event and returns its latest.
func (c *client) expect(name string) event {
	c.t.Helper()
	var found event
	c.until(name, func() bool {
		i := slices.IndexFunc(c.log, func(e event) bool { return e.name == name })
		if i >= 0 {
			found = c.log[i]
		}
		return i >= 0
	})
	return found
}

// barrier waits until the server has handled all that was sent, and what it
// sent before that has arrived.
func (c *client) barrier() {
	c.t.Helper()
	before := len(c.all("pong"))
	c.emit("ping", "")
	c.until("pong", func() bool {
		n := 0
		for _, e := range c.log {
			if e.name == "pong" {
				n++
			}
		}
		return n > before
	})
}

// all returns the events of a name.
func (c *client) all(name string) []event {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []event
	for _, e := range c.log {
		if e.name == name {
			found = append(found, e)
		}
	}
	return found
}

// names returns the names of all events but the barriers', and but for the positions.
func (c *client) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, e := range c.log {
		if e.name != "pong" && e.name != "position" {
			names = append(names, e.name)
		}
	}
	return names
}

// texts returns the contents of the messages.
func (c *client) texts() []string {
	var texts []string
	for _, e := range c.all("message") {
		texts = append(texts, strings.Trim(e.field("content"), `"`))
	}
	return texts
}

func (c *client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = nil
}

func (c *client) goSilent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent = true
}

// connOf returns the server's side of a client's connection.
func (s *server) connOf(c *client) *conn {
	s.t.Helper()
	c.until("connected", func() bool { return c.sid != "" })
	found := s.gateway.conn(s.gateway.node + "." + c.sid)
	if found == nil {
		s.t.Fatal("there is no such connection any more")
	}
	return found
}

// settled waits until the server knows that all it has sent has arrived.
func (s *server) settled(c *client) {
	s.t.Helper()
	link := s.connOf(c).link
	settled := func() bool {
		sent, confirmed := link.Account()
		return sent == confirmed
	}
	s.eventually("all is confirmed", settled)
}

// eventually waits for a condition of the server's.
func (s *server) eventually(what string, condition func() bool) {
	s.t.Helper()
	for end := time.Now().Add(wait); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// leave closes the connection in the way of the protocol, all that was sent
// arriving before.
func (c *client) leave() {
	c.write("41")
	_ = c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(wait))
	c.ended()
}

// drop loses the connection without a word.
func (c *client) drop() {
	_ = c.conn.NetConn().Close()
	<-c.done
}

// ended waits for the end of the connection.
func (c *client) ended() {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(wait):
		c.t.Fatal("the connection is still open")
	}
}

// join enters a room as its pages do.
func (c *client) join(seat room.Seat) *client {
	c.t.Helper()
	c.emit("join", fmt.Sprintf(`{"room":%q}`, seat.Room))
	c.expect("join_success")
	c.barrier()
	return c
}

func (c *client) say(seat room.Seat, text string) {
	c.emit("message", fmt.Sprintf(`{"room":%q,"message":%q}`, seat.Room, text))
}

// fetch does one request of a polling client.
func (s *server) fetch(v visit, method, query, body string) (status int, answer string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+"/socket.io/?EIO=4&transport=polling"+v.query+query, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header = v.header()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Error(err)
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Error(err)
	}
	return resp.StatusCode, string(b)
}

// poller is a polling client.
type poller struct {
	s     *server
	v     visit
	sid   string
	inbox string
}

func (s *server) poll(v visit) *poller {
	s.t.Helper()
	_, open := s.fetch(v, http.MethodGet, "", "")
	var handshake struct{ Sid string }
	if open == "" || json.Unmarshal([]byte(open[1:]), &handshake) != nil {
		s.t.Fatalf("handshake: %q", open)
	}
	p := &poller{s: s, v: v, sid: "&sid=" + handshake.Sid}
	p.post("40" + v.auth)
	p.until("40{")
	return p
}

func (p *poller) post(payload string) {
	p.s.t.Helper()
	if status, answer := p.s.fetch(p.v, http.MethodPost, p.sid, payload); status != http.StatusOK {
		p.s.t.Fatalf("POST: %d %s", status, answer)
	}
}

// until polls until something has come, and returns all that has come by then.
func (p *poller) until(want string) string {
	p.s.t.Helper()
	for end := time.Now().Add(wait); !strings.Contains(p.inbox, want); {
		if time.Now().After(end) {
			p.s.t.Fatalf("waited in vain for %s; got %s", want, p.inbox)
		}
		status, answer := p.s.fetch(p.v, http.MethodGet, p.sid, "")
		if status != http.StatusOK {
			p.s.t.Fatalf("GET: %d %s; got %s", status, answer, p.inbox)
		}
		p.inbox += answer + "\n"
	}
	return p.inbox
}
