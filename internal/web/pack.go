package web

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// pack returns content in gzip's form, as small as it gets; nil if that saves nothing.
func pack(content []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if packed.Len() >= len(content) {
		return nil, nil
	}
	return bytes.Clone(packed.Bytes()), nil
}

// takesPacked reports whether a request is best answered with what pack made. One for a
// range is not: its bytes are counted in the file as it is. Nor is one that is for a certain
// file alone: it may be refused, and then has no body whose length could be told.
func takesPacked(r *http.Request) bool {
	if r.Header.Get("Range") != "" || r.Header.Get("If-Match") != "" {
		return false
	}
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return weightOf(params) > 0
		}
	}
	return false
}
