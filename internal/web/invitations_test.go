package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"securechat/room"
)

const rightLookup = "AAECAwQFBgcICQoLDA0ODw"

// invited is a service with rightCode and rightLookup for one way in each, as the rules have it.
func invited() *fakeService {
	byCode := door()
	return &fakeService{join: func(a room.Application) (room.Seat, error) {
		if a.Lookup == "" {
			return byCode.join(a)
		}
		if _, err := room.HashLookup(a.Lookup); err != nil {
			return room.Seat{}, err
		}
		if a.Lookup != rightLookup {
			return room.Seat{}, room.ErrNoSuchInvitation
		}
		if a.Name == "Full" {
			return room.Seat{}, room.ErrRoomFull
		}
		return room.Seat{ID: knockID, Room: roomID, Name: a.Name, Path: knockID}, nil
	}}
}

func TestJoiningByAnInvitation(t *testing.T) {
	const other = "AAAAAAAAAAAAAAAAAAAAAA"
	for name, tt := range map[string]struct {
		form   url.Values
		status int
		code   string // of the refusal
		field  string
	}{
		"an invitation":                     {url.Values{"invite": {rightLookup}}, 200, "", ""},
		"with an empty code":                {url.Values{"invite": {rightLookup}, "room_code": {""}}, 200, "", ""},
		"with white space":                  {url.Values{"invite": {" " + rightLookup + "\n"}}, 200, "", ""},
		"a blank one and a code":            {url.Values{"invite": {"  "}, "room_code": {rightCode}}, 200, "", ""},
		"none that holds":                   {url.Values{"invite": {other}}, 404, "no_such_invite", "invite"},
		"none that holds, and a right code": {url.Values{"invite": {other}, "room_code": {rightCode}}, 404, "no_such_invite", "invite"},
		"a right one and a wrong code":      {url.Values{"invite": {rightLookup}, "room_code": {"111111"}}, 200, "", ""},
		"two, of which the first counts":    {url.Values{"invite": {other, rightLookup}}, 404, "no_such_invite", "invite"},
		"a malformed one":                   {url.Values{"invite": {rightLookup[1:]}}, 400, "invalid_invite", "invite"},
		"one with a secret":                 {url.Values{"invite": {rightLookup + "." + rightLookup}}, 400, "invalid_invite", "invite"},
		"a code in its place":               {url.Values{"invite": {rightCode}}, 400, "invalid_invite", "invite"},
		"a long one":                        {url.Values{"invite": {strings.Repeat("A", 4000)}}, 400, "invalid_invite", "invite"},
		"a full room: no code to be wrong":  {url.Values{"invite": {rightLookup}, "display_name": {"Full"}}, 403, "room_full", ""},
		"neither":                           {url.Values{}, 400, "invalid_code", "room_code"},
	} {
		t.Run(name, func(t *testing.T) {
			service := invited()
			if name == "neither" {
				service.join = func(room.Application) (room.Seat, error) { return room.Seat{}, room.ErrMalformedCode }
			}
			b := newBrowser(t, newHandler(t, service))
			form := url.Values{"display_name": {"Anna"}}
			maps.Copy(form, tt.form)
			got := b.post("/join", form, header("Accept", "application/json"))
			got.want(t, tt.status)
			var said struct{ Code, Field, Location, Error string }
			if err := json.Unmarshal([]byte(got.body), &said); err != nil {
				t.Fatal(err)
			}
			if said.Code != tt.code || said.Field != tt.field || (said.Location != "") != (tt.status == 200) {
				t.Errorf("answer %s", got.body)
			}
			if strings.Contains(got.body, tt.form.Get("invite")) && tt.status != 200 && strings.TrimSpace(tt.form.Get("invite")) != "" {
				t.Errorf("the answer has the lookup in it: %s", got.body)
			}
		})
	}
}

func TestAnEndedInvitationIsSaidInWords(t *testing.T) {
	b := newBrowser(t, newHandler(t, invited()))
	form := url.Values{"display_name": {"Anna"}, "invite": {"AAAAAAAAAAAAAAAAAAAAAA"}}
	b.post("/join", form, header("Accept", "text/html")).want(t, 404, "This invite link no longer works. Ask for a new one.", `href="/"`)
}

// Threat: somebody who guesses codes keeps all who share the network from coming by a link.
func TestGuessesDoNotTouchInvitations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := &refusals{}
		b := newBrowser(t, newHandler(t, invited(), func(o *Options) { o.Metrics = refused }))
		guess := guesser(b, "192.0.2.1")
		guest := newBrowser(t, b.handler)
		guest.address = "192.0.2.1:1"
		token := guest.token()
		ask := func(lookup, code string) answer {
			return guest.do(http.MethodPost, "/join", url.Values{"csrf_token": {token}, "invite": {lookup}, "room_code": {code}, "display_name": {"Anna"}})
		}
		// Wrong invitations are no wrong codes, and codes beside them are not tried.
		for i := range 3 * wrongPerMinute {
			ask("AAAAAAAAAAAAAAAAAAAAAA", strconv.Itoa(100_000+i)).want(t, 404)
		}
		guess(rightCode).want(t, 200)
		for i := range wrongPerMinute {
			guess(strconv.Itoa(100_000+i)).want(t, 404)
		}
		guess(rightCode).want(t, 429)
		ask(rightLookup, "").want(t, 200)
		// A code is not let through by what is no invitation.
		ask(" ", rightCode).want(t, 429)
		// All requests together are limited, as ever.
		var last answer
		for range joinsPerMinute {
			last = ask(rightLookup, "")
		}
		last.want(t, 429, "Too many requests")
		if n := refused.counts["join/no such invitation"]; n != 3*wrongPerMinute {
			t.Errorf("counted %v", refused.counts)
		}
	})
}
