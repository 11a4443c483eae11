package gateway

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"securechat/room"
)

func TestUnpack(t *testing.T) {
	ack := func([]any, error) {}
	for _, test := range []struct {
		event []any
		name  string
		room  string
		ack   bool
	}{
		{nil, "", "", false},
		{[]any{ack}, "", "", true},
		{[]any{7.0}, "", "", false},
		{[]any{nil}, "", "", false},
		{[]any{"join"}, "join", "", false},
		{[]any{"join", ack}, "join", "", true},
		{[]any{"join", nil}, "join", "", false},
		{[]any{"join", "r"}, "join", "", false},
		{[]any{"join", []any{map[string]any{"room": "r"}}}, "join", "", false},
		{[]any{"join", map[string]any{"room": "r"}}, "join", "r", false},
		{[]any{"join", map[string]any{"room": "r"}, ack}, "join", "r", true},
		{[]any{"join", map[string]any{"room": 7.0}}, "join", "", false},
		{[]any{"join", map[string]any{"room": strings.Repeat("x", maxField)}}, "join", strings.Repeat("x", maxField), false},
		{[]any{"join", map[string]any{"room": strings.Repeat("x", maxField+1)}}, "join", "", false},
		{[]any{"join", nil, map[string]any{"room": "r"}}, "join", "", false},
		{[]any{"request_approval"}, "join_request", "", false},
		{[]any{"approve"}, "approve_join", "", false},
		{[]any{"deny"}, "deny_join", "", false},
		{[]any{"code_refresh"}, "request_code_update", "", false},
	} {
		name, p, gotAck := unpack(test.event)
		if name != test.name || p.field("room") != test.room || (gotAck != nil) != test.ack {
			t.Errorf("%v: %q, %v, %t", test.event, name, p, gotAck != nil)
		}
	}
}

func TestRef(t *testing.T) {
	longest := strings.Repeat("x", maxRef)
	for _, test := range []struct {
		ref  any
		want string
	}{
		{"r", "r"},
		{longest, longest},
		{longest + "x", ""},
		{strings.Repeat("ä", maxRef/2+1), ""},
		{"", ""},
		{nil, ""},
		{7.0, ""},
		{[]any{"r"}, ""},
	} {
		if got := (payload{"ref": test.ref}).ref(); got != test.want {
			t.Errorf("%v: %q, want %q", test.ref, got, test.want)
		}
	}
	if got := payload(nil).ref(); got != "" {
		t.Errorf("without a payload: %q", got)
	}
}

// The shapes are the contract: names, order, and nothing more.
func TestPayloads(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.Local)
	for _, test := range []struct {
		payload any
		want    string
	}{
		{countPayload{2}, `{"count":2}`},
		{nameOf(`O'Bob <b>&"`), `{"display_name":"O&#39;Bob &lt;b&gt;&amp;&#34;"}`},
		{
			messageOf(room.Message{Seq: 7, Member: "m", Name: "O'Bob", Content: `<b>x</b>`, At: at}),
			fmt.Sprintf(`{"sender":"O&#39;Bob","content":"<b>x</b>","timestamp":"03:04:05","id":7,"member":"m","name":"O'Bob","at":%d}`, at.UnixMilli()),
		},
		{
			messageOf(room.Message{Seq: 7, Member: "m", Name: "Bob", Content: "x", At: at, Ref: `<r>`}),
			fmt.Sprintf(`{"sender":"Bob","content":"x","timestamp":"03:04:05","id":7,"member":"m","name":"Bob","at":%d,"ref":"<r>"}`, at.UnixMilli()),
		},
		{typingPayload{"m", "Bob"}, `{"member":"m","display_name":"Bob"}`},
		{
			membersOf("b", []room.Membership{{ID: "a", Name: "O'Ann", Present: true}, {ID: "b", Name: "Bob", Arrival: 3}}, false),
			`{"members":[{"member":"a","display_name":"O&#39;Ann","present":true,"you":false},{"member":"b","display_name":"Bob","present":false,"you":true}]}`,
		},
		{
			membersOf("b", []room.Membership{{ID: "a", Name: "Ann"}, {ID: "b", Name: "Bob", Arrival: 3}}, true),
			`{"members":[{"member":"a","display_name":"Ann","present":false,"you":false,"arrival":0},{"member":"b","display_name":"Bob","present":false,"you":true,"arrival":3}]}`,
		},
		{
			requestOf(room.Knock{ID: "k", Approvals: 1, Required: 2, Deadline: at.Add(1500 * time.Millisecond)}, at),
			`{"user_id":"k","approvals":1,"required":2,"time_remaining":2}`,
		},
		{requestOf(room.Knock{ID: "k", Deadline: at.Add(-time.Hour)}, at), `{"user_id":"k","approvals":0,"required":0,"time_remaining":0}`},
		{errorPayload{Message: "no"}, `{"message":"no"}`},
		{errorPayload{Message: "no", Ref: "r"}, `{"message":"no","ref":"r"}`},
		{errorPayload{Message: "no", Ref: "r", Code: "c"}, `{"message":"no","ref":"r","code":"c"}`},
		{codePayload{"123456", "123456"}, `{"new_code":"123456","code":"123456"}`},
		{timerPayload{300}, `{"time_remaining":300}`},
		{knockOf("r", room.Knock{ID: "k", Name: "O'Bob"}), `{"user":"O&#39;Bob","user_id":"k","room":"r"}`},
		{votedPayload{"k", 1, 2}, `{"user_id":"k","approvals":1,"required":2}`},
		{admittedPayload{"k", "r", 1700000000}, `{"user_id":"k","room":"r","current_time":1700000000}`},
		{refusedOf("k", "r", verdicts[room.Declined], false), `{"user_id":"k","room":"r"}`},
		{refusedOf("k", "r", verdicts[room.Declined], true), `{"user_id":"k","room":"r","code":"declined"}`},
		{refusedOf("k", "r", verdicts[room.TimedOut], false), `{"user_id":"k","room":"r","reason":"Request timed out"}`},
		{refusedOf("k", "r", verdicts[room.TimedOut], true), `{"user_id":"k","room":"r","reason":"Request timed out","code":"timed_out"}`},
		{statusOf(room.Status{Participants: 2, ExpiresIn: 1500 * time.Millisecond}), `{"exists":true,"participant_count":2,"expires_in":2}`},
		{gonePayload{}, `{"exists":false}`},
		{expiredPayload{"r"}, `{"room":"r"}`},
	} {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(test.payload); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(b.String()); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
	for _, why := range []room.Refusal{room.RoomFull, room.RoomGone, room.Withdrawn, room.Displaced} {
		if len(reasonOf(verdicts[why])) < 20 {
			t.Errorf("%s is not explained", why)
		}
	}
}

// The gateway must handle every event the contract has.
func TestEventsOfTheContract(t *testing.T) {
	want := []string{
		"approve", "approve_join", "code_refresh", "deny", "deny_join", "join", "join_request", "leave_room",
		"message", "ping", "ping_room", "request_approval", "request_code", "request_code_update", "request_invite", "request_members", "request_timer_sync",
		"revoke_invite", "typing", "withdraw_request",
	}
	if got := eventNames(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}
