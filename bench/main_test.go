package main

import (
	"strings"
	"testing"
)

// Everything but the idle connections, which take their time: two servers are
// built, people come in through the pages of one, and what they say arrives.
func TestAServerIsHeldAgainstTheFloor(t *testing.T) {
	if testing.Short() {
		t.Skip("builds two servers")
	}
	var out, progress strings.Builder
	args := strings.Fields("-servers ours,floor -rooms 2 -members 3 -senders 2 -repeat 1 -warmup 0s -duration 500ms")
	if err := run(t.Context(), args, &out, &progress); err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) < 4 || !strings.HasPrefix(lines[2], "| 2 rooms of 3, 2 speak, closed loop | ours ") {
		t.Fatalf("the table is\n%s", out.String())
	}
	for _, line := range lines[2:4] {
		cells := strings.Split(line, "|")
		for i, heading := range strings.Split(lines[0], "|") {
			measured := strings.TrimSpace(cells[i]) != "–"
			heading = strings.TrimSpace(heading)
			if wanted := heading != headings[memory] && heading != "× Node"; measured != wanted {
				t.Errorf("%q is %q in %s", heading, cells[i], line)
			}
		}
	}
}
