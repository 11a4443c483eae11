package main

import (
	"errors"
	"io"
	"math"
	"testing"
)

func TestUndisturbed(t *testing.T) {
	failure := errors.New("broken")
	for name, tt := range map[string]struct {
		others   []float64 // of each attempt
		failing  int       // the attempt that fails; 0 if none does
		want     float64
		measured int
	}{
		"quiet":                 {others: []float64{9}, want: 9, measured: 1},
		"quiet at last":         {others: []float64{50, 30, 5}, want: 5, measured: 3},
		"never quiet":           {others: []float64{50, 30, 40, 60}, want: 30, measured: 4},
		"of a server elsewhere": {others: []float64{math.NaN()}, want: math.NaN(), measured: 1},
		"failing":               {others: []float64{50, 30}, failing: 2, measured: 2},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			f, err := undisturbed(t.Context(), func() (figures, error) {
				f := noFigures()
				f[others] = tt.others[n]
				if n++; n == tt.failing {
					return f, failure
				}
				return f, nil
			}, io.Discard)
			if n != tt.measured {
				t.Errorf("measured %d times, want %d", n, tt.measured)
			}
			if (err != nil) != (tt.failing > 0) {
				t.Errorf("error %v", err)
			}
			if same := f[others] == tt.want || math.IsNaN(f[others]) && math.IsNaN(tt.want); err == nil && !same {
				t.Errorf("the attempt with %v counts, want %v", f[others], tt.want)
			}
		})
	}
}
