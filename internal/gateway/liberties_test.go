package gateway

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// A client of any language may do what the protocol allows. The rest gets a plain refusal,
// which ends nobody else and, unless the protocol wants it, not even its own session.

// bytesSaid begins a packet that is sent as binary data.
const bytesSaid = "bytes:"

// liberty is what a client in its room takes. In what it says %[1]s is the room.
type liberty struct {
	said []string
	want string // what it gets for it
	ends bool   // and then its session ends
}

// placed is an event with one attachment.
const placed = `{"room":"%[1]s","message":{"_placeholder":true,"num":0},"user_id":{"_placeholder":true,"num":0}}]`

var liberties = map[string]liberty{
	// JSON as others write it.
	"white space":                 {[]string{"42 [ \"message\" ,\t{ \"room\" : \"%[1]s\" ,\n\"message\" : \"x\" } ] "}, `"content":"x"`, false},
	"escapes in all places":       {[]string{`42["\u006dessage",{"\u0072oom":"%[1]s","message":"\u0041\/\ud83d\ude00"}]`}, `"content":"A/😀"`, false},
	"half a surrogate":            {[]string{`42["message",{"room":"%[1]s","message":"a\ud800b"}]`}, `"content":"a�b"`, false},
	"line separators":             {[]string{"42[\"message\",{\"room\":\"%[1]s\",\"message\":\"a\u2028b\"}]"}, `"content":"a\u2028b"`, false},
	"fields in any order":         {[]string{`42["message",{"again":false,"message":"x","more":[{}],"room":"%[1]s"}]`}, `"content":"x"`, false},
	"a field twice":               {[]string{`42["message",{"room":"no","message":"no","room":"%[1]s","message":"x"}]`}, `"content":"x"`, false},
	"fields of the prototype":     {[]string{`42["message",{"__proto__":{"message":"no"},"constructor":1,"room":"%[1]s","message":"x"}]`}, `"content":"x"`, false},
	"fields in capitals":          {[]string{`42["message",{"room":"%[1]s","message":"x","MESSAGE":"no","Room":"no"}]`}, `"content":"x"`, false},
	"more arguments":              {[]string{`42["message",{"room":"%[1]s","message":"x"},null,1.5e3,[[]],"x"]`}, `"content":"x"`, false},
	"a number for a room":         {[]string{`42["message",{"room":7,"message":"x"}]`}, `"room_error"`, false},
	"numbers for ids":             {[]string{`420["approve_join",{"room":"%[1]s","user_id":7}]`}, `430[]`, false},
	"a number for a text":         {[]string{`427["message",{"room":"%[1]s","message":7}]`}, `437[]`, false},
	"a number for a ref":          {[]string{`42["message",{"room":"%[1]s","message":"x","ref":7}]`}, `"content":"x"`, false},
	"null for what is optional":   {[]string{`42["message",{"room":"%[1]s","message":"x","ref":null,"again":null}]`}, `"content":"x"`, false},
	"a number for a name":         {[]string{`427[7]`}, `437[]`, false},
	"an event that nobody knows":  {[]string{`427["no such event",{"room":"%[1]s"}]`}, `437[]`, false},
	"an event that ends too soon": {[]string{`42["message",{"room":`}, "", true},

	// Answers that are asked for.
	"id 0":            {[]string{`420["ping"]`}, `430[]`, false},
	"a large id":      {[]string{`429007199254740993["ping"]`}, `439007199254740993[]`, false},
	"the largest id":  {[]string{`42999999999999999999["ping"]`}, `43999999999999999999[]`, false},
	"an id too large": {[]string{`4299999999999999999999["ping"]`}, "", true},
	"leading zeros":   {[]string{`42007["ping"]`}, `437[]`, false},
	"answers of its":  {[]string{`430[]`, `43999[{"a":1}]`, `42["ping"]`}, `"pong"`, false},

	// Attachments, as Python and Dart send bytes.
	"bytes for a text":             {[]string{`451-["message",` + placed, bytesSaid + "x", `42["ping"]`}, `"pong"`, false},
	"bytes for a text, answered":   {[]string{`451-7["message",` + placed, bytesSaid + "x"}, `437[]`, false},
	"bytes for an id":              {[]string{`451-7["approve_join",` + placed, bytesSaid + "x"}, `437[]`, false},
	"bytes for all":                {[]string{`451-7["message",{"_placeholder":true,"num":0}]`, bytesSaid}, `437[]`, false},
	"bytes beside a text":          {[]string{`451-["message",{"room":"%[1]s","message":"x","more":{"_placeholder":true,"num":0}}]`, bytesSaid + "x"}, `"content":"x"`, false},
	"two of them":                  {[]string{`452-7["ping",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]`, bytesSaid + "x", bytesSaid + "y"}, `437[]`, false},
	"many bytes":                   {[]string{`451-7["ping",{"_placeholder":true,"num":0}]`, bytesSaid + strings.Repeat("x", 1<<20)}, `437[]`, false},
	"none, though announced as 0":  {[]string{`450-["message",{"room":"%[1]s","message":"x"}]`}, `"content":"x"`, false},
	"a placeholder without bytes":  {[]string{`427["message",{"room":"%[1]s","message":{"_placeholder":true,"num":0}}]`}, `437[]`, false},
	"bytes that nobody announced":  {[]string{bytesSaid + "x"}, "", true},
	"a text in place of the bytes": {[]string{`451-["message",` + placed, `42["ping"]`}, "", true},

	// Packets of Engine.IO.
	"a noop":                {[]string{"6", `42["ping"]`}, `"pong"`, false},
	"a noop with data":      {[]string{"6data", `42["ping"]`}, `"pong"`, false},
	"a pong with data":      {[]string{"3data", `42["ping"]`}, `"pong"`, false},
	"a ping of protocol 3":  {[]string{"2"}, "", true},
	"an open of the client": {[]string{`0{}`, `42["ping"]`}, `"pong"`, false},

	// Namespaces.
	"another namespace":            {[]string{"40/admin,", `42["ping"]`}, `44/admin,{"message":"Invalid namespace"}`, false},
	"others with payloads":         {[]string{`40/a,{"token":"x"}`, `40/b,{}`, `42["ping"]`}, `44/b,{"message":"Invalid namespace"}`, false},
	"a query, as in protocol 4":    {[]string{`40/?token=x,{"a":1}`, `42["ping"]`}, `"message":"Invalid namespace"`, false},
	"going on after a refusal":     {[]string{"40/admin,", `42["ping"]`}, `"pong"`, false},
	"the main one by its name":     {[]string{`42/,["ping"]`}, `"pong"`, false},
	"speaking where one is not in": {[]string{`42/admin,["ping"]`}, "", true},
	"leaving where one is not in":  {[]string{`41/admin,`}, "", true},
}

func TestLiberties(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	bob, _ := s.create("bob", "Bob")
	neighbour := s.connect(visit{session: "bob"}).join(bob)
	for name, l := range liberties {
		said := make([]string, len(l.said))
		for i, text := range l.said {
			said[i] = strings.ReplaceAll(text, "%[1]s", alice.Room)
		}
		t.Run("websocket/"+name, func(t *testing.T) {
			s.t = t
			c := s.raw(visit{session: "alice"})
			_ = c.WriteMessage(websocket.TextMessage, []byte(`40`))
			_ = c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `421["join",{"room":%q}]`, alice.Room))
			if !answers(c, "431[]") {
				t.Fatal("not in the room")
			}
			for _, text := range said {
				kind := websocket.TextMessage
				if data, ok := strings.CutPrefix(text, bytesSaid); ok {
					kind, text = websocket.BinaryMessage, data
				}
				_ = c.WriteMessage(kind, []byte(text))
			}
			if l.want != "" && !hears(c, l.want) {
				t.Errorf("it does not get %s", l.want)
			}
			_ = c.WriteMessage(websocket.TextMessage, []byte(`425["ping"]`))
			if goes := answers(c, "435[]"); goes == l.ends {
				t.Errorf("the session goes on: %t", goes)
			}
		})
		t.Run("polling/"+name, func(t *testing.T) {
			s.t = t
			p := s.poll(visit{session: "alice"})
			p.post(fmt.Sprintf(`421["join",{"room":%q}]`, alice.Room))
			p.until("431[]")
			for i, text := range said {
				if data, ok := strings.CutPrefix(text, bytesSaid); ok {
					said[i] = "b" + base64.StdEncoding.EncodeToString([]byte(data))
				}
			}
			status, _ := s.fetch(p.v, http.MethodPost, p.sid, strings.Join(said, "\x1e"))
			if status != http.StatusOK && !l.ends {
				t.Errorf("it is answered with %d", status)
			}
			if l.want != "" {
				p.until(l.want)
			}
			if l.ends {
				s.eventually("the session ends", func() bool {
					status, _ := s.fetch(p.v, http.MethodPost, p.sid, "3")
					return status == http.StatusBadRequest
				})
				return
			}
			p.post(`425["ping"]`)
			p.until("435[]")
			p.post("1") // the next one need not find out that it is gone
		})
	}
	s.t, neighbour.t = t, t
	neighbour.barrier()
}

// Connecting has a payload or none, and several namespaces may be asked for at once.
func TestLibertiesOfConnecting(t *testing.T) {
	s := newServer(t)
	for name, test := range map[string]struct {
		said string
		goes bool
	}{
		"nothing":                 {`40`, true},
		"an empty payload":        {`40{}`, true},
		"white space":             {"40 { \"token\" : \"x\" } ", true},
		"any payload":             {`40{"token":"x","n":7,"deep":{"a":[{}]},"no":null}`, true},
		"the main one by name":    {`40/,{}`, true},
		"an array":                {`40[]`, false},
		"null":                    {`40null`, true}, // as some write that there is none
		"a text":                  {`40"x"`, false},
		"what is no JSON":         {`40{token}`, false},
		"what is no JSON, behind": {`40{}{}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			c := s.stranger()
			_ = c.WriteMessage(websocket.TextMessage, []byte(test.said))
			if got := answers(c, `40{"sid"`); got != test.goes {
				t.Errorf("it is connected: %t", got)
			}
			_ = c.WriteMessage(websocket.TextMessage, []byte(`427["ping"]`))
			if got := answers(c, "437[]"); got != test.goes {
				t.Errorf("it goes on: %t", got)
			}
		})
	}
}

// Requests as clients of any language, proxies and the curious make them. None of these ends the
// session that it names.
func TestLibertiesOfRequests(t *testing.T) {
	s := newServer(t)
	type request struct {
		method, query string
		kind          string // of content
		chunked       bool
		body          string
	}
	const sid = "SID"
	for name, test := range map[string]struct {
		request
		status int
		want   string
	}{
		"OPTIONS":                          {request{method: "OPTIONS"}, 400, "Transport unknown"},
		"OPTIONS of a handshake":           {request{method: "OPTIONS", query: "EIO=4&transport=polling"}, 400, "Bad handshake method"},
		"OPTIONS of a session":             {request{method: "OPTIONS", query: "EIO=4&transport=polling&sid=" + sid}, 400, "Bad request"},
		"HEAD of a handshake":              {request{method: "HEAD", query: "EIO=4&transport=polling"}, 400, ""},
		"HEAD of a session":                {request{method: "HEAD", query: "EIO=4&transport=polling&sid=" + sid}, 400, ""},
		"PUT":                              {request{method: "PUT", query: "EIO=4&transport=polling&sid=" + sid, body: "3"}, 400, "Bad request"},
		"DELETE":                           {request{method: "DELETE", query: "EIO=4&transport=polling&sid=" + sid}, 400, "Bad request"},
		"a handshake by POST":              {request{method: "POST", query: "EIO=4&transport=polling", body: "40"}, 400, "Bad handshake method"},
		"a handshake, parameters reversed": {request{method: "GET", query: "t=1&b64=1&transport=polling&EIO=4"}, 200, `0{"sid"`},
		"a handshake of protocol 3":        {request{method: "GET", query: "EIO=3&transport=polling"}, 400, "Unsupported protocol version"},
		"a handshake of none":              {request{method: "GET", query: "transport=polling"}, 400, "Unsupported protocol version"},
		"a transport that is none":         {request{method: "GET", query: "EIO=4&transport=webtransport"}, 400, "Transport unknown"},
		"a websocket without an upgrade":   {request{method: "GET", query: "EIO=4&transport=websocket"}, 400, "Bad request"},
		"nobody's session":                 {request{method: "GET", query: "EIO=4&transport=polling&sid=none"}, 400, "Session ID unknown"},
		"a query that is none":             {request{method: "GET", query: "%zz&EIO=4;transport=polling"}, 400, "Transport unknown"},

		"a body of text":            {request{"POST", "EIO=4&transport=polling&sid=" + sid, "text/plain;charset=UTF-8", false, "3"}, 200, "ok"},
		"a body of text, otherwise": {request{"POST", "EIO=4&transport=polling&sid=" + sid, `TEXT/Plain; charset="utf-8"`, false, "3"}, 200, "ok"},
		"a body of bytes":           {request{"POST", "EIO=4&transport=polling&sid=" + sid, "application/octet-stream", false, "3"}, 200, "ok"},
		"a body of a form":          {request{"POST", "EIO=4&transport=polling&sid=" + sid, "application/x-www-form-urlencoded", false, "3"}, 200, "ok"},
		"a body of nothing known":   {request{"POST", "EIO=4&transport=polling&sid=" + sid, "", false, "3"}, 200, "ok"},
		"a body in chunks":          {request{"POST", "EIO=4&transport=polling&sid=" + sid, "", true, "3\x1e6\x1e3"}, 200, "ok"},
		"parameters reversed":       {request{"POST", "t=x&sid=" + sid + "&transport=polling&EIO=4", "", false, "3"}, 200, "ok"},
		"no protocol, later":        {request{"POST", "sid=" + sid + "&transport=polling", "", false, "3"}, 200, "ok"},
		"another protocol, later":   {request{"POST", "EIO=3&sid=" + sid + "&transport=polling", "", false, "3"}, 200, "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			p := s.poll(visit{})
			var body io.Reader = strings.NewReader(test.body)
			if test.chunked {
				body = io.MultiReader(body) // of which nobody knows the length
			}
			id := strings.TrimPrefix(p.sid, "&sid=")
			req := httptest.NewRequestWithContext(t.Context(), test.method, s.URL+"/socket.io/?"+strings.ReplaceAll(test.query, sid, id), body)
			req.RequestURI = "" // a client's
			if test.kind != "" {
				req.Header.Set("Content-Type", test.kind)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			answer, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != test.status || !strings.Contains(string(answer), test.want) {
				t.Errorf("answered with %d %s", resp.StatusCode, answer)
			}
			p.post(`427["ping"]`)
			p.until("437[]")
		})
	}
}

// hears reads until something comes, and reports whether it does: false if the server closes.
func hears(c *websocket.Conn, want string) bool {
	for {
		_, text, err := c.ReadMessage()
		if err != nil {
			return false
		}
		if strings.Contains(string(text), want) {
			return true
		}
	}
}
