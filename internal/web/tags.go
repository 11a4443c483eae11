package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// tags remembers ETags. It is safe for concurrent use.
type tags struct {
	mu    sync.Mutex
	known map[string]string
}

// of returns the ETag of a file. It is weak because a proxy may send the
// file in another coding.
func (t *tags) of(name string, info fs.FileInfo, content io.ReadSeeker) (string, error) {
	if !info.ModTime().IsZero() {
		return fmt.Sprintf(`W/"%x-%x"`, info.ModTime().UnixNano(), info.Size()), nil
	}
	t.mu.Lock() // also while a file is read: not by everybody who asks at the same time
	defer t.mu.Unlock()
	if tag, ok := t.known[name]; ok {
		return tag, nil
	}
	all, err := readAgain(content)
	if err != nil {
		return "", err
	}
	if t.known == nil {
		t.known = make(map[string]string)
	}
	t.known[name] = tagOf(all)
	return t.known[name], nil
}

// readAgain returns the whole content, which can be read once more afterwards.
func readAgain(content io.ReadSeeker) ([]byte, error) {
	all, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	_, err = content.Seek(0, io.SeekStart)
	return all, err
}

func tagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return `W/"` + hex.EncodeToString(sum[:12]) + `"`
}
