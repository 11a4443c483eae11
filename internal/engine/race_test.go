//go:build race

package engine

// raced is true with the race detector, which makes all several times slower.
const raced = true
