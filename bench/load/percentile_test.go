package load

import "testing"

func TestPercentile(t *testing.T) {
	thousand := make([]int, 1000)
	for i := range thousand {
		thousand[i] = i + 1
	}
	for _, tc := range []struct {
		name   string
		sorted []int
		p      float64
		want   int
	}{
		{"nothing", nil, 50, 0},
		{"one is all percentiles", []int{7}, 99.9, 7},
		{"the lower middle of an even number", []int{1, 2, 3, 4}, 50, 2},
		{"the middle of an odd number", []int{1, 2, 3}, 50, 2},
		{"zero is the least", []int{1, 2, 3}, 0, 1},
		{"a hundred is the most", []int{1, 2, 3}, 100, 3},
		{"p99 of a thousand", thousand, 99, 990},
		{"p999 of a thousand, no rank further", thousand, 99.9, 999},
		{"p99 of few is the most", []int{1, 2, 3, 4, 5}, 99, 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Percentile(tc.sorted, tc.p); got != tc.want {
				t.Errorf("Percentile(%g) = %d, want %d", tc.p, got, tc.want)
			}
		})
	}
}
