package approval

import (
	"testing"
	"time"
)

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func TestDecide(t *testing.T) {
	tests := []struct {
		name   string
		yes    []string
		voters []string
		after  time.Duration
		want   Verdict
	}{
		{"nobody voted", nil, []string{"a"}, 0, Open},
		{"the only voter said yes", []string{"a"}, []string{"a"}, 0, Admitted},
		{"one of two", []string{"a"}, []string{"a", "b"}, 0, Open},
		{"both of two", []string{"a", "b"}, []string{"b", "a"}, 0, Admitted},
		// The original waited for ever: the last missing voter left.
		{"the missing voter left", []string{"a"}, []string{"a"}, 0, Admitted},
		// The original counted votes against a total: more yeses than members never admitted.
		{"an approver left", []string{"a", "b"}, []string{"b"}, 0, Admitted},
		// A yes of somebody who left must not stand in for a present voter.
		{"the approver left, another stayed", []string{"a"}, []string{"b"}, 0, Open},
		{"a voter arrived after the others approved", []string{"a", "b"}, []string{"a", "b", "c"}, 0, Open},
		// An empty room must open to nobody.
		{"no voters at all", []string{"a"}, nil, 0, Open},
		{"a moment before the end", nil, []string{"a"}, time.Minute - 1, Open},
		{"at the end", nil, []string{"a"}, time.Minute, TimedOut},
		{"complete, but too late", []string{"a"}, []string{"a"}, time.Minute, TimedOut},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := New("id", "name", start, time.Minute)
			for _, v := range tt.yes {
				r = r.Approve(v)
			}
			if got := r.Decide(tt.voters, start.Add(tt.after)); got != tt.want {
				t.Errorf("Decide = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestApproveTwiceCountsOnce(t *testing.T) {
	r := New("id", "name", start, time.Minute).Approve("a").Approve("a")
	if len(r.Yes) != 1 {
		t.Errorf("Yes = %v, want one entry", r.Yes)
	}
	if approvals, required := r.Tally([]string{"a", "b"}); approvals != 1 || required != 2 {
		t.Errorf("Tally = %d of %d, want 1 of 2", approvals, required)
	}
}

// Two decisions that start from one request must not write into each other.
func TestApproveLeavesTheOriginalAlone(t *testing.T) {
	base := New("id", "name", start, time.Minute).Approve("a")
	left, right := base.Approve("b"), base.Approve("c")
	if len(base.Yes) != 1 || !left.ApprovedBy("b") || left.ApprovedBy("c") || !right.ApprovedBy("c") {
		t.Errorf("base %v, left %v, right %v", base.Yes, left.Yes, right.Yes)
	}
}
