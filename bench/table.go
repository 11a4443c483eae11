package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// column is one of the figures.
type column int

const (
	rate      column = iota // deliveries a second
	cpu                     // of the server, microseconds a delivery
	p50                     // echo latency, milliseconds
	p99                     //
	p999                    //
	memory                  // of the server, KB an idle connection
	generator               // its load, percent of a CPU
	others                  // load of everything else, percent of a CPU
	columns
)

var headings = [columns]string{"deliveries/s", "CPU µs/delivery", "echo p50 ms", "p99", "p999", "KB/idle connection", "generator's CPU %", "others' CPU %"}

// figures are what one run measured; NaN is what it did not.
type figures [columns]float64

func noFigures() (f figures) {
	for c := range f {
		f[c] = math.NaN()
	}
	return f
}

// String returns the figures in one line.
func (f figures) String() string {
	var parts []string
	for c, v := range f {
		if !math.IsNaN(v) {
			parts = append(parts, headings[c]+" "+short(v))
		}
	}
	return strings.Join(parts, ", ")
}

type cell struct{ scenario, server string }

// table collects the figures of all runs.
type table struct {
	scenarios []scenario
	servers   []string
	cells     map[cell][]figures
}

func (t *table) add(sc scenario, server string, f figures) {
	c := cell{sc.name, server}
	t.cells[c] = append(t.cells[c], f)
}

// spread is a figure over all runs.
type spread struct{ least, median, most float64 }

func (t *table) spread(c cell, col column) spread {
	var values []float64
	for _, f := range t.cells[c] {
		values = append(values, f[col])
	}
	return spreadOf(values)
}

// spreadOf returns the spread of values, of which there is at least one.
func spreadOf(values []float64) spread {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return spread{v[0], (v[(n-1)/2] + v[n/2]) / 2, v[n-1]}
}

// String returns the median, and the range if there is one.
func (s spread) String() string {
	if math.IsNaN(s.median) {
		return "–"
	}
	least, median, most := short(s.least), short(s.median), short(s.most)
	if least == most {
		return median
	}
	return fmt.Sprintf("%s (%s–%s)", median, least, most)
}

// short returns a number with as many digits as mean something.
func short(v float64) string {
	switch {
	case math.Abs(v) >= 1000:
		return thousands(v)
	case math.Abs(v) >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case math.Abs(v) >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// thousands returns a whole number with commas.
func thousands(v float64) string {
	digits := strconv.FormatInt(int64(math.Round(v)), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// ratio returns how a server compares with a peer in what the scenario is about:
// CPU for a delivery, or memory if nobody talks.
func (t *table) ratio(sc scenario, server, peer string) string {
	about := cpu
	if sc.rooms == 0 {
		about = memory
	}
	if len(t.cells[cell{sc.name, peer}]) == 0 {
		return "–"
	}
	r := t.spread(cell{sc.name, server}, about).median / t.spread(cell{sc.name, peer}, about).median
	if math.IsNaN(r) || math.IsInf(r, 0) {
		return "–"
	}
	return strconv.FormatFloat(r, 'f', 2, 64)
}

// write prints the table, in Markdown that can be read as it is.
func (t *table) write(out io.Writer, o options, pinned bool) error {
	rows := [][]string{append([]string{"", "server"}, append(headings[:], "× floor", "× Node")...)}
	for _, sc := range t.scenarios {
		title := sc.name
		for _, server := range t.servers {
			row := []string{title, server}
			for c := range columns {
				row = append(row, t.spread(cell{sc.name, server}, c).String())
			}
			rows = append(rows, append(row, t.ratio(sc, server, floor), t.ratio(sc, server, node)))
			title = ""
		}
	}
	where := fmt.Sprintf("%d CPUs, nothing pinned", runtime.NumCPU())
	if pinned {
		where = "servers on one CPU, the generator on another"
	}
	_, err := fmt.Fprintf(out, "%s\nMedian (and range) of %d; %s. The ratios are of CPU for a delivery, of memory where nobody talks.\n"+
		"Where others took CPU time, or the generator nearly all of its own, the figures say less of the servers.\n"+
		"Of measurements in which others took more than %d %% of a CPU, the least disturbed of %d attempts counts.\n",
		markdown(rows), o.repeat, where, maxDisturbed, attempts)
	return err
}

// markdown returns rows as a table, the first as its heading.
func markdown(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	var b strings.Builder
	line := func(row []string, pad string) {
		for i, text := range row {
			b.WriteString("|" + pad)
			b.WriteString(text + strings.Repeat(pad, widths[i]-utf8.RuneCountInString(text)) + pad)
		}
		b.WriteString("|\n")
	}
	line(rows[0], " ")
	line(make([]string, len(widths)), "-")
	for _, row := range rows[1:] {
		line(row, " ")
	}
	return b.String()
}
