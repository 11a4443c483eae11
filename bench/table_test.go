package main

import (
	"math"
	"strings"
	"testing"
)

func TestSpread(t *testing.T) {
	for _, tc := range []struct {
		name   string
		values []float64
		want   string
	}{
		{"one", []float64{5.123}, "5.12"},
		{"two", []float64{6, 5}, "5.50 (5.00–6.00)"},
		{"three", []float64{30, 10, 11}, "11.0 (10.0–30.0)"},
		{"large", []float64{1234567}, "1,234,567"},
		{"hundreds", []float64{123.4}, "123"},
		{"less than nothing", []float64{-1234}, "-1,234"},
		{"equal for all that is shown", []float64{5.121, 5.124}, "5.12"},
		{"not measured", []float64{math.NaN()}, "–"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := spreadOf(tc.values).String(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestRatiosAreOfWhatTheScenarioIsAbout(t *testing.T) {
	talk, silence := scenario{name: "talk", rooms: 1}, scenario{name: "silence", idle: 10}
	tab := table{scenarios: []scenario{talk, silence}, servers: []string{ours, floor}, cells: make(map[cell][]figures)}
	add := func(sc scenario, server string, col column, v float64) {
		f := noFigures()
		f[col] = v
		tab.add(sc, server, f)
	}
	add(talk, ours, cpu, 9)
	add(talk, floor, cpu, 6)
	add(silence, ours, memory, 30)
	add(silence, floor, memory, 20)
	for _, sc := range tab.scenarios {
		if got := tab.ratio(sc, ours, floor); got != "1.50" {
			t.Errorf("%s: %s times the floor, want 1.50", sc.name, got)
		}
		if got := tab.ratio(sc, ours, node); got != "–" {
			t.Errorf("%s: %s times Node, which did not run", sc.name, got)
		}
	}
	var out strings.Builder
	if err := tab.write(&out, options{repeat: 1}, false); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) < 6 || !strings.HasPrefix(lines[2], "| talk ") || !strings.HasPrefix(lines[3], "|         | floor") {
		t.Errorf("the table is\n%s", out.String())
	}
}

func TestFlags(t *testing.T) {
	for _, tc := range []struct {
		args string
		want string // scenarios and servers, or the error
	}{
		{"", "5 scenarios, ours,node,floor"},
		{"-servers node,floor", "5 scenarios, node,floor"},
		{"-url http://127.0.0.1:5000", "5 scenarios, "},
		{"-url http://127.0.0.1:5000 -pid 1 -servers node", "5 scenarios, node"},
		{"-rooms 2 -members 3", "2 rooms of 3, closed loop, ours,node,floor"},
		{"-senders 5", "10 rooms of 10, 5 speak, closed loop, ours,node,floor"},
		{"-mode open", "10 rooms of 10, 20,000/s, ours,node,floor"},
		{"-rooms 0 -idle 1000", "1,000 idle, ours,node,floor"},
		{"-rooms 1 -mode open -rate 500 -idle 10", "1 rooms of 10, 500/s, 10 idle, ours,node,floor"},
		{"-mode ajar", `-mode is closed or open, not "ajar"`},
		{"-servers python", `-servers is a list of ours, node, floor; there is no "python"`},
		{"-idle 7", "-idle must be a multiple of 10"},
		{"-rooms 0", "-rooms and -idle must not be negative, and not both 0"},
		{"-members 3 -senders 4", "-members must be positive, and -senders among them"},
		{"-mode open -rate -1", "-rate must be positive"},
		{"-mode open -rate 0", "-rate must be positive"},
		{"-pid 1", "-pid is the process of the server at -url"},
		{"-repeat 0", "-repeat and -duration must be positive, and -warmup not negative"},
		{"now", `"now" is no flag`},
	} {
		t.Run(tc.args, func(t *testing.T) {
			o, err := parse(strings.Fields(tc.args), new(strings.Builder))
			got := "5 scenarios"
			if len(o.scenarios) == 1 {
				got = o.scenarios[0].name
			}
			got += ", " + strings.Join(o.servers, ",")
			if err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
