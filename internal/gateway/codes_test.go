package gateway

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"securechat/internal/refusal"
	"securechat/room"
)

// payloads returns what a client was sent of an event, as JSON.
func payloads(c *client, name string) (sent []string) {
	for _, e := range c.all(name) {
		sent = append(sent, fmt.Sprintf("%s", e.args))
	}
	return sent
}

// A page that names itself is told refusals by their codes. All others, those that know
// their seat or call their messages something among them, get the fields they always got.
func TestCodesAreForPagesThatNameThemselves(t *testing.T) {
	const withdrawn = `"reason":"The request was cancelled."`
	for name, page := range map[string]struct {
		auth    string
		coded   string // stands where a refused request's code does
		reason  string // stands where the code of one that somebody declined does
		problem string
	}{
		"named": {`{"page":"p"}`, withdrawn + `,"code":"withdrawn"`, `,"code":"declined"`, `,"code":"not_member"`},
		"old":   {``, withdrawn, ``, ``},
		"other": {`{"seat":"x"}`, withdrawn, ``, ``},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			alice, code := s.create("alice", "Alice")
			a := s.connect(visit{session: "alice", auth: page.auth, page: "/room/" + alice.Path}).join(alice)
			bob, carol := s.knock("bob", "Bob", code), s.knock("carol", "Carol", code)
			b := s.connect(visit{session: "bob", auth: page.auth, page: "/join"})
			c := s.connect(visit{session: "carol", auth: page.auth, page: "/join"})
			b.emit("withdraw_request", fmt.Sprintf(`{"room":%[1]q,"user_id":%[1]q}`, bob.ID))
			b.expect("join_denied")
			a.emit("deny_join", fmt.Sprintf(`{"room":%q,"user_id":%q}`, alice.Room, carol.ID))
			c.expect("join_denied")
			a.barrier()
			denied := func(seat room.Seat, where, rest string) string {
				return fmt.Sprintf(`[{"user_id":%q,"room":%q%s}]`, seat.ID, where, rest)
			}
			equal(t, "who withdrew hears", payloads(b, "join_denied"), []string{denied(bob, bob.ID, ","+page.coded)})
			equal(t, "who was declined hears", payloads(c, "join_denied"), []string{denied(carol, carol.ID, page.reason)})
			equal(t, "the members hear", payloads(a, "join_denied"), []string{denied(bob, alice.Room, ","+page.coded), denied(carol, alice.Room, page.reason)})

			// A page that comes later is told the verdict in the same form.
			late := s.connect(visit{session: "bob", auth: page.auth, page: "/join"})
			late.expect("join_denied")
			equal(t, "a later page hears", payloads(late, "join_denied"), []string{denied(bob, bob.ID, ","+page.coded)})
			stranger := s.connect(visit{session: "erin", auth: page.auth})
			stranger.emit("join_request", `{"room":"gone","user_id":"gone"}`)
			if e := stranger.expect("join_denied").String(); strings.Contains(e, `"code":"no_such_request"`) != (page.problem != "") || !strings.Contains(e, `"reason":"`) {
				t.Errorf("an unknown request: %s", e)
			}

			const sentence = `"message":"You’re not in this chat. Please ask to join with its room code."`
			a.emit("join", `{"room":"elsewhere"}`)
			a.emit("message", `{"room":"elsewhere","message":"x","ref":"r"}`)
			a.barrier()
			equal(t, "errors", payloads(a, "room_error"), []string{"[{" + sentence + page.problem + "}]", "[{" + sentence + `,"ref":"r"` + page.problem + "}]"})
		})
	}
}

// The document for frontends says which codes the events may have.
func TestCodesAreDocumented(t *testing.T) {
	errs, denied := []refusal.Code{refusal.Internal}, []refusal.Code{refusal.NoSuchRequest}
	for _, p := range problems {
		errs = append(errs, p.code)
	}
	for _, code := range verdicts {
		denied = append(denied, code)
	}
	content, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	for event, want := range map[string][]refusal.Code{"room_error": errs, "join_denied": denied} {
		var listed []refusal.Code
		for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|(.*?)\\|").FindAllStringSubmatch(string(content), -1) {
			if strings.Contains(row[2], "`"+event+"`") {
				listed = append(listed, refusal.Code(row[1]))
			}
		}
		slices.Sort(listed)
		slices.Sort(want)
		if !slices.Equal(listed, want) {
			t.Errorf("%s: listed are %v, want %v", event, listed, want)
		}
	}
}
